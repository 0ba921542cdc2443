"""Confidence intervals of scores, and p-values of many of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtr, stdtrit
from scipy.stats import binomtest

# Two-sided, as all intervals here: 95%.
_UPPER = 0.975
# Scores are float32: equal ones may differ by their rounding.
_EQUAL = 1e-6


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """Returns Wilson's 95% interval of a proportion.

    Example:

    >>> [round(bound, 3) for bound in wilson_interval(9, 10)]
    [0.596, 0.982]
    """
    interval = binomtest(successes, n).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


@dataclass(frozen=True)
class Mean:
    """The mean of a sample, with its 95% interval and the p-value of a mean of 0.

    Args:
        n: The size of the sample.
        mean: `None` if `n` is 0.
        standard_deviation: `None` if `n` is less than 2.
        low: Lower bound of the interval; `None` if it is unknown.
        high: Upper bound.
        p_value: The two-sided probability of such a mean if the true mean is 0; less than 0.05 if
            and only if the interval excludes 0.
    """

    n: int
    mean: float | None = None
    standard_deviation: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None

    @classmethod
    def of(cls, values: Sequence[float], errors: ArrayLike = math.nan) -> "Mean":
        """Returns the mean of scores, or of differences between scores.

        The interval is Student's, except where all values are equal. Their deviation, 0, then says
        nothing: accuracies on `n` images are multiples of `1 / n`, so that two are often equal by
        chance. The interval is then that of the values' own sampling errors.

        Args:
            values: The values.
            errors: The standard error of each value; see `accuracy_error`. If it is unknown, NaN,
                equal values have no interval.

        Example:

        >>> found = Mean.of([0.02, 0.02], errors=[0.04, 0.04])
        >>> round(found.low, 3), round(found.high, 3)
        (-0.035, 0.075)
        """
        n = len(values)
        if n < 2:
            return cls(n, float(values[0]) if n else None)
        mean, deviation, degrees_of_freedom = float(np.mean(values)), 0.0, math.inf
        if np.ptp(values) >= _EQUAL:
            deviation, degrees_of_freedom = float(np.std(values, ddof=1)), n - 1
            error = deviation / math.sqrt(n)
        else:
            # With infinite degrees of freedom, Student's distribution is the normal one.
            error = float(np.linalg.norm(np.broadcast_to(errors, n))) / n
            if math.isnan(error):
                return cls(n, mean, deviation)
        half_width = float(stdtrit(degrees_of_freedom, _UPPER)) * error
        p_value = 2 * float(stdtr(degrees_of_freedom, -abs(mean) / error))
        return cls(n, mean, deviation, mean - half_width, mean + half_width, p_value)


def accuracy_error(accuracy: float, n: int) -> float:
    """Returns the standard error of an accuracy: its normal interval is as wide as Wilson's.

    Unlike the binomial deviation, it is not 0 where all of the images, or none, are right.

    Args:
        accuracy: Float in `[0, 1]`.
        n: The number of images.
    """
    z = ndtri(_UPPER)
    return float(math.sqrt(accuracy * (1 - accuracy) / n + (z / (2 * n)) ** 2) / (1 + z**2 / n))


def holm(p_values: Sequence[float]) -> list[float]:
    """Returns p-values corrected for their number by Holm's method.

    If no effect is real, the probability that any corrected p-value is less than 0.05 is at most
    5%, however they depend on each other.

    Example:

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]

    Reference:
        Holm, 1979, https://www.jstor.org/stable/4615733
    """
    order = np.argsort(p_values)
    scaled = np.asarray(p_values, float)[order] * np.arange(len(order), 0, -1)
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return corrected.tolist()
