"""A small batch, chosen evenly from data."""

from typing import Any

import keras
import numpy as np

MOST_SAMPLES = 32


def probe_batch(x, y=None, samples: int = MOST_SAMPLES) -> tuple[Any, Any]:
    """Returns samples from evenly spaced places, as `fit` gives them to a model.

    Args:
        x: Inputs: an array, or a structure of arrays.
        y: Targets, likewise, or `None`.
        samples: The most samples.

    Returns:
        The inputs and targets as structures of arrays; floating-point numbers are of Keras's
        default type.

    Raises:
        ValueError: If there are no samples.

    Example:

    >>> x, _ = probe_batch(np.arange(100.0), samples=4)
    >>> x
    array([ 0., 33., 66., 99.], dtype=float32)
    """
    arrays = [array for array in keras.tree.flatten(x) if array is not None]
    number = min((len(array) for array in arrays), default=0)
    if not number:
        raise ValueError("`x` must have samples. Received: none")
    places = np.linspace(0, number - 1, min(samples, number)).round().astype(int)
    return _chosen(x, places), _chosen(y, places)


def _chosen(part, places: np.ndarray):
    """Returns the samples at some places of a structure of arrays."""

    def chosen(array):
        samples = np.asarray(array)[places]
        return samples.astype(keras.config.floatx()) if samples.dtype.kind == "f" else samples

    return part if part is None else keras.tree.map_structure(chosen, part)
