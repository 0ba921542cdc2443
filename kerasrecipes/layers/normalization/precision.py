"""Half precision is too coarse for means and variances."""

import keras
from keras import ops


def full_precision(values):
    """Returns a tensor or variable in float32, or in float64 if that is what it is in."""
    dtype = keras.backend.standardize_dtype(values.dtype)
    return ops.cast(values, "float64" if dtype == "float64" else "float32")
