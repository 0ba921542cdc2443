"""Convolution kernels that are zero but for their central pixel."""

import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_rank


def central_pixel(shape: tuple[int, ...], matrix, dtype: str):
    """Returns a convolution kernel whose central pixel is `matrix` and whose others are zero.

    Of an even number of pixels, the central one is that which `padding="same"` puts on the output's
    own place, the earlier of the two in the middle.

    Args:
        shape: `(*kernel_size, input_channels, filters)`.
        matrix: Tensor or array, `(input_channels, filters)`.
        dtype: Of the kernel.
    """
    pixels = np.zeros(shape[:-2])
    pixels[tuple((size - 1) // 2 for size in pixels.shape)] = 1
    pixels = ops.convert_to_tensor(pixels[..., None, None], dtype)
    return pixels * ops.cast(matrix, dtype)


def check_kernel_shape(name: str, shape: tuple[int, ...]) -> None:
    """Raises a `ValueError` unless `shape` is that of a convolution's kernel."""
    if not 3 <= len(shape) <= 5:
        check_rank(f"A kernel for {name}", shape, 4, "(*kernel_size, input_channels, filters)")
