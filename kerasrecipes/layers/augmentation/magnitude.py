"""Strengths of augmentations: a number or a range, which an option of a recipe can hold.

A search moves numbers, so that each strength can be one; `(low, high)` says it exactly.
"""

import math
from collections.abc import Sequence
from typing import Any

from kerasrecipes.base.checks import check_number

Strength = float | Sequence[float]


def around_zero(name: str, strength: Strength, below: float | None = None) -> tuple[float, float]:
    """Returns the range of a quantity that changes nothing at 0: `s` stands for `(-s, s)`.

    Args:
        name: The argument's name, for errors.
        strength: Number of at least 0, or `(low, high)`.
        below: What no magnitude may reach, if anything.

    Example:

    >>> around_zero("rotation_degrees", 15)
    (-15.0, 15.0)
    """
    if _is_pair(strength):
        bound = None if below is None else -below
        return _pair(name, strength, above=bound, below=below)
    number = _number(name, strength, at_least=0, below=below)
    return -number, number


def from_zero(name: str, strength: Strength, **limits: float) -> tuple[float, float]:
    """Returns the range of a quantity that is never negative: `s` stands for `(0, s)`.

    Example:

    >>> from_zero("sigma_pixels", 1.5)
    (0.0, 1.5)
    """
    if _is_pair(strength):
        return _pair(name, strength, at_least=0, **limits)
    return 0.0, _number(name, strength, at_least=0, **limits)


def around_one(name: str, strength: Strength) -> tuple[float, float]:
    """Returns the range of a factor: `s` stands for `(1 - s, 1 + s)`, from 0 on.

    Example:

    >>> around_one("contrast", 0.25)
    (0.75, 1.25)
    """
    if _is_pair(strength):
        return _pair(name, strength, at_least=0)
    number = _number(name, strength, at_least=0)
    return max(0.0, 1.0 - number), 1.0 + number


def ratio(name: str, strength: Strength) -> tuple[float, float]:
    """Returns the range of a ratio: `s` stands for `(1 / s, s)`.

    Example:

    >>> ratio("scale", 1.25)
    (0.8, 1.25)
    """
    if _is_pair(strength):
        return _pair(name, strength, above=0)
    number = _number(name, strength, at_least=1)
    return 1.0 / number, number


def within(name: str, bounds: Sequence[float], **limits: float) -> tuple[float, float]:
    """Returns `(low, high)`, checked against `limits` as `check_number` takes them."""
    if not _is_pair(bounds):
        raise ValueError(f"`{name}` must be a pair (low, high). Received: {name}={bounds!r}")
    return _pair(name, bounds, **limits)


def scaled(unit, bounds: tuple[float, float]):
    """Maps uniform draws from `[0, 1)` to `bounds`, uniformly."""
    low, high = bounds
    return low + (high - low) * unit


def scaled_logarithm(unit, bounds: tuple[float, float]):
    """Maps uniform draws to the natural logarithm of a ratio, uniformly.

    The logarithm of 1 is exactly 0, so that no change stays no change.
    """
    low, high = bounds
    return scaled(unit, (math.log(low), math.log(high)))


def _number(name: str, strength: Any, **limits) -> float:
    check_number(name, strength, **limits)
    return float(strength)


def _is_pair(strength: object) -> bool:
    return isinstance(strength, Sequence) and not isinstance(strength, str) and len(strength) == 2


def _pair(name, strength, **limits) -> tuple[float, float]:
    for number in strength:
        check_number(name, number, **limits)
    low, high = strength
    if low > high:
        raise ValueError(f"`{name}` must be (low, high). Received: {name}={strength!r}")
    return float(low), float(high)
