"""Thresholds of a run, chosen on validation and checked on other images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from kerasrecipes.metrics.calibration.coverage import (
    AnsweringThreshold,
    CoverageCurve,
    coverage_curve,
)
from kerasrecipes.metrics.calibration.two_classes import Threshold, threshold_at, threshold_for

Kind = TypeVar("Kind", AnsweringThreshold, Threshold)


@dataclass(frozen=True)
class CheckedThreshold(Generic[Kind]):
    """A threshold for something wanted, and what it gives.

    Args:
        quantity: What is wanted: `"accuracy"`, `"precision"` or `"recall"`.
        wanted: How much of it.
        n: The number of validation images that the threshold was chosen on.
        chosen: What it gives on these; `None` if none of them gives what is wanted.
        checked: What it gives on the images that judge it; `None` likewise.
    """

    quantity: str
    wanted: float
    n: int
    chosen: Kind | None
    checked: Kind | None


def answering_threshold(
    validation: tuple[np.ndarray, np.ndarray],
    judging: tuple[np.ndarray, np.ndarray],
    accuracy: float,
) -> CheckedThreshold[AnsweringThreshold]:
    """Returns the confidence from which on answers are as accurate as wanted.

    Args:
        validation: Labels and probabilities that it is chosen on.
        judging: Those that judge it.
        accuracy: Float in `[0, 1]`.

    Example:

    >>> labels, second = np.array([1, 1, 0, 1]), np.array([0.9, 0.8, 0.7, 0.6])
    >>> probabilities = np.stack([1 - second, second], -1)
    >>> found = answering_threshold((labels, probabilities), (labels, probabilities), 0.9)
    >>> found.chosen.threshold, found.checked.coverage
    (0.8, 0.5)
    """
    curve = coverage_curve(*validation)
    n = len(validation[0])
    if accuracy > curve.accuracy.max():
        return CheckedThreshold("accuracy", accuracy, n, None, None)
    chosen = curve.threshold_for(accuracy)
    checked = coverage_curve(*judging).at(chosen.threshold)
    return CheckedThreshold("accuracy", accuracy, n, chosen, checked)


def two_class_threshold(
    validation: tuple[np.ndarray, np.ndarray],
    judging: tuple[np.ndarray, np.ndarray],
    *,
    precision: float | None = None,
    recall: float | None = None,
) -> CheckedThreshold[Threshold]:
    """Returns the probability of the second class that gives a wanted precision or recall.

    Args:
        validation: Labels and probabilities that it is chosen on; both classes must occur.
        judging: Those that judge it, likewise.
        precision: As in `kerasrecipes.metrics.calibration.threshold_for`.
        recall: Likewise.
    """
    quantity, wanted = ("recall", recall) if precision is None else ("precision", precision)
    n, share = len(validation[0]), float("nan") if wanted is None else wanted
    try:
        chosen = threshold_for(*validation, precision=precision, recall=recall)
    except ValueError:
        if precision is None or not 0 <= precision <= 1:
            raise
        return CheckedThreshold(quantity, share, n, None, None)
    return CheckedThreshold(quantity, share, n, chosen, threshold_at(*judging, chosen.threshold))


def stored(predictions: Mapping[str, np.ndarray], split: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns the labels and the probabilities of a split in `Run.predictions`."""
    return predictions[f"{split}_labels"], predictions[f"{split}_probabilities"]


def worth_asking(curve: CoverageCurve, most: int = 2) -> Sequence[float]:
    """Returns accuracies above a model's own that it may reach by abstaining.

    Args:
        curve: On validation.
        most: How many there are at most.

    Example:

    >>> curve = coverage_curve([1, 1, 0, 1], [0.9, 0.8, 0.7, 0.6])
    >>> worth_asking(curve)
    (0.8, 0.9)
    """
    own = curve.accuracy[-1]
    return tuple(wanted for wanted in (0.8, 0.9, 0.95, 0.99, 0.999) if wanted > own)[:most]
