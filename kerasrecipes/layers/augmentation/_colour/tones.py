"""Functions of single values, by tables for 8-bit pixels."""

import keras
from keras import ops

from kerasrecipes.layers.augmentation._colour.look_up_tables import look_up
from kerasrecipes.layers.augmentation.rounding import round_to

# Rounding may leave float pixels slightly below the whole levels that they stand for.
_ROUNDING = 1e-3


def tone(values, gamma, step, threshold):
    """Returns `values`, in `[0, 1]`, after gamma, posterizing and solarizing.

    The arguments must broadcast to a common shape.

    Args:
        values: Tensor in `[0, 1]`.
        gamma: Exponent.
        step: Distance of the levels that posterizing keeps, in units of 1/255.
        threshold: Solarizing inverts values from this one on.
    """
    values = values**gamma
    kept = ops.floor((255 * values + _ROUNDING) / step) * step / 255
    values = ops.where(step > 1, kept, values)
    return ops.where(values >= threshold, 1 - values, values)


def apply_tones(pixels, tones, value_range, dtype):
    """Returns pixels after `tone`, in `dtype`.

    Args:
        pixels: `(batch, height, width, channels)`, within `value_range`.
        tones: `gamma`, `step` and `threshold` of `tone`, `(batch,)` each.
        value_range: `(low, high)`.
        dtype: Dtype of the result. For uint8 and the range `(0, 255)`, `tone` is computed for a
            table of all levels instead of for each pixel.
    """
    low, high = value_range
    dtype = keras.backend.standardize_dtype(dtype)
    if dtype == "uint8" and (low, high) == (0, 255):
        levels = ops.expand_dims(ops.arange(256, dtype="float32"), 0) / 255
        table = tone(levels, *(ops.expand_dims(t, 1) for t in tones))
        return look_up(round_to(pixels, dtype), round_to(255 * table, dtype))
    fractions = (ops.cast(pixels, "float32") - low) / (high - low)
    toned = tone(fractions, *(ops.reshape(t, (-1, 1, 1, 1)) for t in tones))
    return round_to(low + (high - low) * toned, dtype)
