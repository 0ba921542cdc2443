"""Noise, trend and level of a short series, estimated from the series itself."""

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.stats import kendalltau

# The standard deviation of normal noise, over the median of its absolute values.
_NORMAL = 1.4826
# A second difference x[i - 1] - 2 x[i] + x[i + 1] of independent noise has 1 + 4 + 1 times its
# variance; what bends slowly, such as a loss that decays, is not in it.
_SECOND_DIFFERENCE = 6.0
# A trend that chance gives in less than one of a hundred series of the same length.
CERTAIN = 0.01


def noise(values: np.ndarray) -> float:
    """Returns the standard deviation of a series about whatever slow course it takes.

    It is the median of absolute second differences, scaled for normal noise, so that single jumps
    do not count. 0 for fewer than 3 values.

    Example:

    >>> rng = np.random.default_rng(0)
    >>> decay = np.exp(-np.arange(200) / 20)
    >>> round(noise(decay + rng.normal(0, 0.1, 200)), 1), round(noise(decay), 3)
    (0.1, 0.0)
    """
    if len(values) < 3:
        return 0.0
    differences = np.abs(np.diff(values, n=2))
    return float(_NORMAL * np.median(differences) / np.sqrt(_SECOND_DIFFERENCE))


def trend(values: np.ndarray) -> float:
    """Returns Kendall's rank correlation of a series with time; 0 where chance may be its reason.

    Example:

    >>> round(trend(np.arange(8.0)), 2), trend(np.array([1.0, 3.0, 2.0, 1.0, 3.0, 2.0]))
    (1.0, 0.0)
    """
    if len(values) < 2 or np.ptp(values) == 0:
        return 0.0
    correlation, p_value = kendalltau(np.arange(len(values)), values)
    # Fewer than 6 values cannot be that sure: all of them in order is the surest that they can be.
    sure = p_value < CERTAIN if len(values) > 5 else abs(correlation) > 0.99
    return float(correlation) if sure else 0.0


def descent(values: np.ndarray) -> np.ndarray:
    """Returns the series that falls or stays, and is nearest to a series by least squares.

    Example:

    >>> descent(np.array([3.0, 1.0, 2.0, 0.0]))
    array([3. , 1.5, 1.5, 0. ])
    """
    return np.asarray(isotonic_regression(values, increasing=False).x)


def end(values: np.ndarray) -> float:
    """Returns the level at which a series ends: the median of its last fifth, or last 3 values."""
    return float(np.median(values[-max(3, round(0.2 * len(values))) :]))


def second_half(values: np.ndarray) -> np.ndarray:
    """Returns the second half of a series, of 4 values at least, where there are as many."""
    return values[-max(4, len(values) // 2) :]


def denominator(shares: np.ndarray, most: int) -> int | None:
    """Returns the least number of samples of which all given shares may be shares.

    Args:
        shares: Fractions of one number of samples, such as a validation accuracy by epoch.
        most: The largest number that is looked for.

    Returns:
        `None` if it is larger, or the shares were rounded too much to tell.

    Example:

    >>> denominator(np.array([0.8125, 0.875, 0.9375]), 100)
    16
    """
    error = _rounding(shares)
    # Of a number beyond this, any share could be one, within the rounding.
    for number in range(1, min(most, int(0.1 / error)) + 1):
        counts = shares * number
        if np.all(np.abs(counts - np.round(counts)) <= error * number):
            return number
    return None


def _rounding(values: np.ndarray) -> float:
    """Returns half a unit of the last decimal that values were written with; at least 1e-6."""
    for decimals in range(2, 6):
        if np.allclose(values, np.round(values, decimals), rtol=0, atol=1e-9):
            return 0.5 * 10.0**-decimals
    return 1e-6  # Of float32.
