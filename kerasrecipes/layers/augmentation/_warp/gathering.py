"""Warps by gathering pixels, for every backend, dtype and fill mode, and under XLA."""

import keras
from keras import ops

# Pixels. Farther places are clipped to this distance, at which float32 still has half pixels.
_FARTHEST = 2.0**22


def warp_gather(images, homography, size, interpolation, fill_mode, fill_value):
    """Does what `warp` does, but bilinear interpolation of integers returns float32."""
    x, y = _sources(homography, size)
    return sample(images, x, y, interpolation, fill_mode, fill_value)


def sample(images, x, y, interpolation, fill_mode, fill_value):
    """Returns the pixels of images at given places.

    Args:
        images: `(batch, height, width, channels)`.
        x: Columns, float32, `(batch, rows, columns)`.
        y: Rows, float32, of the same shape.
        interpolation: `"nearest"` or `"bilinear"`, which returns float32 for integers.
        fill_mode: As `warp`.
        fill_value: As `warp`.

    Returns:
        `(batch, rows, columns, channels)`.
    """
    taps = _Taps(images, fill_mode, fill_value)
    if interpolation == "nearest":
        return taps(ops.floor(x + 0.5), ops.floor(y + 0.5))
    left, top = ops.floor(x), ops.floor(y)
    dtype = keras.backend.standardize_dtype(images.dtype)
    dtype = dtype if keras.backend.is_float_dtype(dtype) else "float32"
    right_weight = ops.expand_dims(ops.cast(x - left, dtype), -1)
    lower_weight = ops.expand_dims(ops.cast(y - top, dtype), -1)

    def row(rows):
        at_left = ops.cast(taps(left, rows), dtype)
        at_right = ops.cast(taps(left + 1, rows), dtype)
        return at_left * (1 - right_weight) + at_right * right_weight

    return row(top) * (1 - lower_weight) + row(top + 1) * lower_weight


class _Taps:
    """Reads single pixels of a batch of images, by column and row."""

    def __init__(self, images, fill_mode, fill_value):
        self.batch, self.height, self.width, channels = ops.shape(images)
        self.fill_mode = fill_mode
        self.pixels = ops.reshape(images, (-1, channels))
        if fill_mode == "constant":
            fill = ops.full((1, channels), fill_value, dtype=images.dtype)
            self.pixels = ops.concatenate([self.pixels, fill])

    def __call__(self, columns, rows):
        columns, rows = ops.cast(columns, "int32"), ops.cast(rows, "int32")
        first_rows = ops.reshape(ops.arange(self.batch, dtype="int32") * self.height, (-1, 1, 1))
        column, row = self._inside(columns, self.width), self._inside(rows, self.height)
        positions = (first_rows + row) * self.width + column
        if self.fill_mode == "constant":
            outside = (column != columns) | (row != rows)
            positions = ops.where(outside, self.batch * self.height * self.width, positions)
        return ops.take(self.pixels, positions, axis=0)

    def _inside(self, index, size):
        if self.fill_mode == "wrap":
            return ops.mod(index, size)
        if self.fill_mode == "reflect":
            folded = ops.mod(index, 2 * size)
            return ops.minimum(folded, 2 * size - 1 - folded)
        return ops.clip(index, 0, size - 1)


def _sources(homography, size):
    """Returns columns and rows of the input for output pixels, `(batch, height, width)` each."""
    rows = ops.expand_dims(ops.arange(size[0], dtype="float32"), 1)
    columns = ops.arange(size[1], dtype="float32")
    entries = ops.reshape(homography, (-1, 9, 1, 1))
    x, y, scale = (
        entries[:, i] * columns + (entries[:, i + 1] * rows + entries[:, i + 2]) for i in (0, 3, 6)
    )
    return tuple(ops.clip(place / scale, -_FARTHEST, _FARTHEST) for place in (x, y))
