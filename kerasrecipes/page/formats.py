"""Numbers and values formatted for readers."""

import json
import math
from collections.abc import Sequence
from typing import TypeGuard

MISSING = "–"


def percent(fraction: float | None, n: int | None = None) -> str:
    """Returns a fraction in percent, with more decimals if it is one of many examples.

    Args:
        fraction: Float in `[0, 1]`. `None` and NaN give a dash.
        n: The number of examples. From 2,000 on, there are two decimals instead of one.

    Example:

    >>> percent(0.99167, 360), percent(0.91874, 10_000), percent(None)
    ('99.2%', '91.87%', '–')
    """
    if not is_finite(fraction):
        return MISSING
    return f"{100 * fraction:.{2 if n and n >= 2000 else 1}f}%"


def percent_interval(low: float, high: float, n: int | None = None) -> str:
    """Returns the interval of an accuracy in percent; see `percent`.

    The t-interval of a few accuracies may reach beyond those that are possible, and is cut there.

    Example:

    >>> percent_interval(0.975, 1.004, 360)
    '97.5% to 100.0%'
    """
    return f"{percent(max(0.0, low), n)} to {percent(min(1.0, high), n)}"


def count(n: int | None) -> str:
    """Returns an integer with thousands separators, such as `"269,722"`."""
    return MISSING if n is None else f"{n:,}"


def number(value: float | None) -> str:
    """Returns a number with four significant digits, such as `"0.02137"`."""
    if value is None:
        return MISSING
    return f"{value:.4g}" if math.isfinite(value) else str(value)


def duration(seconds: float | None) -> str:
    """Returns a time in its two largest units.

    Example:

    >>> duration(4.21), duration(42.4), duration(200), duration(7500)
    ('4.2 s', '42 s', '3 min 20 s', '2 h 05 min')
    """
    if not is_finite(seconds):
        return MISSING
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, seconds_of_minute = divmod(round(seconds), 60)
    hours, minutes_of_hour = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_of_hour:02d} min"
    if minutes:
        return f"{minutes} min {seconds_of_minute:02d} s"
    return f"{seconds_of_minute} s"


def shape(lengths: Sequence[int]) -> str:
    """Returns an array's shape, such as `"32 × 32 × 3"`, with spaces that do not break."""
    return "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}".join(str(length) for length in lengths)


def plain(value: object) -> str:
    """Returns an option's value as `--set` takes it: a string as it is, other values as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def option(value: object) -> str:
    """Returns an option's value as a table shows it: as `plain`, but numbers with four digits.

    Example:

    >>> option(0.000143405933), option(True), option("SGD")
    ('0.0001434', 'true', 'SGD')
    """
    return number(value) if isinstance(value, float) else plain(value)


def is_finite(value: float | None) -> TypeGuard[float]:
    """Returns whether a value is a finite number: neither `None`, NaN nor infinite."""
    return value is not None and math.isfinite(value)
