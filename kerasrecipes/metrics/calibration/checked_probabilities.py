"""Labels and probabilities as arrays, checked."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

# Half precision rounds the probabilities of many classes by this much in all.
_SUM_TOLERANCE = 0.02


class Predicted(NamedTuple):
    """Labels, and the probabilities that a model predicts.

    Args:
        labels: Integer array of shape `(samples,)`.
        probabilities: float64 array of shape `(samples, classes)`.
    """

    labels: np.ndarray
    probabilities: np.ndarray

    @property
    def confidence(self) -> np.ndarray:
        """The probability of the predicted class, of shape `(samples,)`."""
        return self.probabilities.max(-1)

    @property
    def correct(self) -> np.ndarray:
        """Whether the predicted class is the true one, of shape `(samples,)`."""
        return self.probabilities.argmax(-1) == self.labels


def checked(labels: ArrayLike, probabilities: ArrayLike) -> Predicted:
    """Returns labels and probabilities as arrays.

    Args:
        labels: Integers of shape `(samples,)` or `(samples, 1)`.
        probabilities: Numbers of shape `(samples, classes)`. For two classes, those of the second
            one suffice, of shape `(samples,)` or `(samples, 1)`.

    Raises:
        ValueError: If there are no samples, the shapes do not fit, a label has no class, or rows
            are no distributions.

    Example:

    >>> checked([0, 1], [0.2, 0.7]).probabilities.round(1).tolist()
    [[0.8, 0.2], [0.3, 0.7]]
    """
    truth, given = np.asarray(labels), np.asarray(probabilities)
    if truth.ndim == 2 and truth.shape[-1] == 1:
        truth = truth[:, 0]
    found = given.astype("float64")
    if found.ndim == 1 or (found.ndim == 2 and found.shape[-1] == 1):
        second = found.reshape(-1)
        found = np.stack([1 - second, second], axis=-1)
    if truth.ndim != 1 or found.ndim != 2 or len(truth) != len(found):
        raise ValueError(
            "`labels` must have the shape (samples,), and `probabilities` (samples, classes). "
            f"Received: labels.shape={np.shape(labels)}, probabilities.shape={given.shape}"
        )
    if not len(truth):
        raise ValueError("There must be samples to judge probabilities by. Received: none")
    if not np.issubdtype(truth.dtype, np.integer) or truth.min() < 0 or truth.max() >= len(found.T):
        raise ValueError(
            f"`labels` must be integers in [0, {found.shape[-1]}), a class each. Received: "
            f"labels from {truth.min()} to {truth.max()}, of {truth.dtype}"
        )
    _check_distributions(found)
    return Predicted(truth, found)


def _check_distributions(rows: np.ndarray) -> None:
    # NaN is neither inside nor close.
    inside = (rows >= 0) & (rows <= 1 + _SUM_TOLERANCE)
    wrong = ~(inside.all(-1) & (np.abs(rows.sum(-1) - 1) <= _SUM_TOLERANCE))
    if wrong.any():
        row = rows[int(np.argmax(wrong))]
        hint = "" if np.isnan(row).any() else " Take the softmax of logits."
        raise ValueError(
            "`probabilities` must be distributions: at least 0, and 1 in all for each sample."
            f"{hint} Received: {row[:5].round(4).tolist()} as one of {len(rows)} rows"
        )
