"""Full precision for means and variances, for which half precision is too coarse."""

import keras
from keras import ops


def full_precision(values):
    """Returns a tensor or variable as float32, or as float64 if that is its dtype."""
    dtype = keras.backend.standardize_dtype(values.dtype)
    return ops.cast(values, "float64" if dtype == "float64" else "float32")
