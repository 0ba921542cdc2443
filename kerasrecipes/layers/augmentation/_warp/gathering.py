"""Homographies by gathering pixels: for every backend, dtype and fill mode, and under XLA."""

import keras
from keras import ops

_FARTHEST = 2.0**22  # Pixels beyond are taken for this far: float32 still has half pixels there.


def warp_gather(images, homography, size, interpolation, fill_mode, fill_value):
    """As `warp`, except that bilinear interpolation of integers gives float32."""
    x, y = _sources(homography, size)
    return sample(images, x, y, interpolation, fill_mode, fill_value)


def sample(images, x, y, interpolation, fill_mode, fill_value):
    """Returns what images show at columns `x` and rows `y`, `(batch, height, width)`, as floats."""
    taps = _Taps(images, fill_mode, fill_value)
    if interpolation == "nearest":
        return taps(ops.floor(x + 0.5), ops.floor(y + 0.5))
    left, top = ops.floor(x), ops.floor(y)
    dtype = keras.backend.standardize_dtype(images.dtype)
    dtype = dtype if keras.backend.is_float_dtype(dtype) else "float32"
    right_share = ops.expand_dims(ops.cast(x - left, dtype), -1)
    lower_share = ops.expand_dims(ops.cast(y - top, dtype), -1)

    def row(rows):
        at_left = ops.cast(taps(left, rows), dtype)
        at_right = ops.cast(taps(left + 1, rows), dtype)
        return at_left * (1 - right_share) + at_right * right_share

    return row(top) * (1 - lower_share) + row(top + 1) * lower_share


class _Taps:
    """Reads single pixels of a batch, by their column and row."""

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
    """Returns column and row of the input for each output pixel, `(batch, height, width)`."""
    rows = ops.expand_dims(ops.arange(size[0], dtype="float32"), 1)
    columns = ops.arange(size[1], dtype="float32")
    entries = ops.reshape(homography, (-1, 9, 1, 1))
    x, y, scale = (
        entries[:, i] * columns + (entries[:, i + 1] * rows + entries[:, i + 2]) for i in (0, 3, 6)
    )
    return tuple(ops.clip(place / scale, -_FARTHEST, _FARTHEST) for place in (x, y))
