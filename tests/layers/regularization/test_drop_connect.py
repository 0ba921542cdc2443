"""`DropConnect`.

Bounds of random draws are six standard errors wide. By chance one comparison in 500 million fails,
and there are fewer than 100 of them here.
"""

import keras
import numpy as np
import pytest
from keras import ops
from scipy.stats import norm

from kerasrecipes.layers import DropConnect

SIX = 6


def numpy_of(tensor):
    return ops.convert_to_numpy(
        ops.cast(tensor, "float64" if tensor.dtype == "float64" else "float32")
    )


def dense(units=3, rate=0.4, activation=None, inputs=4, **options):
    layer = DropConnect(keras.layers.Dense(units, activation=activation), rate, seed=1, **options)
    layer.build((None, inputs))
    generator = np.random.default_rng(2)
    layer.set_weights([generator.normal(size=w.shape) for w in layer.weights])
    return layer


def test_each_example_has_a_kernel_of_its_own_and_all_its_positions_share_it():
    layer = dense(activation="tanh")
    kernel, bias = (w.astype("float64") for w in layer.get_weights())
    # The rows of the unit matrix show the kernel of each example, which predicts the last row.
    probe = np.vstack([np.eye(4) * 1e-3, np.random.default_rng(3).normal(size=(1, 4))])
    batch = np.repeat(probe[None], 50, axis=0).astype("float32")
    outputs = numpy_of(layer(batch, training=True)).astype("float64")
    seen = (np.arctanh(outputs[:, :4]) - bias) / 1e-3
    kept = np.abs(seen * 0.6 / kernel)
    np.testing.assert_allclose(kept, kept.round(), atol=5e-3)
    masks = kept.round()
    assert set(np.unique(masks)) == {0, 1}
    expected = np.tanh(np.einsum("i,nio->no", probe[4], masks * kernel / 0.6) + bias)
    np.testing.assert_allclose(outputs[:, 4], expected, atol=2e-6)


def test_weights_are_dropped_independently_at_the_rate():
    layer = dense(units=2, rate=0.3)
    layer.set_weights([np.ones((4, 2)), np.zeros(2)])
    n = 20_000
    # With the inputs 1, 2, 4 and 8, an output shows which weights were kept.
    outputs = numpy_of(layer(np.tile([1.0, 2.0, 4.0, 8.0], (n, 1)), training=True)) * 0.7
    bits = (outputs.round().astype(int)[..., None] >> np.arange(4)) & 1
    bits = bits.reshape(n, 8)
    error = SIX * np.sqrt(0.3 * 0.7 / n)
    np.testing.assert_allclose(bits.mean(0), 0.7, atol=error)
    together = np.corrcoef(np.hstack([bits[1:], bits[:-1]]).T)
    off_diagonal = together[~np.eye(16, dtype=bool)]
    assert np.abs(off_diagonal).max() < SIX / np.sqrt(n)


def test_mean_and_variance_of_training_are_those_of_the_paper():
    """u ~ N(pWv, p(1 - p)W^2 v^2), where W is our kernel over 1 - rate, and p is 1 - rate."""
    rate, n = 0.4, 40_000
    layer = dense(rate=rate)
    kernel, bias = (w.astype("float64") for w in layer.get_weights())
    paper, p = kernel / (1 - rate), 1 - rate
    v = np.random.default_rng(3).normal(size=4)
    outputs = numpy_of(layer(np.tile(v, (n, 1)), training=True)).astype("float64") - bias
    variance = p * (1 - p) * v**2 @ paper**2
    error = SIX * np.sqrt(variance / n)
    assert (np.abs(outputs.mean(0) - p * v @ paper) < error).all()
    deviations = (outputs - p * v @ paper) ** 2
    error = SIX * deviations.std(0) / np.sqrt(n)
    assert (np.abs(deviations.mean(0) - variance) < error).all()


def test_inference_by_the_mean_is_the_wrapped_layer():
    layer = dense(activation="relu")
    x = np.random.default_rng(3).normal(size=(5, 4))
    np.testing.assert_array_equal(numpy_of(layer(x)), numpy_of(layer.layer(x)))


def test_at_rate_0_training_is_inference():
    layer = dense(rate=0, inference_samples=3)
    x = np.random.default_rng(3).normal(size=(5, 4))
    for training in (False, True):
        outputs = numpy_of(layer(x, training=training))
        np.testing.assert_array_equal(outputs, numpy_of(layer.layer(x)))


def test_gaussian_inference_averages_the_activation():
    samples, rate = 1_000, 0.5
    layer = dense(units=6, activation="relu", rate=rate, inputs=40, inference_samples=samples)
    kernel, bias = (w.astype("float64") for w in layer.get_weights())
    v = np.random.default_rng(3).normal(size=(5, 40)) / 3
    mean, deviation = v @ kernel + bias, np.sqrt(rate / (1 - rate) * v**2 @ kernel**2)
    ratio = mean / deviation
    expected = mean * norm.cdf(ratio) + deviation * norm.pdf(ratio)
    outputs = numpy_of(layer(v))
    # Samples spread less after ReLU than before.
    assert (np.abs(outputs - expected) < SIX * deviation / np.sqrt(samples)).all()
    # Inference by the mean alone is farther from the average of training.
    n = 5_000
    trained = np.stack(
        [numpy_of(layer(np.tile(row, (n, 1)), training=True)).mean(0) for row in v[:2]]
    )
    of_mean = np.maximum(mean, 0)[:2]
    assert np.abs(trained - outputs[:2]).max() < 0.4 * np.abs(trained - of_mean).max()


def test_gaussian_inference_of_an_image_depends_on_nothing_but_the_image():
    layer = dense(activation="relu", inference_samples=7)
    x = np.random.default_rng(3).normal(size=(5, 4)).astype("float32")
    together = numpy_of(layer(x))
    alone = np.concatenate([numpy_of(layer(row[None])) for row in x[::-1]])[::-1]
    # Of sums of terms around 1 the last digits depend on the size of the batch.
    np.testing.assert_allclose(together, alone, rtol=1e-6, atol=1e-7)


def test_a_convolution_drops_other_weights_for_each_image():
    rate, channels = 0.5, 2
    layer = DropConnect(keras.layers.Conv2D(3, 3, padding="same", use_bias=False), rate, seed=1)
    # A single pixel in a channel shows the kernel of that channel, rotated by 180 degrees.
    image = np.zeros((1, 3, 5 * channels, channels), "float32")
    for channel in range(channels):
        image[0, 1, 5 * channel + 2, channel] = 1
    outputs = numpy_of(layer(np.repeat(image, 20, axis=0), training=True))
    (kernel,) = layer.get_weights()
    shown = [outputs[:, ::-1, 5 * c + 1 : 5 * c + 4][:, :, ::-1] for c in range(channels)]
    kept = np.stack(shown, axis=3) * (1 - rate) / kernel
    np.testing.assert_allclose(kept, kept.round(), atol=1e-5)
    assert set(np.unique(kept.round())) == {0, 1}
    assert len(np.unique(kept.round().reshape(20, -1), axis=0)) == 20


def test_gaussian_inference_of_a_convolution():
    inner = keras.layers.Conv2D(3, 3, strides=2, padding="same", activation="relu")
    layer = DropConnect(inner, rate=0.5, inference_samples=500)
    images = np.random.default_rng(3).normal(size=(2, 7, 6, 2))
    layer.build(images.shape)
    inner.bias.assign([0.1, -0.2, 0.3])
    kernel, bias = layer.get_weights()
    window = {"strides": 2, "padding": "same", "data_format": "channels_last"}
    mean = numpy_of(ops.conv(images.astype("float32"), kernel, **window)) + bias
    variance = numpy_of(ops.conv(images.astype("float32") ** 2, kernel**2, **window))
    deviation = np.sqrt(variance)
    expected = mean * norm.cdf(mean / deviation) + deviation * norm.pdf(mean / deviation)
    assert (np.abs(numpy_of(layer(images)) - expected) < SIX * deviation / np.sqrt(500)).all()


def test_a_step_changes_what_was_not_dropped():
    layer = DropConnect(keras.layers.Dense(8, use_bias=False), rate=0.5, seed=0)
    model = keras.Sequential([keras.Input((16,)), layer])
    model.compile(keras.optimizers.SGD(1.0), "mean_absolute_error")
    (before,) = model.get_weights()
    x = np.arange(1.0, 17.0, dtype="float32")[None]
    model.fit(x, np.full((1, 8), -1e4), verbose=0)
    change = before - model.get_weights()[0]
    # The gradient of the loss by each output is 1/8.
    kept = change / (x.T / 8 / 0.5)
    np.testing.assert_allclose(kept, kept.round(), atol=1e-4)
    assert set(np.unique(kept.round())) == {0, 1}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_batches_and_images_of_any_size_train(jit_compile):
    if keras.backend.backend() != "tensorflow" and not jit_compile:
        pytest.skip("JAX always compiles and PyTorch never does")
    images = x = keras.Input((None, None, 3))
    x = DropConnect(keras.layers.Conv2D(4, 3, strides=2, padding="same"), 0.5)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(images, DropConnect(keras.layers.Dense(2), 0.5, inference_samples=2)(x))
    jit_compile = jit_compile and keras.backend.backend() != "torch"
    model.compile("sgd", "mean_squared_error", jit_compile=jit_compile)
    generator = np.random.default_rng(0)
    # Six images in batches of four and two.
    model.fit(generator.normal(size=(6, 7, 6, 3)), np.zeros((6, 2)), batch_size=4, verbose=0)
    assert np.isfinite(
        model.evaluate(generator.normal(size=(3, 4, 9, 3)), np.zeros((3, 2)), verbose=0)
    )


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16", "float16"])
def test_half_precision(dtype):
    inner = keras.layers.Dense(2, kernel_initializer="ones", activation="relu", dtype=dtype)
    layer = DropConnect(inner, rate=0.5, inference_samples=4)
    # The square of 400 overflows in float16, but statistics are in float32.
    outputs = layer(np.full((3, 4), 400.0))
    assert keras.backend.standardize_dtype(outputs.dtype) == dtype.removeprefix("mixed_")
    assert np.abs(numpy_of(outputs) - 1600).max() < 1600
    trained = numpy_of(layer(np.full((64, 4), 400.0), training=True))
    assert set(np.unique(trained)) <= {0, 800, 1600, 2400, 3200}


def test_the_same_seed_drops_the_same_weights_and_each_call_others():
    x = np.ones((3, 4))
    first, second = dense(), dense()
    draws = [numpy_of(layer(x, training=True)) for layer in (first, second, first)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()


def test_a_saved_model_gives_the_same_and_knows_all_arguments(tmp_path):
    layer = dense(activation="relu", inference_samples=5)
    model = keras.Sequential([keras.Input((4,)), layer])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    x = np.random.default_rng(3).normal(size=(5, 4))
    np.testing.assert_array_equal(numpy_of(loaded(x)), numpy_of(model(x)))
    copy = loaded.layers[-1]
    assert (copy.rate, copy.inference_samples, copy.seed) == (0.4, 5, 1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rate": 1.0}, ValueError, r"`rate` must be a number in \[0, 1\)"),
        ({"rate": -0.1}, ValueError, r"`rate` must be a number in \[0, 1\)"),
        ({"inference_samples": -1}, ValueError, "`inference_samples` must be an integer"),
        ({"layer": keras.layers.Flatten()}, TypeError, "`layer` must be a keras.layers.Dense"),
        ({"layer": keras.layers.DepthwiseConv2D(3)}, TypeError, "`layer` must be"),
        ({"layer": keras.layers.Conv2D(4, 3, groups=2)}, ValueError, "groups=2"),
        (
            {"layer": keras.layers.Conv2D(4, 3, data_format="channels_first")},
            ValueError,
            "channels_first",
        ),
    ],
)
def test_arguments_out_of_range(options, error, message):
    with pytest.raises(error, match=message):
        DropConnect(**{"layer": keras.layers.Dense(2), **options})
