"""Declared ranges of pixels, and a warning where pixels do not fit."""

import warnings
from collections.abc import Sequence

import keras
from keras import ops

from kerasrecipes.base.private.calls import is_symbolic_call
from kerasrecipes.base.private.tracing import is_compiled_by_xla, is_traced_by_jax
from kerasrecipes.layers.augmentation.magnitude import within


def check_value_range(value_range: Sequence[float]) -> None:
    """Raises an error unless `value_range` is `(low, high)` with `low` below `high`."""
    low, high = within("value_range", value_range)
    if low == high:
        raise ValueError(
            f"`value_range` must be (low, high), low below high. Received: {value_range!r}"
        )


class ValueRangeWatch:
    """Warns once if pixels do not fit the declared range of a layer.

    It also warns if pixels use less than a hundredth of the range, as images in `[0, 1]` do that
    are declared to be in `[0, 255]`. It does not look at uint8 images in `[0, 255]`, which always
    fit, nor inside of functions that JAX or XLA compile.

    Args:
        name: Name of the layer, for the warning.
        value_range: `(low, high)`.
    """

    def __init__(self, name: str, value_range: Sequence[float]):
        self.name = name
        self.low, self.high = value_range
        self.has_warned = False

    def __call__(self, images) -> None:
        dtype = keras.backend.standardize_dtype(images.dtype)
        if dtype == "uint8" and (self.low, self.high) == (0, 255):
            return
        backend = keras.backend.backend()
        if backend == "tensorflow":
            self._watch_tensorflow(images)
        elif not is_symbolic_call() and not (backend == "jax" and is_traced_by_jax(images)):
            self._judge(*(float(f(images)) for f in (ops.min, ops.max)))

    def _watch_tensorflow(self, images):
        import tensorflow as tf

        if tf.executing_eagerly():
            self._judge(float(tf.reduce_min(images)), float(tf.reduce_max(images)))
        elif not is_compiled_by_xla():
            extremes = [tf.reduce_min(images), tf.reduce_max(images)]
            tf.numpy_function(self._judge, extremes, [])

    def _judge(self, least, most):
        if self.has_warned:
            return
        span = self.high - self.low
        slack = span / 100
        too_wide = least < self.low - slack or most > self.high + slack
        if too_wide or max(abs(least), abs(most)) <= max(abs(self.low), abs(self.high)) / 100:
            self.has_warned = True
            warnings.warn(
                f"{self.name}: images do not fit value_range=({self.low}, {self.high}); "
                f"observed {float(least):.4g} to {float(most):.4g}. Pass the range that they have.",
                stacklevel=2,
            )
