"""Rules that end a rung, or a search, before its budget is used up."""

from collections.abc import Sequence

import numpy as np


def has_stalled(scores: Sequence[float], patience: int, noise: float) -> bool:
    """Returns whether the last trials brought no improvement beyond noise.

    It is the rule of `keras.callbacks.EarlyStopping`, with trials in the place of epochs, and the
    noise as its `min_delta`: an improvement is a score that is greater than the best before by more
    than the noise.

    Args:
        scores: The scores of trials in the order in which they ended; higher is better, `-inf` of a
            failed one.
        patience: After so many trials in a row without an improvement, `scores` have stalled.
        noise: The standard deviation of a score from training to training, or 0.

    Example:

    >>> has_stalled([0.5, 0.7, 0.71, 0.69], 2, 0.02), has_stalled([0.5, 0.7, 0.71, 0.69], 2, 0.0)
    (True, False)
    """
    best, since = -np.inf, 0
    for score in scores:
        improves = score > best + noise
        best, since = (score, 0) if improves else (best, since + 1)
    return since >= patience
