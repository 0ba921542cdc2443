"""Magnitudes of augmentations: a number, or the range that values are drawn from.

A search varies single numbers, so that each magnitude may be one. `(low, high)` is exact.
"""

import math
from collections.abc import Sequence
from typing import Any

from kerasrecipes.base.checks import check_number

Magnitude = float | Sequence[float]


def around_zero(name: str, magnitude: Magnitude, below: float | None = None) -> tuple[float, float]:
    """Returns the range of a quantity whose neutral value is 0: `m` stands for `(-m, m)`.

    Args:
        name: The argument's name, for errors.
        magnitude: Number of at least 0, or `(low, high)`.
        below: Absolute values must be less than this, or `None`.

    Example:

    >>> around_zero("rotation_degrees", 15)
    (-15.0, 15.0)
    """
    if _is_pair(magnitude):
        bound = None if below is None else -below
        return _pair(name, magnitude, above=bound, below=below)
    number = _number(name, magnitude, at_least=0, below=below)
    return -number, number


def from_zero(name: str, magnitude: Magnitude, **limits: float) -> tuple[float, float]:
    """Returns the range of a quantity that is never negative: `m` stands for `(0, m)`.

    Example:

    >>> from_zero("sigma_pixels", 1.5)
    (0.0, 1.5)
    """
    if _is_pair(magnitude):
        return _pair(name, magnitude, at_least=0, **limits)
    return 0.0, _number(name, magnitude, at_least=0, **limits)


def around_one(name: str, magnitude: Magnitude) -> tuple[float, float]:
    """Returns the range of a factor that is never negative: `m` stands for `(1 - m, 1 + m)`.

    Example:

    >>> around_one("contrast", 0.25)
    (0.75, 1.25)
    """
    if _is_pair(magnitude):
        return _pair(name, magnitude, at_least=0)
    number = _number(name, magnitude, at_least=0)
    return max(0.0, 1.0 - number), 1.0 + number


def ratio(name: str, magnitude: Magnitude) -> tuple[float, float]:
    """Returns the range of a ratio: `m` stands for `(1 / m, m)`.

    Example:

    >>> ratio("scale", 1.25)
    (0.8, 1.25)
    """
    if _is_pair(magnitude):
        return _pair(name, magnitude, above=0)
    number = _number(name, magnitude, at_least=1)
    return 1.0 / number, number


def within(name: str, bounds: Sequence[float], **limits: float) -> tuple[float, float]:
    """Returns `(low, high)`, after both were checked by `check_number` with `limits`."""
    if not _is_pair(bounds):
        raise ValueError(f"`{name}` must be a pair (low, high). Received: {name}={bounds!r}")
    return _pair(name, bounds, **limits)


def scaled(unit, bounds: tuple[float, float]):
    """Maps uniform draws from `[0, 1)` to uniform ones within `bounds`."""
    low, high = bounds
    return low + (high - low) * unit


def scaled_logarithm(unit, bounds: tuple[float, float]):
    """Maps uniform draws from `[0, 1)` to logarithms of a ratio, uniform within those of `bounds`.

    With the bounds `(1, 1)` the logarithm is exactly 0, so that nothing is changed.
    """
    low, high = bounds
    return scaled(unit, (math.log(low), math.log(high)))


def _number(name: str, magnitude: Any, **limits) -> float:
    check_number(name, magnitude, **limits)
    return float(magnitude)


def _is_pair(magnitude: object) -> bool:
    if not isinstance(magnitude, Sequence) or isinstance(magnitude, str):
        return False
    return len(magnitude) == 2


def _pair(name, magnitude, **limits) -> tuple[float, float]:
    for number in magnitude:
        check_number(name, number, **limits)
    low, high = magnitude
    if low > high:
        raise ValueError(f"`{name}` must be (low, high). Received: {name}={magnitude!r}")
    return float(low), float(high)
