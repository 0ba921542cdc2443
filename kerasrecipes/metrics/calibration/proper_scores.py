"""Scores that only true probabilities minimize: logarithmic loss and Brier score."""

import numpy as np
from numpy.typing import ArrayLike

from kerasrecipes.metrics.calibration.checked_probabilities import checked


def log_loss(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Returns the mean of minus the logarithm of the true class's probability.

    It is the cross-entropy, in nats. A probability of 0 counts as the rounding of 1 in the dtype of
    `probabilities`, as in scikit-learn.

    Args:
        labels: Integers of shape `(samples,)`.
        probabilities: Numbers of shape `(samples, classes)`. For two classes, those of the second
            one suffice.

    Raises:
        ValueError: If rows are no distributions.

    Example:

    >>> round(log_loss([0, 1], [[0.5, 0.5], [0.2, 0.8]]), 4)
    0.4581
    """
    predicted = checked(labels, probabilities)
    given = np.asarray(probabilities).dtype
    smallest = np.finfo(given if np.issubdtype(given, np.floating) else "float64").eps
    true = predicted.probabilities[np.arange(len(predicted.labels)), predicted.labels]
    return float(-np.log(np.clip(true, smallest, 1)).mean())


def brier_score(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Returns the mean squared distance between probabilities and one-hot labels.

        mean over samples of sum over classes c of (p_c - [c is true])^2

    It is between 0 and 2. With two classes it is twice the mean squared error of one of them, which
    scikit-learn calls the Brier score.

    Args:
        labels: As in `log_loss`.
        probabilities: Likewise.

    Example:

    >>> brier_score([0, 1], [[0.5, 0.5], [0.0, 1.0]])
    0.25

    Reference:
        Brier, 1950, https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
    """
    predicted = checked(labels, probabilities)
    distance = predicted.probabilities.copy()
    distance[np.arange(len(distance)), predicted.labels] -= 1
    return float((distance**2).sum(-1).mean())
