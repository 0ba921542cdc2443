"""Gaussian blurs with a width for each image."""

import math

from keras import ops

# Radius of the kernel in standard deviations: 0.3% of the Gaussian lie beyond.
_EXTENT = 3


def gaussian_blur(images, sigmas, largest_sigma: float):
    """Returns images, each blurred by a Gaussian of its own.

    Pixels beyond the border have the value of the nearest pixel. A `sigma` of 0 changes nothing.

    Args:
        images: Float, `(batch, height, width, channels)`.
        sigmas: Standard deviations in pixels, `(batch,)`.
        largest_sigma: Upper bound of `sigmas`, which determines the size of the kernel.
    """
    radius = kernel_radius(largest_sigma)
    distances = ops.arange(-radius, radius + 1, dtype="float32")
    widths = ops.maximum(ops.expand_dims(sigmas, 1), 1e-3)
    kernels = ops.exp(-0.5 * ops.square(distances / widths))
    kernels = ops.cast(kernels / ops.sum(kernels, axis=1, keepdims=True), images.dtype)
    for axis in (1, 2):
        images = _along(images, kernels, axis, radius)
    return images


def kernel_radius(sigma: float) -> int:
    """Returns how many pixels the kernel extends to each side."""
    return max(1, math.ceil(_EXTENT * sigma))


def _along(images, kernels, axis, radius):
    size = ops.shape(images)[axis]
    places = ops.arange(size, dtype="int32")
    total = 0
    for column in range(2 * radius + 1):
        shifted = ops.take(images, ops.clip(places + column - radius, 0, size - 1), axis=axis)
        total = total + ops.reshape(kernels[:, column], (-1, 1, 1, 1)) * shifted
    return total
