"""Calibration error, its interval, and the bins of a reliability diagram."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kerasrecipes.base.checks import check_choice, check_integer
from kerasrecipes.metrics.calibration.checked_probabilities import Predicted, checked

EQUAL = ("width", "mass")


@dataclass(frozen=True, eq=False)
class ReliabilityBins:
    """Samples in bins of equal confidence: what a reliability diagram draws.

    The confidence of a prediction is the probability of the predicted class. If probabilities mean
    what they say, the accuracy of each bin is its confidence, up to chance.

    Args:
        edges: The `bins + 1` borders of the bins, which include their upper one.
        count: Integer array of shape `(bins,)`, the samples in each bin.
        confidence: The mean confidence in each bin; NaN in an empty one.
        accuracy: The fraction of right predictions in each bin; NaN in an empty one.
    """

    edges: np.ndarray
    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error: the mean distance of confidence and accuracy."""
        gaps = np.abs(self.accuracy - self.confidence)
        return float(np.nansum(gaps * self.count) / self.count.sum())

    @property
    def overconfidence(self) -> float:
        """The mean confidence minus the accuracy: positive if the model promises too much."""
        gaps = self.confidence - self.accuracy
        return float(np.nansum(gaps * self.count) / self.count.sum())


def reliability_bins(
    labels: ArrayLike, probabilities: ArrayLike, bins: int = 15, equal: str = "width"
) -> ReliabilityBins:
    """Returns how confident and how accurate a model is, bin by bin of its confidence.

    Args:
        labels: Integers of shape `(samples,)`.
        probabilities: Numbers of shape `(samples, classes)`. For two classes, those of the second
            one suffice.
        bins: Positive integer. Defaults to 15, as in the literature.
        equal: `"width"` for bins of equal width between 0 and 1, `"mass"` for bins of equally many
            samples, of which there are fewer than `bins` if confidences are equal.

    Raises:
        ValueError: If an argument is out of range, or rows are no distributions.

    Example:

    >>> found = reliability_bins([1, 1, 1, 0], [0.75, 0.75, 0.75, 0.75], bins=2)
    >>> found.count.tolist(), float(found.accuracy[1]), found.error
    ([0, 4], 0.75, 0.0)
    """
    predicted = checked(labels, probabilities)
    edges, places = _placed(predicted.confidence, bins, equal)
    count = np.bincount(places, minlength=len(edges) - 1)
    sums = [
        np.bincount(places, values, minlength=len(edges) - 1)
        for values in (predicted.confidence, predicted.correct)
    ]
    with np.errstate(invalid="ignore"):
        confidence, accuracy = (total / count for total in sums)
    return ReliabilityBins(edges, count, confidence, accuracy)


def expected_calibration_error(
    labels: ArrayLike, probabilities: ArrayLike, bins: int = 15, equal: str = "width"
) -> float:
    """Returns the mean distance between confidence and accuracy, over bins of the confidence.

        sum over bins b of n_b / n * |accuracy_b - confidence_b|

    It is 0 for a perfect model only up to chance: of `n` samples in `B` bins, one that is perfectly
    calibrated has about `0.8 * sqrt(B * p (1 - p) / n)`, with the accuracy `p`. The same samples
    and bins are therefore needed to compare two models; see `calibration_error_interval`.

    Args:
        labels: As in `reliability_bins`, like the other arguments.
        probabilities: Likewise.
        bins: Likewise.
        equal: Likewise.

    Example:

    >>> round(expected_calibration_error([0, 0, 1, 0], [[0.9, 0.1]] * 4), 4)  # 75% are right.
    0.15

    Reference:
        Guo et al., 2017, https://arxiv.org/abs/1706.04599 (equal width);
        Nguyen and O'Connor, 2015, https://arxiv.org/abs/1508.05154 (equal mass).
    """
    return _error(*_gaps(checked(labels, probabilities), bins, equal))


def calibration_error_interval(
    labels: ArrayLike,
    probabilities: ArrayLike,
    bins: int = 15,
    equal: str = "width",
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Returns a 95% interval of the expected calibration error, by bootstrap.

    The error of few samples is too large on average, because chance never makes a distance
    negative, and resampling repeats that. The interval is the basic one (`2 error - quantile`),
    which takes this bias off; it ends at 0.

    Args:
        labels: As in `reliability_bins`, like the next three.
        probabilities: Likewise.
        bins: Likewise.
        equal: Likewise. The borders are those of all samples.
        resamples: Positive integer. The number of bootstrap samples.
        seed: Integer. The same seed gives the same interval.

    Example:

    >>> low, high = calibration_error_interval([0, 1] * 50, [[0.9, 0.1]] * 100)
    >>> round(low, 2), round(high, 2)
    (0.3, 0.5)

    Reference:
        Efron and Tibshirani, 1993, An introduction to the bootstrap, chapter 13.
    """
    check_integer("resamples", resamples, at_least=1)
    from scipy.stats import bootstrap  # A slow import.

    gaps, places = _gaps(checked(labels, probabilities), bins, equal)
    if len(gaps) == 1:
        return 0.0, 1.0  # One sample says nothing, and SciPy refuses it.
    interval = bootstrap(
        (gaps, places),
        _error,
        n_resamples=resamples,
        paired=True,
        vectorized=False,
        method="basic",
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    return max(0.0, float(interval.low)), min(1.0, max(0.0, float(interval.high)))


def _gaps(predicted: Predicted, bins: int, equal: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns `correct - confidence` and the bin of each sample."""
    _, places = _placed(predicted.confidence, bins, equal)
    return predicted.correct - predicted.confidence, places


def _error(gaps: np.ndarray, places: np.ndarray) -> float:
    return float(np.abs(np.bincount(places.astype(int), gaps)).sum() / len(gaps))


def _placed(confidence: np.ndarray, bins: int, equal: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns the borders of the bins, and the bin of each sample."""
    check_integer("bins", bins, at_least=1)
    check_choice("equal", equal, EQUAL)
    edges = np.linspace(0, 1, bins + 1)
    if equal == "mass":
        edges = np.unique(np.quantile(confidence, edges))
        edges = edges if len(edges) > 1 else np.repeat(edges, 2)
    return edges, np.searchsorted(edges[1:-1], confidence)
