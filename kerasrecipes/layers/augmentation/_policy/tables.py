"""Pillow's operations on single values, as tables that a policy composes.

A batch of tables is `(batch, channels, 256)`, int32: what each level becomes. Histograms have the
same shape. Where Pillow cuts a fraction off, so do these.
"""

import functools
import operator

import keras
from keras import ops

from kerasrecipes.layers.augmentation._colour.colour import LUMA
from kerasrecipes.layers.augmentation._policy.subset import apply_where


def histograms(images):
    """Returns how many pixels of each level there are, `(batch, channels, 256)`, int32."""
    batch, height, width, channels = ops.shape(images)
    if keras.backend.backend() == "jax":
        # XLA adds to scattered places one at a time; products of upper and lower digits do not.
        levels = ops.reshape(ops.cast(images, "int32"), (batch, height * width, channels))
        levels = ops.transpose(levels, (0, 2, 1))
        upper, lower = (ops.one_hot(digit, 16) for digit in (levels // 16, levels % 16))
        counts = ops.matmul(ops.swapaxes(upper, 2, 3), lower)
        return ops.cast(ops.reshape(counts, (batch, channels, 256)), "int32")
    places = 256 * ops.reshape(ops.arange(batch * channels, dtype="int32"), (-1, 1, 1, channels))
    places = ops.reshape(ops.cast(images, "int32") + places, (-1,))
    counts = ops.segment_sum(ops.ones_like(places), places, 256 * batch * channels)
    return ops.reshape(counts, (batch, channels, 256))


def compose_tables(histogram, operations, strengths):
    """Returns tables that do several operations, one after another.

    Args:
        histogram: `(batch, channels, 256)`, of the images that the first operation gets.
        operations: For each operation to be done in turn, a dictionary from the name of a function
            of this module to where it is done, `(batch,)` Booleans. Elsewhere nothing is done.
        strengths: `(batch,)` for each operation.
    """
    unchanged = ops.broadcast_to(_levels(), ops.shape(histogram))
    tables = unchanged
    for index, (chosen, strength) in enumerate(zip(operations, strengths, strict=True)):
        step = unchanged
        current = histogram
        if index:
            need_it = functools.reduce(operator.or_, (chosen[name] for name in NEED_HISTOGRAM))
            current = apply_where(need_it, _moved, histogram, tables)
        for name, mask in chosen.items():
            step = apply_where(mask, _table(TABLE_OPERATIONS[name]), step, current, strength)
        tables = ops.take_along_axis(step, tables, axis=2) if index else step
    return tables


def _table(operation):
    """Returns an operation as `apply_where` calls it."""

    def table(tables, histogram, strength):
        done = operation(histogram, ops.reshape(strength, (-1, 1, 1)))
        return ops.broadcast_to(done, ops.shape(tables))

    return table


def _autocontrast(histogram, strength):
    levels, low, high = _levels(), _first(histogram), _last(histogram)
    stretched = ops.floor_divide(255 * (levels - low), ops.maximum(high - low, 1))
    return ops.where(high > low, ops.clip(stretched, 0, 255), levels)


def _equalize(histogram, strength):
    levels, last = _levels(), _last(histogram)
    # All pixels but those of the highest level there is share out the 255 steps.
    step = ops.floor_divide(
        ops.sum(ops.where(levels < last, histogram, 0), axis=2, keepdims=True), 255
    )
    below = ops.cumsum(histogram, axis=2) - histogram
    shared = ops.floor_divide(ops.floor_divide(step, 2) + below, ops.maximum(step, 1))
    return ops.where(step > 0, ops.minimum(shared, 255), levels)


def _solarize(histogram, strength):
    levels = _levels()
    return ops.where(levels < ops.cast(strength, "int32"), levels, 255 - levels)


def _posterize(histogram, strength):
    levels = _levels()
    step = ops.cast(ops.round(2.0 ** (8 - strength)), "int32")
    return levels - ops.mod(levels, ops.maximum(step, 1))


def _contrast(histogram, strength):
    counts = ops.cast(histogram, "float32")
    levels = ops.cast(_levels(), "float32")
    means = ops.sum(counts * levels, axis=2) / ops.maximum(ops.sum(counts, axis=2), 1)
    luma = ops.cast(LUMA, "float32") if histogram.shape[1] == 3 else 1.0
    mean = ops.floor(ops.sum(means * luma, axis=1) + 0.5)[:, None, None]
    return _cut(mean + strength * (levels - mean))


def _brightness(histogram, strength):
    return _cut(strength * ops.cast(_levels(), "float32"))


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
    """Returns the histogram of images after tables."""
    batch, channels, _ = ops.shape(histogram)
    first = 256 * ops.reshape(ops.arange(batch * channels, dtype="int32"), (batch, channels, 1))
    counts = ops.segment_sum(
        ops.reshape(histogram, (-1,)), ops.reshape(tables + first, (-1,)), 256 * batch * channels
    )
    return ops.reshape(counts, (batch, channels, 256))
