"""ROC and precision-recall curves of two classes, and thresholds chosen on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from kerasrecipes.base.checks import check_number
from kerasrecipes.base.intervals import wilson_interval

# Two-sided: 95%.
_UPPER = 0.975


@dataclass(frozen=True, eq=False)
class TwoClassCurves:
    """ROC and precision-recall curves. Positive is the class with the label 1.

    Args:
        roc_thresholds: Scores, the highest first, at and above which a sample counts as positive.
            The first is infinite.
        false_positive_rate: The share of the negatives that counts as positive, for each of these.
        true_positive_rate: The share of the positives that does.
        roc_auc: The area below: the probability that a positive has a higher score than a negative.
        roc_auc_interval: DeLong's 95% interval of it.
        thresholds: Scores, the lowest first, for precision and recall.
        precision: The share of positives in what counts as positive.
        recall: The share of the positives that counts as positive.
        average_precision: The mean precision over all steps of the recall.
    """

    roc_thresholds: np.ndarray
    false_positive_rate: np.ndarray
    true_positive_rate: np.ndarray
    roc_auc: float
    roc_auc_interval: tuple[float, float]
    thresholds: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    average_precision: float


@dataclass(frozen=True)
class Threshold:
    """A score at and above which a sample counts as positive, and what follows.

    The intervals are Wilson's, of 95%. They do not know that the threshold was chosen on the same
    samples: expect a little less on others, and check it on a test split.

    Args:
        threshold: The score.
        precision: The share of positives in what counts as positive.
        precision_interval: Its interval.
        recall: The share of the positives that counts as positive.
        recall_interval: Its interval.
        counted: The number of samples that count as positive.
        positives: The number of those that are.
    """

    threshold: float
    precision: float
    precision_interval: tuple[float, float]
    recall: float
    recall_interval: tuple[float, float]
    counted: int
    positives: int


def two_class_curves(labels: ArrayLike, scores: ArrayLike) -> TwoClassCurves:
    """Returns ROC and precision-recall curves, with their areas.

    Args:
        labels: Integers 0 and 1, of shape `(samples,)`.
        scores: Numbers of shape `(samples,)` that grow with the probability of the class 1; or the
            probabilities `(samples, 2)`.

    Raises:
        ValueError: If there are other labels, or one class only, or scores are not finite.

    Example:

    >>> curves = two_class_curves([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> curves.roc_auc, round(curves.average_precision, 3)
    (0.75, 0.833)

    Reference:
        DeLong et al., 1988, https://doi.org/10.2307/2531595, for the interval.
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve

    truth, given = _checked(labels, scores)
    false, true, thresholds = roc_curve(truth, given)
    precision, recall, scores_of_recall = precision_recall_curve(truth, given)
    area, interval = _roc_auc(truth, given)
    return TwoClassCurves(
        roc_thresholds=thresholds,
        false_positive_rate=false,
        true_positive_rate=true,
        roc_auc=area,
        roc_auc_interval=interval,
        thresholds=scores_of_recall,
        precision=precision[:-1],  # The last point has no threshold.
        recall=recall[:-1],
        average_precision=float(average_precision_score(truth, given)),
    )


def threshold_for(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    precision: float | None = None,
    recall: float | None = None,
) -> Threshold:
    """Returns the threshold of two classes that gives a wanted precision, or a wanted recall.

    Of the thresholds with at least the wanted precision, it is the one with the highest recall; of
    those with at least the wanted recall, the one with the highest precision. Choose it on
    validation.

    Args:
        labels: As in `two_class_curves`.
        scores: Likewise.
        precision: Float in `[0, 1]`, or `None`.
        recall: Float in `[0, 1]`, or `None`. Just one of the two is given.

    Raises:
        ValueError: If none or both are given, or no threshold reaches the precision; the message
            has the highest.

    Example:

    >>> found = threshold_for([0, 0, 1, 1, 1], [0.1, 0.6, 0.4, 0.7, 0.9], recall=0.6)
    >>> found.threshold, found.precision, round(found.recall, 2)
    (0.7, 1.0, 0.67)
    """
    if (precision is None) == (recall is None):
        raise ValueError(
            "Just one of `precision` and `recall` must be given. Received: "
            f"precision={precision}, recall={recall}"
        )
    curves = two_class_curves(labels, scores)
    if precision is not None:
        check_number("precision", precision, at_least=0, at_most=1)
        reached, other = curves.precision >= precision, curves.recall
    else:
        check_number("recall", recall, at_least=0, at_most=1)
        reached, other = curves.recall >= recall, curves.precision
    if not reached.any():
        raise ValueError(
            f"No threshold gives a precision of {precision}: the highest is "
            f"{curves.precision.max():.4g}. Received: precision={precision}"
        )
    # Of equally good ones the highest, which counts no sample in vain.
    best = int(np.flatnonzero(reached & (other == other[reached].max()))[-1])
    return _at(*_checked(labels, scores), float(curves.thresholds[best]))


def threshold_at(labels: ArrayLike, scores: ArrayLike, threshold: float) -> Threshold:
    """Returns precision and recall at a threshold that was chosen on other samples.

    Args:
        labels: As in `two_class_curves`.
        scores: Likewise.
        threshold: The score at and above which a sample counts as positive. If there is none, the
            precision is NaN.

    Example:

    >>> threshold_at([0, 0, 1, 1, 1], [0.1, 0.6, 0.4, 0.7, 0.9], 0.5).precision_interval
    (0.20765..., 0.93850...)
    """
    return _at(*_checked(labels, scores), threshold)


def _at(truth: np.ndarray, scores: np.ndarray, threshold: float) -> Threshold:
    counted = scores >= threshold
    right, n, positives = (int(x.sum()) for x in (counted & truth, counted, truth))
    return Threshold(
        threshold=threshold,
        precision=right / n if n else float("nan"),
        precision_interval=wilson_interval(right, n) if n else (0.0, 1.0),
        recall=right / positives,
        recall_interval=wilson_interval(right, positives),
        counted=n,
        positives=positives,
    )


def _checked(labels: ArrayLike, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    truth, given = np.asarray(labels).reshape(-1), np.asarray(scores, "float64")
    if given.ndim == 2 and given.shape[-1] in (1, 2):
        given = given[:, -1]
    if given.shape != truth.shape:
        raise ValueError(
            "`scores` must have the shape (samples,) or (samples, 2), a row for each label. "
            f"Received: scores.shape={np.shape(scores)}, labels.shape={np.shape(labels)}"
        )
    found = np.unique(truth)
    if not np.array_equal(found, [0, 1]):
        raise ValueError(
            "`labels` must be 0 and 1, and both must occur: these curves are for two classes. "
            f"Received: {found[:10].tolist()}"
        )
    if not np.isfinite(given).all():
        raise ValueError(
            f"`scores` must be finite. Received: {given[~np.isfinite(given)][0]} among them"
        )
    return truth == 1, given


def _roc_auc(truth: np.ndarray, scores: np.ndarray) -> tuple[float, tuple[float, float]]:
    """Returns the area below the ROC curve and DeLong's interval, by ranks."""
    from scipy.stats import rankdata

    positive, negative = scores[truth], scores[~truth]
    ranks = rankdata(np.concatenate([positive, negative]))
    m, n = len(positive), len(negative)
    # For each sample, the share of the other class on the right side of it; ties count half.
    above = (ranks[:m] - rankdata(positive)) / n
    below = 1 - (ranks[m:] - rankdata(negative)) / m
    area = float(above.mean())
    if m == 1 or n == 1:
        return area, (0.0, 1.0)  # One sample of a class has no variance.
    error = np.sqrt(above.var(ddof=1) / m + below.var(ddof=1) / n)
    half_width = float(ndtri(_UPPER) * error)
    return area, (max(0.0, area - half_width), min(1.0, area + half_width))
