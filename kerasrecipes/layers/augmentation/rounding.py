"""Casts between the dtype of images and the dtype of computations."""

import keras
import numpy as np
from keras import ops


def round_to(pixels, dtype, is_within: bool = False):
    """Returns pixels in `dtype`. For integers they are rounded and clipped to what `dtype` holds.

    Args:
        pixels: Tensor of any dtype.
        dtype: Dtype of the result.
        is_within: Whether the pixels are known to need no clipping.
    """
    dtype = keras.backend.standardize_dtype(dtype)
    if keras.backend.standardize_dtype(pixels.dtype) == dtype:
        return pixels
    if keras.backend.is_int_dtype(dtype):
        pixels = ops.round(pixels)
        if not is_within:
            limits = np.iinfo(dtype)
            pixels = ops.clip(pixels, limits.min, limits.max)
    return ops.cast(pixels, dtype)


def to_float(images):
    """Returns integer images as float32, and float images unchanged."""
    dtype = keras.backend.standardize_dtype(images.dtype)
    return images if keras.backend.is_float_dtype(dtype) else ops.cast(images, "float32")


def check_holds(name: str, value: float, dtype: str) -> None:
    """Raises a `ValueError` if integer images of `dtype` cannot hold `value`."""
    if not keras.backend.is_int_dtype(dtype):
        return
    limits = np.iinfo(dtype)
    if not limits.min <= value <= limits.max or value % 1:
        raise ValueError(
            f"`{name}` must be an integer in [{limits.min}, {limits.max}] for images of dtype "
            f"{dtype}. Received: {name}={value!r}"
        )
