import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.layers import WeightNormalization
from tests.gradients import gradients
from tests.layers.normalization.kinds import KINDS, make, slices

RNG = np.random.default_rng(0)


def numpy_of(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def wrapped(kind="Dense", **options):
    """Returns a built wrapper with lengths and biases unlike the initial ones, and inputs."""
    layer, shape = make(kind, **options)
    layer = WeightNormalization(layer)
    x = RNG.normal(2.0, 3.0, (40, *shape)).astype("float32")
    layer.build(x.shape)
    layer.length.assign(RNG.uniform(0.5, 2.0, layer.length.shape))
    if layer.layer.use_bias:
        layer.layer.bias.assign(RNG.normal(size=layer.layer.bias.shape))
    return layer, x


@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_of_each_output_has_its_length_and_the_direction_of_v(kind):
    layer, _ = wrapped(kind)
    v = slices(numpy_of(layer.layer.kernel).astype("float64"), kind)
    w = slices(numpy_of(layer.kernel), kind)
    length = numpy_of(layer.length)
    np.testing.assert_allclose(w, length * v / np.linalg.norm(v, axis=0), rtol=1e-5, atol=1e-6)
    plain = layer.remove()
    assert type(plain) is type(layer.layer)
    assert plain.name == layer.name
    np.testing.assert_array_equal(numpy_of(plain.kernel), numpy_of(layer.kernel))
    np.testing.assert_array_equal(numpy_of(plain.bias), numpy_of(layer.layer.bias))


def test_it_starts_as_the_layer_would_without_it():
    initializer = keras.initializers.HeNormal(seed=3)
    plain = keras.layers.Dense(5, kernel_initializer=initializer)
    layer = WeightNormalization(keras.layers.Dense(5, kernel_initializer=initializer))
    x = RNG.normal(size=(40, 4))
    np.testing.assert_allclose(numpy_of(layer(x)), numpy_of(plain(x)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["Dense", "Conv2D", "DepthwiseConv2D", "Conv2DTranspose"])
def test_gradients_equal_the_paper_s(kind):
    layer, x = wrapped(kind, activation="tanh")
    plain = layer.remove()
    (of_w,) = gradients(lambda: ops.sum(plain(x)), [plain.kernel])
    of_v, of_length = gradients(lambda: ops.sum(layer(x)), [layer.layer.kernel, layer.length])
    of_w, v, of_v = (
        slices(a.astype("float64"), kind) for a in (of_w, numpy_of(layer.layer.kernel), of_v)
    )
    norm, g = np.linalg.norm(v, axis=0), numpy_of(layer.length)
    expected = (of_w * v / norm).sum(0)
    np.testing.assert_allclose(of_length, expected, rtol=1e-3, atol=1e-3 * abs(expected).max())
    expected = g / norm * of_w - g * expected / norm**2 * v
    np.testing.assert_allclose(of_v, expected, rtol=1e-3, atol=1e-3 * abs(expected).max())


@pytest.mark.parametrize("kind", KINDS)
def test_initialized_outputs_have_mean_0_and_deviation_1_before_the_activation(kind):
    layer, x = wrapped(kind, activation="relu")
    layer.initialize(x)
    plain = layer.remove()
    plain.activation = keras.activations.linear
    outputs = numpy_of(plain(x))
    channels = outputs.reshape(-1, outputs.shape[-1])
    np.testing.assert_allclose(channels.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(channels.std(0), 1, atol=1e-5)
    np.testing.assert_allclose(numpy_of(layer(x)), np.maximum(outputs, 0), atol=1e-5)


def test_without_a_bias_the_mean_stays():
    layer, x = wrapped(use_bias=False)
    layer.initialize(x)
    np.testing.assert_allclose(numpy_of(layer(x)).std(0), 1, rtol=1e-5)
    assert abs(numpy_of(layer(x)).mean(0)).max() > 0.1


def test_outputs_that_do_not_vary_keep_their_length():
    layer, x = wrapped()
    x[:] = [255.0, 255.0, 0.0, 1.0]
    length = numpy_of(layer.length)
    layer.initialize(x)
    np.testing.assert_array_equal(numpy_of(layer.length), length)
    np.testing.assert_allclose(numpy_of(layer(x)), 0, atol=1e-3)


def test_an_empty_direction_stays_without_nan():
    layer = WeightNormalization(keras.layers.Dense(2, kernel_initializer="zeros"))
    x = np.ones((3, 4), "float32")
    layer.build(x.shape)
    found = gradients(lambda: ops.sum(layer(x)), [layer.layer.kernel, layer.length])
    assert all(np.isfinite(gradient).all() for gradient in found)
    np.testing.assert_array_equal(numpy_of(layer(x)), 0)


def test_a_regularizer_is_of_the_kernel_that_is_used():
    layer, x = wrapped(kernel_regularizer=keras.regularizers.L2(0.01))
    layer(x)
    (loss,) = layer.losses
    expected = 0.01 * (numpy_of(layer.length) ** 2).sum()
    np.testing.assert_allclose(numpy_of(loss), expected, rtol=1e-5)
    of_v, of_length = gradients(
        lambda: ops.sum(layer.losses[0]), [layer.layer.kernel, layer.length]
    )
    np.testing.assert_allclose(of_v, 0, atol=1e-6)
    np.testing.assert_allclose(of_length, 0.02 * numpy_of(layer.length), rtol=1e-4)


def test_a_regularizer_of_activity_is_kept():
    layer, x = wrapped(activity_regularizer=keras.regularizers.L1(0.01))
    outputs = numpy_of(layer(x))
    np.testing.assert_allclose(
        numpy_of(layer.losses[0]), 0.01 * abs(outputs).sum() / len(x), rtol=1e-4
    )


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16", "bfloat16"])
def test_half_precision_rounds_the_kernel_and_not_what_it_is_computed_from(policy):
    layer = WeightNormalization(keras.layers.Dense(3, dtype=policy))
    x = RNG.normal(size=(8, 600))
    layer.build(x.shape)
    # A sum of their squares overflows in float16.
    v = np.full((600, 3), 100.0) * [1, 2, 1]
    layer.layer.kernel.assign(v)
    layer.length.assign([1.0, 2.0, 4.0])
    half = policy.split("_")[-1]
    outputs = layer(x)
    assert keras.backend.standardize_dtype(outputs.dtype) == half
    assert keras.backend.standardize_dtype(layer.kernel.dtype) == "float32"
    expected = x @ (v / np.linalg.norm(v, axis=0) * [1, 2, 4])
    np.testing.assert_allclose(numpy_of(outputs), expected, rtol=0.02, atol=0.05)


def network():
    return keras.Sequential(
        [
            keras.Input((None, None, 2)),
            WeightNormalization(keras.layers.Conv2D(4, 3, activation="relu"), name="conv"),
            keras.layers.GlobalAveragePooling2D(),
            WeightNormalization(keras.layers.Dense(3), name="dense"),
        ]
    )


def test_training_by_xla_on_images_of_any_size_then_saved(tmp_path):
    model = network()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # PyTorch's compiler is not XLA and needs a C++ compiler.
    xla = keras.backend.backend() != "torch"
    model.compile(keras.optimizers.SGD(0.1), loss, jit_compile=xla)
    x, y = RNG.normal(size=(6, 5, 4, 2)).astype("float32"), np.arange(6) % 3
    layers = [model.get_layer(name) for name in ("conv", "dense")]
    variables = [v for layer in layers for v in layer.trainable_variables]
    assert len(variables) == 6
    before = [numpy_of(v) for v in variables]
    expected = gradients(lambda: loss(y, model(x, training=True)), variables)
    model.train_on_batch(x, y)
    for variable, old, gradient in zip(variables, before, expected, strict=True):
        np.testing.assert_allclose(
            numpy_of(variable), old - 0.1 * gradient, rtol=1e-4, atol=1e-6, err_msg=variable.path
        )
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(numpy_of(again(x)), numpy_of(model(x)))
    assert again.get_layer("conv").layer.get_config() == layers[0].layer.get_config()
    assert again.optimizer.iterations == 1


def test_a_frozen_layer_learns_only_its_length():
    layer, x = wrapped()
    layer.layer.trainable = False
    assert [v.name for v in layer.trainable_variables] == ["length"]
    assert numpy_of(layer(x)).shape == (40, 5)
    layer.trainable = False
    assert not layer.trainable_variables


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (keras.layers.Flatten(), "must be a layer with one kernel: Dense, Conv1D"),
        (keras.layers.SeparableConv2D(3, 3), "must be a layer with one kernel"),
        (keras.layers.Dense(3, kernel_constraint="max_norm"), "no `kernel_constraint`"),
        (keras.layers.DepthwiseConv2D(3, depthwise_constraint="max_norm"), "depthwise_constraint"),
        ("dense", "supported layer type"),
    ],
)
def test_layers_that_cannot_be_wrapped(layer, message):
    with pytest.raises(ValueError, match=message):
        WeightNormalization(layer)


def test_removing_before_there_are_weights():
    with pytest.raises(ValueError, match="must be built before it is removed"):
        WeightNormalization(keras.layers.Dense(3)).remove()
