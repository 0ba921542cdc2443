"""Look-up tables for 8-bit pixels."""

import numpy as np
from keras import ops

from kerasrecipes.layers.augmentation._warp.opencv_calls import (
    call_with_arrays,
    opencv,
    reaches_opencv,
)


def look_up(pixels, tables):
    """Returns the entries of tables for pixels; by OpenCV where it can be used.

    Args:
        pixels: `(batch, height, width, channels)`, uint8.
        tables: uint8, `(batch, 256)`, or `(batch, channels, 256)` for a table for each channel.
    """
    if reaches_opencv(pixels, tables):
        return call_with_arrays(_by_opencv, [pixels, tables], pixels.dtype, pixels.shape)
    channels = 1 if len(tables.shape) == 2 else ops.shape(tables)[1]
    first = ops.arange(0, ops.size(tables), 256, dtype="int32")
    places = ops.cast(pixels, "int32") + ops.reshape(first, (-1, 1, 1, channels))
    return ops.take(ops.reshape(tables, (-1,)), places, axis=0)


def _by_opencv(pixels, tables):
    cv2 = opencv()
    # OpenCV takes a table as an image of one row, with channels last.
    tables = tables[:, None] if tables.ndim == 2 else np.swapaxes(tables, 1, 2)[:, None].copy()
    found = np.empty_like(pixels)
    for image, table, result in zip(pixels, tables, found, strict=True):
        cv2.LUT(image, table, dst=result)
    return found
