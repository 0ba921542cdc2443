import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.layers import WeightStandardization
from tests.gradients import gradients
from tests.layers.normalization.kinds import make, slices

RNG = np.random.default_rng(0)


def wrapped(kind, **options):
    layer, shape = make(kind)
    layer = WeightStandardization(layer, **options)
    layer.build((None, *shape))
    return layer, RNG.normal(size=(3, *shape)).astype("float32")


@pytest.mark.parametrize("kind", ["Dense", "Conv2D", "DepthwiseConv2D", "Conv2DTranspose"])
def test_the_weights_of_each_output_are_standardized(kind):
    layer, x = wrapped(kind, epsilon=1e-3)
    v = slices(ops.convert_to_numpy(layer.layer.kernel).astype("float64"), kind)
    w = ops.convert_to_numpy(layer.kernel)
    expected = (v - v.mean(0)) / np.sqrt(v.var(0) + 1e-3)
    np.testing.assert_allclose(slices(w, kind), expected, rtol=1e-4, atol=1e-5)
    plain = layer.remove()
    np.testing.assert_array_equal(plain.kernel, w)
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer(x)), ops.convert_to_numpy(plain(x)), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("kind", ["Dense", "DepthwiseConv2D"])
def test_gradients_equal_the_formula(kind):
    layer, _ = wrapped(kind)
    weights = RNG.normal(size=layer.layer.kernel.shape).astype("float32")
    (of_v,) = gradients(lambda: ops.sum(ops.multiply(weights, layer.kernel)), [layer.layer.kernel])
    v = slices(ops.convert_to_numpy(layer.layer.kernel).astype("float64"), kind)
    upstream = slices(weights.astype("float64"), kind)
    deviation = np.sqrt(v.var(0) + layer.epsilon)
    w = (v - v.mean(0)) / deviation
    expected = (upstream - upstream.mean(0) - w * (upstream * w).mean(0)) / deviation
    np.testing.assert_allclose(
        slices(of_v, kind), expected, rtol=1e-3, atol=1e-3 * abs(expected).max()
    )


def test_saved_and_loaded(tmp_path):
    layer = WeightStandardization(keras.layers.Conv2D(4, 3), epsilon=1e-3, name="conv")
    model = keras.Sequential([keras.Input((5, 5, 2)), layer, keras.layers.GroupNormalization(2)])
    x = RNG.normal(size=(2, 5, 5, 2)).astype("float32")
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(ops.convert_to_numpy(again(x)), ops.convert_to_numpy(model(x)))
    assert again.get_layer("conv").epsilon == 1e-3


def test_arguments_out_of_range():
    with pytest.raises(ValueError, match="`epsilon` must be a number greater than 0"):
        WeightStandardization(keras.layers.Dense(2), epsilon=0)
    with pytest.raises(ValueError, match="must be a layer with one kernel"):
        WeightStandardization(keras.layers.ReLU())
