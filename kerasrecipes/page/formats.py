"""Numbers and values as a reader wants to see them."""

import json
import math
from collections.abc import Sequence
from typing import TypeGuard

MISSING = "–"


def percent(fraction: float | None, n: int | None = None) -> str:
    """Returns a fraction in percent, with as many decimals as `n` examples can tell apart.

    Example:

    >>> percent(0.99167, 360), percent(0.91874, 10_000), percent(None)
    ('99.2%', '91.87%', '–')
    """
    if not is_finite(fraction):
        return MISSING
    return f"{100 * fraction:.{2 if n and n >= 2000 else 1}f}%"


def count(n: int | None) -> str:
    """Returns an integer with its thousands apart, such as `"269,722"`."""
    return MISSING if n is None else f"{n:,}"


def number(value: float | None) -> str:
    """Returns a measured number to four significant digits, such as `"0.02137"`."""
    if value is None:
        return MISSING
    return f"{value:.4g}" if math.isfinite(value) else str(value)


def duration(seconds: float | None) -> str:
    """Returns a time in the two units that matter.

    Example:

    >>> duration(4.21), duration(42.4), duration(200), duration(7500)
    ('4.2 s', '42 s', '3 min 20 s', '2 h 05 min')
    """
    if not is_finite(seconds):
        return MISSING
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_of_hour = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_of_hour:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def shape(lengths: Sequence[int]) -> str:
    """Returns an array's shape, such as `"32 × 32 × 3"`, kept on one line."""
    return "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}".join(str(length) for length in lengths)


def plain(value: object) -> str:
    """Returns an option's value as `--set` takes it: strings bare, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def is_finite(value: float | None) -> TypeGuard[float]:
    """Tells whether there is a value and it is neither NaN nor infinite."""
    return value is not None and math.isfinite(value)
