"""`VanillaDropout` and `StochasticDepth`.

Bounds of random draws are six standard errors wide. By chance one comparison in 500 million fails,
and there are fewer than 50 of them here.
"""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.layers import StochasticDepth, VanillaDropout

SIX = 6
LAYERS = pytest.mark.parametrize("layer_class", [StochasticDepth, VanillaDropout])


def numpy_of(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def test_vanilla_dropout_drops_without_scaling_and_scales_afterwards():
    n, rate = 40_000, 0.3
    x = np.linspace(1, 2, 5)
    layer = VanillaDropout(rate, seed=0)
    trained = numpy_of(layer(np.tile(x, (n, 1)), training=True))
    kept = trained / x
    np.testing.assert_allclose(kept, kept.round(), atol=1e-6)
    np.testing.assert_allclose(kept.mean(0), 1 - rate, atol=SIX * np.sqrt(rate * (1 - rate) / n))
    together = np.corrcoef(np.hstack([kept[1:], kept[:-1]]).T)
    assert np.abs(together[~np.eye(10, dtype=bool)]).max() < SIX / np.sqrt(n)
    np.testing.assert_allclose(numpy_of(layer(x)), 0.7 * x, rtol=1e-6)


def test_vanilla_and_inverted_dropout_are_one_network_on_average():
    """The next layer gets w x in inference and, on average, in training, if vanilla w is larger."""
    n, rate = 40_000, 0.4
    x, w = np.array([1.0, -2.0, 3.0]), np.array([0.5, 1.0, 0.25])
    vanilla, inverted = VanillaDropout(rate, seed=0), keras.layers.Dropout(rate, seed=1)
    larger = w / (1 - rate)
    of_inference = numpy_of(vanilla(x)) @ larger, numpy_of(inverted(x, training=False)) @ w
    np.testing.assert_allclose(of_inference, w @ x, rtol=1e-5)
    for layer, weights in ((vanilla, larger), (inverted, w)):
        outputs = numpy_of(layer(np.tile(x, (n, 1)), training=True)) @ weights
        error = np.sqrt(rate / (1 - rate) * np.sum((w * x) ** 2) / n)
        assert abs(outputs.mean() - w @ x) < SIX * error
        assert outputs.std() == pytest.approx(error * np.sqrt(n), rel=SIX / np.sqrt(n))


@pytest.mark.parametrize("shape", [(3,), (4, 5, 2)])
def test_stochastic_depth_drops_whole_samples(shape):
    n, rate = 10_000, 0.2
    branch = np.random.default_rng(0).normal(size=shape).astype("float32")
    layer = StochasticDepth(rate, seed=0)
    outputs = numpy_of(layer(np.tile(branch, (n, *[1] * len(shape))), training=True))
    scale = (outputs / branch).reshape(n, -1)
    np.testing.assert_allclose(scale, scale[:, :1].repeat(branch.size, axis=1), rtol=1e-5)
    np.testing.assert_allclose(np.unique(scale[:, 0].round(5)), [0, 1.25])
    kept = scale[:, 0] > 0
    assert abs(kept.mean() - 0.8) < SIX * np.sqrt(rate * (1 - rate) / n)
    assert abs(np.corrcoef(kept[1:], kept[:-1])[0, 1]) < SIX / np.sqrt(n)
    np.testing.assert_array_equal(numpy_of(layer(branch[None])), branch[None])


def test_stochastic_depth_is_dropout_with_a_noise_shape():
    x = np.ones((5_000, 2, 2, 1), "float32")
    ours = numpy_of(StochasticDepth(0.3, seed=0)(x, training=True))
    theirs = keras.layers.Dropout(0.3, noise_shape=(None, 1, 1, 1), seed=1)
    theirs = numpy_of(theirs(x, training=True))
    np.testing.assert_allclose(np.unique(ours), np.unique(theirs))
    error = np.sqrt(2 * 0.3 / 0.7 / 5_000)
    assert abs(ours.mean() - theirs.mean()) < SIX * error


@LAYERS
def test_at_rate_0_nothing_happens(layer_class):
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    for training in (False, True):
        np.testing.assert_array_equal(numpy_of(layer_class(0)(x, training=training)), x)


@LAYERS
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(layer_class, dtype):
    layer = layer_class(0.5, seed=0, dtype=dtype)
    outputs = layer(np.ones((64, 2)), training=True)
    assert keras.backend.standardize_dtype(outputs.dtype) == dtype
    assert len(np.unique(numpy_of(outputs))) == 2
    assert keras.backend.standardize_dtype(layer(np.ones((64, 2))).dtype) == dtype


@LAYERS
def test_the_same_seed_drops_the_same_and_each_call_others(layer_class):
    x = np.ones((64, 2))
    first, second = layer_class(0.5, seed=3), layer_class(0.5, seed=3)
    draws = [numpy_of(layer(x, training=True)) for layer in (first, second, first)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()


@LAYERS
def test_batches_of_any_size_compiled_and_saved(layer_class, tmp_path):
    layer = layer_class(0.25, seed=3, name="drop")
    model = keras.Sequential([keras.Input((None, 2)), layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=keras.backend.backend() != "torch")
    x = np.random.default_rng(0).normal(size=(6, 3, 2))
    model.fit(x, np.zeros((6, 3, 1)), batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert (loaded.get_layer("drop").rate, loaded.get_layer("drop").seed) == (0.25, 3)
    np.testing.assert_array_equal(numpy_of(loaded(x)), numpy_of(model(x)))


@LAYERS
@pytest.mark.parametrize("rate", [1.0, -0.1, float("nan")])
def test_rates_out_of_range(layer_class, rate):
    with pytest.raises(ValueError, match=r"`rate` must be a number in \[0, 1\)"):
        layer_class(rate)
