import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.models.blocks.convolution import convolve


@pytest.mark.parametrize("shape", [(8, 8, 3), (9, 7, 3), (8, 7, 1)])
@pytest.mark.parametrize("strides", [2, 3])
def test_a_kernel_of_one_pixel_is_a_strided_convolution(shape, strides):
    images = np.random.default_rng(0).normal(size=(2, *shape))
    inputs = keras.Input(shape, dtype="float64")
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    try:
        x = convolve(
            inputs, 4, "conv", size=1, strides=strides, normalization="batch",
            kernel_initializer=keras.initializers.RandomNormal(seed=0), kernel_regularizer=None,
        )  # fmt: skip
    finally:
        keras.config.set_dtype_policy(before)
    model = keras.Model(inputs, x)
    (kernel,) = model.get_layer("conv").weights
    received = ops.convert_to_numpy(model(images))
    # Reached by oneDNN in no double precision, so that the convolution with strides is safe here.
    atol = 1e-5 if keras.backend.backend() == "jax" else 1e-14  # JAX has float32 alone.
    for padding in ("same", "valid"):
        expected = ops.conv(images, kernel.value, strides, padding, data_format="channels_last")
        np.testing.assert_allclose(received, ops.convert_to_numpy(expected), rtol=0, atol=atol)
    assert [weight.path for weight in model.weights] == ["conv/kernel"]
