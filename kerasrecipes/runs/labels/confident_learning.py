"""Confident learning: which labels are probably wrong, by the probabilities of unseen images."""

from dataclasses import dataclass

import numpy as np

from kerasrecipes.base.checks import check_rank

# Probabilities that differ by less are the same up to rounding.
_EQUAL = 1e-6


@dataclass(frozen=True, eq=False)
class LabelErrors:
    """Images whose label is probably wrong, the most suspect first.

    Args:
        indices: Their places among all images, `(found,)`.
        suggested: The class that each of them probably is, `(found,)`.
        own_probability: The probability of the label that each of them has, `(found,)`.
        joint: Estimated numbers of images by given label (rows) and true class (columns),
            `(classes, classes)`; it sums to the number of images.

    Example:

    >>> labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    >>> p = np.array([0.1, 0.2, 0.3, 0.9, 0.6, 0.7, 0.8, 0.9])  # Of class 1.
    >>> found = find_label_errors(labels, np.stack([1 - p, p], axis=1))
    >>> found.indices.tolist(), found.suggested.tolist(), found.own_probability.round(1).tolist()
    ([3], [1], [0.1])
    """

    indices: np.ndarray
    suggested: np.ndarray
    own_probability: np.ndarray
    joint: np.ndarray

    @property
    def noise(self) -> float:
        """The estimated fraction of all labels that are wrong."""
        return float(1 - np.trace(self.joint) / self.joint.sum())


def find_label_errors(labels: np.ndarray, probabilities: np.ndarray) -> LabelErrors:
    """Returns the images whose label is probably wrong.

    The threshold of a class is the mean probability of it among the images that are labelled so. An
    image counts as surely of the most probable class whose threshold it reaches; where that is not
    its label, the label is suspect. So a class that a network is seldom sure of is judged by its
    own measure, and no threshold has to be set.

    Args:
        labels: The given labels, integers of shape `(samples,)`. Every class has at least one.
        probabilities: Predictions by networks that were not trained on the images, such as
            `cross_validate` gives them; `(samples, classes)`.

    Returns:
        A `LabelErrors`, ordered by the probability of the given label.

    Raises:
        ValueError: If the shapes do not fit, a row is no distribution, or a class has no image.

    Differs from the paper in: an image whose given label is also the most probable class is not
    suspect, though another class may reach a lower threshold (as in cleanlab).

    Reference:
        Northcutt et al., 2021, https://arxiv.org/abs/1911.00068, section 3.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, "float64")
    _check(labels, probabilities)
    classes = probabilities.shape[1]
    counts = np.bincount(labels, minlength=classes)
    own = probabilities[np.arange(len(labels)), labels]
    thresholds = np.bincount(labels, own, minlength=classes) / counts
    sure = np.where(probabilities >= thresholds - _EQUAL, probabilities, -1.0)
    confident = np.where(sure.max(-1) >= 0, sure.argmax(-1), -1)
    counted = confident >= 0
    joint = np.zeros((classes, classes))
    np.add.at(joint, (labels[counted], confident[counted]), 1)
    wins = own >= probabilities.max(-1) - _EQUAL
    indices = np.flatnonzero(counted & (confident != labels) & ~wins)
    indices = indices[np.argsort(own[indices], kind="stable")]
    return LabelErrors(indices, confident[indices], own[indices], _calibrated(joint, counts))


def _calibrated(joint: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Returns a confident joint whose rows sum to the numbers of labels, equation 3.

    A class of which no image is sure counts as labelled right.
    """
    joint = joint + np.diag(np.where(joint.sum(1) == 0, 1.0, 0.0))
    return joint / joint.sum(1, keepdims=True) * counts[:, None]


def _check(labels: np.ndarray, probabilities: np.ndarray) -> None:
    check_rank("labels", labels.shape, 1, "(samples,)")
    check_rank("probabilities", probabilities.shape, 2, "(samples, classes)")
    if len(labels) != len(probabilities) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            "`labels` must be an integer for each of the "
            f"{len(probabilities)} rows of probabilities. Received: labels.dtype={labels.dtype}, "
            f"labels.shape={labels.shape}"
        )
    if not np.allclose(probabilities.sum(-1), 1, atol=1e-3) or probabilities.min() < 0:
        raise ValueError(
            "`probabilities` must be distributions, whose rows sum to 1; take the softmax of "
            f"logits. Received: sums from {probabilities.sum(-1).min():g} to "
            f"{probabilities.sum(-1).max():g}"
        )
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    if len(counts) > probabilities.shape[1] or not counts.all():
        raise ValueError(
            f"`labels` must be in [0, {probabilities.shape[1]}), and every class must have an "
            f"image. Received: {counts.tolist()} images of the classes"
        )
