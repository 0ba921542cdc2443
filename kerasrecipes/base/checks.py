"""Checks of arguments, with errors that state what was expected, what came and the nearest fix."""

import difflib
import numbers
from collections.abc import Iterable
from typing import Any


def nearest(name: object, options: Iterable[str]) -> str:
    """Returns `" Did you mean 'x'?"` with the option most similar to `name`, or an empty string.

    Example:

    >>> nearest("Adamm", ["Adam", "SGD"])
    " Did you mean 'Adam'?"
    """
    options = list(options)
    by_lower = {option.lower(): option for option in options}
    matches = difflib.get_close_matches(str(name).lower(), by_lower, n=1, cutoff=0.5)
    return f" Did you mean {by_lower[matches[0]]!r}?" if matches else ""


def check_choice(name: str, value: object, choices: Iterable[object]) -> None:
    """Raises a `ValueError` unless `value` is one of `choices`."""
    choices = list(choices)
    if not any(value is choice or value == choice for choice in choices):
        hint = nearest(value, [c for c in choices if isinstance(c, str)])
        listed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"`{name}` must be one of {listed}.{hint} Received: {name}={value!r}")


def check_boolean(name: str, value: object) -> None:
    """Raises a `TypeError` unless `value` is `True` or `False`."""
    if not isinstance(value, bool):
        raise TypeError(f"`{name}` must be True or False. Received: {name}={value!r}")


def check_number(
    name: str,
    value: object,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
) -> None:
    """Raises unless `value` is a finite real number within the given bounds.

    Example:

    >>> check_number("rate", 1.0, at_least=0, below=1)
    Traceback (most recent call last):
    ...
    ValueError: `rate` must be a number in [0, 1). Received: rate=1.0
    """
    expected = f"`{name}` must be a number{_interval(at_least, above, at_most, below)}."
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{expected} Received: {name}={value!r}")
    number: Any = value  # Of any real type, which mypy cannot compare with bounds.
    inside = (
        float("-inf") < number < float("inf")
        and (at_least is None or number >= at_least)
        and (above is None or number > above)
        and (at_most is None or number <= at_most)
        and (below is None or number < below)
    )
    if not inside:
        raise ValueError(f"{expected} Received: {name}={value!r}")


def check_integer(name: str, value: object, *, at_least: int | None = None) -> None:
    """Raises unless `value` is an integer of at least `at_least`."""
    bound = "" if at_least is None else f" of at least {at_least}"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"`{name}` must be an integer{bound}. Received: {name}={value!r}")
    if at_least is not None and value < at_least:
        raise ValueError(f"`{name}` must be an integer{bound}. Received: {name}={value!r}")


def check_rank(name: str, shape: tuple[int | None, ...], rank: int, axes: str) -> None:
    """Raises a `ValueError` unless `shape` has `rank` axes. `axes` names them in the message."""
    if len(shape) != rank:
        raise ValueError(f"`{name}` must have shape {axes}. Received: {name}.shape={tuple(shape)}")


def _interval(at_least, above, at_most, below) -> str:
    """Returns the bounds in mathematical notation, such as `" in [0, 1)"`."""
    low = at_least if at_least is not None else above
    high = at_most if at_most is not None else below
    if low is None and high is None:
        return ""
    if high is None:
        return f" of at least {low}" if at_least is not None else f" greater than {low}"
    if low is None:
        return f" of at most {high}" if at_most is not None else f" less than {high}"
    opening = "[" if at_least is not None else "("
    closing = "]" if at_most is not None else ")"
    return f" in {opening}{low}, {high}{closing}"
