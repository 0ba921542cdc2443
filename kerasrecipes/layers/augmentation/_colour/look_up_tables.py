"""8-bit pixels replaced by what a table holds for them."""

import numpy as np
from keras import ops

from kerasrecipes.layers.augmentation._warp.opencv_calls import (
    call_with_arrays,
    opencv,
    reaches_opencv,
)


def look_up(pixels, tables):
    """Returns pixels replaced by what a table holds for them, by OpenCV where it is at hand.

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
    # OpenCV wants the channels last, as in an image of one row.
    tables = tables[:, None] if tables.ndim == 2 else np.swapaxes(tables, 1, 2)[:, None].copy()
    found = np.empty_like(pixels)
    for image, table, result in zip(pixels, tables, found, strict=True):
        cv2.LUT(image, table, dst=result)
    return found
