"""Accuracy of a model that may abstain, against the share of samples that it answers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kerasrecipes.base.checks import check_number
from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.metrics.calibration.checked_probabilities import checked


@dataclass(frozen=True, eq=False)
class CoverageCurve:
    """Accuracy on the samples whose confidence is at least a threshold, for every threshold.

    Args:
        threshold: The confidences, the highest first. Equal ones are one point.
        answered: How many samples are at least as confident.
        correct: How many of these are classified correctly.
    """

    threshold: np.ndarray
    answered: np.ndarray
    correct: np.ndarray

    @property
    def coverage(self) -> np.ndarray:
        """The share of the samples that is answered."""
        return self.answered / self.answered[-1]

    @property
    def accuracy(self) -> np.ndarray:
        """The accuracy on what is answered."""
        return self.correct / self.answered

    @property
    def area(self) -> float:
        """The mean accuracy over all coverages, each sample's step counted once.

        If confidence says nothing, it is the accuracy; the better confidence tells right from
        wrong, the nearer it is to 1.
        """
        steps = np.diff(self.answered, prepend=0)
        return float((self.accuracy * steps).sum() / steps.sum())

    def threshold_for(self, accuracy: float) -> "AnsweringThreshold":
        """Returns the lowest threshold whose answers are at least as accurate as wanted.

        Args:
            accuracy: Float in `[0, 1]`.

        Raises:
            ValueError: If no threshold reaches it; the message has the best one.
        """
        check_number("accuracy", accuracy, at_least=0, at_most=1)
        reached = np.flatnonzero(self.accuracy >= accuracy)
        if not len(reached):
            best = int(np.argmax(self.accuracy))
            threshold, reached_there = self.threshold[best], self.accuracy[best]
            raise ValueError(
                f"No threshold gives an accuracy of {accuracy}: the best, {threshold:.4g}, gives "
                f"{reached_there:.4g}. Received: accuracy={accuracy}"
            )
        return self.at(float(self.threshold[reached[-1]]))

    def at(self, threshold: float) -> "AnsweringThreshold":
        """Returns what a model does that answers from a confidence on.

        Args:
            threshold: The confidence, such as one that was chosen on other samples. If no sample is
                as confident, the accuracy is NaN.
        """
        points = int(np.sum(self.threshold >= threshold))
        answered, correct = (
            int(counts[points - 1]) if points else 0 for counts in (self.answered, self.correct)
        )
        return AnsweringThreshold(
            threshold=threshold,
            coverage=answered / int(self.answered[-1]),
            accuracy=correct / answered if answered else float("nan"),
            interval=wilson_interval(correct, answered) if answered else (0.0, 1.0),
            answered=answered,
        )


@dataclass(frozen=True)
class AnsweringThreshold:
    """A confidence below which a model abstains, and what it then does.

    Args:
        threshold: Answer if the confidence is at least this.
        coverage: The share of the samples that is answered.
        accuracy: The accuracy on these.
        interval: Wilson's 95% interval of it. It does not know that the threshold was chosen on the
            same samples: expect a little less on others.
        answered: The number of samples that is answered.
    """

    threshold: float
    coverage: float
    accuracy: float
    interval: tuple[float, float]
    answered: int


def coverage_curve(labels: ArrayLike, probabilities: ArrayLike) -> CoverageCurve:
    """Returns the accuracy of a model that answers only where it is confident enough.

    Args:
        labels: Integers of shape `(samples,)`.
        probabilities: Numbers of shape `(samples, classes)`. For two classes, those of the second
            one suffice.

    Raises:
        ValueError: If rows are no distributions.

    Example:

    >>> curve = coverage_curve([1, 1, 0, 1], [0.9, 0.8, 0.7, 0.6])
    >>> curve.coverage.tolist(), curve.accuracy.round(2).tolist()
    ([0.25, 0.5, 0.75, 1.0], [1.0, 1.0, 0.67, 0.75])
    >>> curve.threshold_for(0.9).threshold
    0.8

    Reference:
        El-Yaniv and Wiener, 2010, https://jmlr.org/papers/v11/el-yaniv10a.html
    """
    predicted = checked(labels, probabilities)
    order = np.argsort(-predicted.confidence, kind="stable")
    confidence, correct = predicted.confidence[order], predicted.correct[order]
    last_of_equals = np.flatnonzero(np.diff(confidence, append=-1) != 0)
    return CoverageCurve(
        confidence[last_of_equals], last_of_equals + 1, np.cumsum(correct)[last_of_equals]
    )
