"""Convolution kernels that are zero except at their central pixel."""

import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_rank


def central_pixel(shape: tuple[int, ...], matrix, dtype: str):
    """Returns a convolution kernel whose central pixel is `matrix` and whose others are zero.

    If the number of pixels is even, the earlier of the two in the middle is the central one: with
    `padding="same"` it meets the input pixel at the place of the output pixel.

    Args:
        shape: `(*kernel_size, input_channels, filters)`.
        matrix: Tensor or array, `(input_channels, filters)`.
        dtype: Dtype of the kernel.
    """
    pixels = np.zeros(shape[:-2])
    pixels[tuple((size - 1) // 2 for size in pixels.shape)] = 1
    pixels = ops.convert_to_tensor(pixels[..., None, None], dtype)
    return pixels * ops.cast(matrix, dtype)


def check_kernel_shape(name: str, shape: tuple[int, ...]) -> None:
    """Raises a `ValueError` unless a convolution's kernel can have this shape."""
    if not 3 <= len(shape) <= 5:
        check_rank(f"A kernel for {name}", shape, 4, "(*kernel_size, input_channels, filters)")
