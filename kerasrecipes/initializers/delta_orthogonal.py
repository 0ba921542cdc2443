"""Delta-orthogonal initialization of convolutions, which keep the length of their input."""

import keras

from kerasrecipes.base.checks import check_number
from kerasrecipes.initializers.convolution_kernels import central_pixel, check_kernel_shape


@keras.saving.register_keras_serializable(package="kerasrecipes")
class DeltaOrthogonal(keras.initializers.Initializer):
    """Initializes a convolution as a random rotation of the channels, the same at every pixel.

        kernel[center] = gain * Q,  all else 0

    `Q` has orthonormal rows. With `padding="same"`, strides of 1 and at least as many filters as
    input channels, the layer multiplies the length of its input, and that of gradients, by `gain`.
    A kernel from `keras.initializers.Orthogonal` does not do so in a convolution, whose
    neighbouring outputs depend on the same pixels.

    Args:
        gain: Float. `sqrt(2)` makes up for ReLU, which halves the squared length.
        seed: Integer, `keras.random.SeedGenerator`, or `None` for a random one.

    Call arguments:
        shape: `(*kernel_size, input_channels, filters)`, with one to three spatial dimensions.
        dtype: Dtype of the kernel. Defaults to Keras's `floatx`.

    Returns:
        Tensor of that shape and dtype.

    Raises:
        ValueError: If the shape is not that of a convolution's kernel.

    Example:

    >>> kernel = ops.convert_to_numpy(DeltaOrthogonal(seed=0)((3, 3, 4, 8)))
    >>> print(np.allclose(kernel[1, 1] @ kernel[1, 1].T, np.eye(4), atol=1e-6), kernel[0].any())
    True False

    Reference:
        Xiao et al., 2018, https://arxiv.org/abs/1806.05393, section 3.4. Differs from it in: with
        fewer filters than input channels, which the paper excludes, the columns are orthonormal.
    """

    def __init__(self, gain: float = 1.0, seed: object = None):
        check_number("gain", gain)
        self.gain = gain
        self.seed = seed
        self._orthogonal = keras.initializers.Orthogonal(gain, seed)

    def __call__(self, shape, dtype=None):
        check_kernel_shape("DeltaOrthogonal", shape)
        dtype = dtype or keras.config.floatx()
        # A matrix is made orthogonal by a decomposition, which half precision does not have.
        return central_pixel(shape, self._orthogonal(shape[-2:], "float32"), dtype)

    def get_config(self):
        return self._orthogonal.get_config()
