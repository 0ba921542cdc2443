"""Calibration of a run: how much its probabilities mean, before and after a temperature."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kerasrecipes.metrics.calibration.proper_scores import brier_score, log_loss
from kerasrecipes.metrics.calibration.reliability import (
    ReliabilityBins,
    calibration_error_interval,
    reliability_bins,
)
from kerasrecipes.metrics.calibration.temperature import Temperature, fit_temperature
from kerasrecipes.recipe.correcting_classes import LOGIT_ADJUSTED

# As in the literature; fewer where a bin would hold less than so many images.
BINS, IMAGES_OF_A_BIN = 15, 20

# With fewer, the interval of a calibration error is wider than what one would call a large error.
FEW_IMAGES = 100

# Layers that mix the labels of images.
_MIXING = ("CutMix", "MixUp", "MixedSamples")


@dataclass(frozen=True, eq=False)
class Calibration:
    """How much the probabilities of labelled images mean.

    Args:
        n: The number of images.
        log_loss: Their log loss.
        brier_score: Their Brier score.
        bins: Confidence and accuracy, in bins of equally many images.
        interval: The 95% interval of the calibration error, by bootstrap.
    """

    n: int
    log_loss: float
    brier_score: float
    bins: ReliabilityBins
    interval: tuple[float, float]

    @property
    def error(self) -> float:
        """The expected calibration error."""
        return self.bins.error


def calibration_of(labels: np.ndarray, probabilities: np.ndarray) -> Calibration:
    """Returns how much probabilities mean, in bins of equally many images.

    There are 15 bins, or fewer if one would hold less than 20 images.

    Args:
        labels: Integers of shape `(samples,)`.
        probabilities: Array of shape `(samples, classes)`.

    Raises:
        ValueError: If rows are no distributions.

    Example:

    >>> found = calibration_of(np.array([0, 0, 1, 0] * 10), np.array([[0.9, 0.1]] * 40))
    >>> found.n, round(found.error, 2), round(found.brier_score, 2)
    (40, 0.15, 0.42)
    """
    count = max(1, min(BINS, len(labels) // IMAGES_OF_A_BIN))
    return Calibration(
        n=len(labels),
        log_loss=log_loss(labels, probabilities),
        brier_score=brier_score(labels, probabilities),
        bins=reliability_bins(labels, probabilities, count, "mass"),
        interval=calibration_error_interval(labels, probabilities, count, "mass"),
    )


def temperature_of(predictions: Mapping[str, np.ndarray]) -> Temperature | None:
    """Returns the temperature of a run, fitted to its stored predictions on validation.

    Args:
        predictions: `Run.predictions`.

    Returns:
        The temperature; `None` if there are no such predictions, or all of them are right.
    """
    labels = predictions.get("validation_labels")
    if labels is None:
        return None
    probabilities = predictions["validation_probabilities"]
    if (probabilities.argmax(-1) == labels).all():
        return None
    return fit_temperature(labels, probabilities)


def off_by_design(options: Mapping[str, object]) -> str:
    """Returns a sentence on why a recipe's probabilities are off by design; empty if they are not.

    Args:
        options: The recipe's values by dotted path, `Recipe.flatten()`.

    Example:

    >>> off_by_design({"loss": "CategoricalCrossentropy", "loss.label_smoothing": 0.1})
    'Labels were smoothed or mixed in training, which makes probabilities less sure by design.'
    >>> off_by_design({"class_weight": None})
    ''
    """
    evened = ("class_weight", "sampling")
    weighted = [v for path, v in options.items() if path.split(".")[0] in evened and v]
    weighted += [v for path, v in options.items() if path == "loss" and v == LOGIT_ADJUSTED]
    smoothed = [v for path, v in options.items() if path.endswith("label_smoothing") and v]
    mixed = [v for v in options.values() if isinstance(v, str) and v in _MIXING]
    told = []
    if weighted:
        told.append(
            "Classes were weighted or evened out in training, which shifts their probabilities by "
            "design; a temperature does not undo it."
        )
    if smoothed or mixed:
        told.append(
            "Labels were smoothed or mixed in training, which makes probabilities less sure by "
            "design."
        )
    return " ".join(told)
