"""Pillow's operations on single values, as tables that can be composed.

A batch of tables is `(batch, channels, 256)`, int32, and holds the new value of each level.
Histograms have the same shape. Fractions are truncated where Pillow truncates them.
"""

import functools
import operator

import keras
from keras import ops

from kerasrecipes.layers.augmentation._colour.colour_maps import LUMA
from kerasrecipes.layers.augmentation._policy.subset import apply_where


def histograms(images):
    """Returns the numbers of pixels of each level, `(batch, channels, 256)`, int32."""
    batch, height, width, channels = ops.shape(images)
    if keras.backend.backend() == "jax":
        # XLA adds to scattered places one after the other. A product of matrices, of the upper and
        # lower digits of the levels, is faster.
        levels = ops.reshape(ops.cast(images, "int32"), (batch, height * width, channels))
        levels = ops.transpose(levels, (0, 2, 1))
        upper, lower = (ops.one_hot(digit, 16) for digit in (levels // 16, levels % 16))
        counts = ops.matmul(ops.swapaxes(upper, 2, 3), lower)
        return ops.cast(ops.reshape(counts, (batch, channels, 256)), "int32")
    places = 256 * ops.reshape(ops.arange(batch * channels, dtype="int32"), (-1, 1, 1, channels))
    places = ops.reshape(ops.cast(images, "int32") + places, (-1,))
    counts = ops.segment_sum(ops.ones_like(places), places, 256 * batch * channels)
    return ops.reshape(counts, (batch, channels, 256))


def compose_tables(histogram, operations, magnitudes):
    """Returns tables that carry out several operations, one after the other.

    Args:
        histogram: `(batch, channels, 256)`, of the images before the first operation.
        operations: A dictionary for each operation in turn, from keys of `TABLE_OPERATIONS` to
            Booleans, `(batch,)`, that tell for which images the operation is this one.
        magnitudes: `(batch,)` for each operation in turn.
    """
    unchanged = ops.broadcast_to(_levels(), ops.shape(histogram))
    tables = unchanged
    for index, (chosen, magnitude) in enumerate(zip(operations, magnitudes, strict=True)):
        step = unchanged
        current = histogram
        if index:
            need_it = functools.reduce(operator.or_, (chosen[name] for name in NEED_HISTOGRAM))
            current = apply_where(need_it, _moved, histogram, tables)
        for name, mask in chosen.items():
            step = apply_where(mask, _table(TABLE_OPERATIONS[name]), step, current, magnitude)
        tables = ops.take_along_axis(step, tables, axis=2) if index else step
    return tables


def _table(operation):
    """Returns an operation as a function for `apply_where`."""

    def table(tables, histogram, magnitude):
        done = operation(histogram, ops.reshape(magnitude, (-1, 1, 1)))
        return ops.broadcast_to(done, ops.shape(tables))

    return table


def _autocontrast(histogram, magnitude):
    levels, low, high = _levels(), _first(histogram), _last(histogram)
    stretched = ops.floor_divide(255 * (levels - low), ops.maximum(high - low, 1))
    return ops.where(high > low, ops.clip(stretched, 0, 255), levels)


def _equalize(histogram, magnitude):
    levels, last = _levels(), _last(histogram)
    # The 255 steps are shared out among all pixels below the highest level that occurs.
    step = ops.floor_divide(
        ops.sum(ops.where(levels < last, histogram, 0), axis=2, keepdims=True), 255
    )
    below = ops.cumsum(histogram, axis=2) - histogram
    shared = ops.floor_divide(ops.floor_divide(step, 2) + below, ops.maximum(step, 1))
    return ops.where(step > 0, ops.minimum(shared, 255), levels)


def _solarize(histogram, magnitude):
    levels = _levels()
    return ops.where(levels < ops.cast(magnitude, "int32"), levels, 255 - levels)


def _posterize(histogram, magnitude):
    levels = _levels()
    step = ops.cast(ops.round(2.0 ** (8 - magnitude)), "int32")
    return levels - ops.mod(levels, ops.maximum(step, 1))


def _contrast(histogram, magnitude):
    counts = ops.cast(histogram, "float32")
    levels = ops.cast(_levels(), "float32")
    means = ops.sum(counts * levels, axis=2) / ops.maximum(ops.sum(counts, axis=2), 1)
    luma = ops.cast(LUMA, "float32") if histogram.shape[1] == 3 else 1.0
    mean = ops.floor(ops.sum(means * luma, axis=1) + 0.5)[:, None, None]
    return _cut(mean + magnitude * (levels - mean))


def _brightness(histogram, magnitude):
    return _cut(magnitude * ops.cast(_levels(), "float32"))


TABLE_OPERATIONS = {
    "autocontrast": _autocontrast,
    "equalize": _equalize,
    "solarize": _solarize,
    "posterize": _posterize,
    "contrast": _contrast,
    "brightness": _brightness,
}
NEED_HISTOGRAM = ("autocontrast", "equalize", "contrast")


def _levels():
    return ops.reshape(ops.arange(256, dtype="int32"), (1, 1, 256))


def _first(histogram):
    """Returns the lowest level that occurs."""
    return ops.cast(ops.argmax(histogram > 0, axis=2, keepdims=True), "int32")


def _last(histogram):
    return 255 - _first(ops.flip(histogram, axis=2))


def _cut(values):
    return ops.cast(ops.clip(values, 0, 255), "int32")


def _moved(histogram, tables):
    """Returns the histogram of images after tables were applied to them."""
    batch, channels, _ = ops.shape(histogram)
    first = 256 * ops.reshape(ops.arange(batch * channels, dtype="int32"), (batch, channels, 1))
    counts = ops.segment_sum(
        ops.reshape(histogram, (-1,)), ops.reshape(tables + first, (-1,)), 256 * batch * channels
    )
    return ops.reshape(counts, (batch, channels, 256))
