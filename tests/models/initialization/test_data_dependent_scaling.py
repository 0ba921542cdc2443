import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.models.initialization import data_dependent

IMAGES = np.random.default_rng(0).normal(3, 2, (32, 9, 9, 4)).astype("float32")


def channels_of(outputs):
    outputs = ops.convert_to_numpy(outputs).astype("float64")
    return outputs.reshape(-1, outputs.shape[-1])


@pytest.mark.parametrize(
    "layer",
    [
        lambda: keras.layers.Dense(6),
        lambda: keras.layers.Conv2D(6, 3),
        lambda: keras.layers.Conv2D(6, 3, groups=2),
        lambda: keras.layers.Conv2DTranspose(6, 3),
        lambda: keras.layers.DepthwiseConv2D(3, depth_multiplier=2),
    ],
    ids=["Dense", "Conv2D", "grouped", "Conv2DTranspose", "DepthwiseConv2D"],
)
def test_every_channel_has_mean_beta_and_unit_variance(layer):
    model = keras.Sequential([keras.Input((9, 9, 4)), layer()])
    data_dependent(model, IMAGES, beta=0.5)
    channels = channels_of(model(IMAGES))
    np.testing.assert_allclose(channels.mean(0), 0.5, atol=1e-4)
    np.testing.assert_allclose(channels.std(0), 1, rtol=1e-4)


def test_statistics_are_those_before_the_activation_and_biases_start_anew():
    first = keras.layers.Dense(8, activation="relu", bias_initializer="ones")
    second = keras.layers.Dense(3, activation="tanh")
    model = keras.Sequential([keras.Input((5,)), first, second])
    x = np.random.default_rng(0).normal(7, 5, (128, 5)).astype("float32")
    data_dependent(model, x)
    z = x @ ops.convert_to_numpy(first.kernel) + ops.convert_to_numpy(first.bias)
    np.testing.assert_allclose((z.mean(0), z.std(0)), (np.zeros(8), np.ones(8)), atol=1e-4)
    z = np.maximum(z, 0) @ ops.convert_to_numpy(second.kernel) + ops.convert_to_numpy(second.bias)
    np.testing.assert_allclose((z.mean(0), z.std(0)), (np.zeros(3), np.ones(3)), atol=1e-4)


def test_without_a_bias_the_mean_stays():
    layer = keras.layers.Dense(3, use_bias=False)
    model = keras.Sequential([keras.Input((5,)), layer])
    x = np.random.default_rng(0).normal(2, 5, (128, 5))
    z = x @ ops.convert_to_numpy(layer.kernel)
    (entry,) = data_dependent(model, x)
    np.testing.assert_allclose(channels_of(model(x)), z / z.std(0), rtol=1e-3, atol=1e-5)
    assert entry.before == pytest.approx(z.std(), rel=1e-4)


def test_a_channel_that_does_not_vary_stays():
    layer = keras.layers.Dense(2)
    model = keras.Sequential([keras.Input((2,)), layer])
    layer.kernel.assign([[1.0, 0.0], [0.0, 3.0]])
    data_dependent(model, np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]), beta=1.0)
    kernel, bias = (ops.convert_to_numpy(w) for w in layer.weights)
    np.testing.assert_allclose(kernel, [[1 / np.sqrt(2 / 3), 0], [0, 3]], rtol=1e-5)
    np.testing.assert_allclose(bias, [1 - 2 / np.sqrt(2 / 3), 0], rtol=1e-5)


def test_beta_must_be_a_number():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    with pytest.raises(TypeError, match="`beta` must be a number"):
        data_dependent(model, np.ones((2, 2)), beta="high")
