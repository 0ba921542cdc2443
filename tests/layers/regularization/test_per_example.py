import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.layers.regularization.per_example import (
    _by_products,
    _in_groups,
    convolve_each,
    multiply_each,
)


def random(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize("between", [(), (3,), (3, 2)])
def test_products(between):
    inputs, kernels = random(5, *between, 4), random(5, 4, 6)
    expected = np.einsum("n...i,nio->n...o", inputs.astype("float64"), kernels)
    outputs = ops.convert_to_numpy(multiply_each(ops.convert_to_tensor(inputs), kernels))
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 3)])
@pytest.mark.parametrize("size", [(3, 2), (1, 1), (2, 5)])
def test_convolutions_equal_those_of_one_image_at_a_time(size, strides, padding):
    _check(size, strides, padding, (1, 1))


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_dilated_convolutions(padding):
    _check((3, 2), (1, 1), padding, (2, 3))


def _check(size, strides, padding, dilation_rate):
    images, kernels = random(3, 7, 8, 2), random(3, *size, 2, 5)
    options = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
    outputs = convolve_each(images, ops.convert_to_tensor(kernels), **options)
    expected = [
        ops.conv(images[i : i + 1], kernels[i], data_format="channels_last", **options)
        for i in range(3)
    ]
    expected = np.concatenate([ops.convert_to_numpy(x) for x in expected])
    np.testing.assert_allclose(ops.convert_to_numpy(outputs), expected, atol=1e-5)


@pytest.mark.tensorflow_only
def test_sizes_that_are_not_known_yet():
    import tensorflow as tf

    images, kernels = random(3, 7, 8, 2), random(3, 3, 3, 2, 5)
    for strides in ((1, 1), (2, 3)):
        traced = tf.function(
            lambda x, k, s=strides: convolve_each(x, k, s, "same", (1, 1)),
            input_signature=[
                tf.TensorSpec((None, None, None, 2)),
                tf.TensorSpec((None, 3, 3, 2, 5)),
            ],
        )
        expected = convolve_each(images, ops.convert_to_tensor(kernels), strides, "same", (1, 1))
        np.testing.assert_allclose(traced(images, kernels), expected, atol=1e-5)


@pytest.mark.skipif(
    keras.backend.backend() != "torch", reason="XLA compiles a grouped convolution for minutes"
)
def test_groups_and_products_agree():
    images, kernels = (ops.convert_to_tensor(random(*s)) for s in ((3, 7, 8, 2), (3, 3, 2, 2, 5)))
    options = (images, kernels, (2, 1), "same", (1, 1))
    outputs = [ops.convert_to_numpy(convolve(*options)) for convolve in (_in_groups, _by_products)]
    np.testing.assert_allclose(*outputs, atol=1e-5)
