"""Ranges and choices: the values that a search may give to an option."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.recipe.spec import frozen, to_plain


@dataclass(frozen=True)
class Range:
    """A range of numbers from `low` to `high`; `uniform`, `log_uniform` and `integer` return it."""

    kind: str
    low: float
    high: float
    widen: bool = False

    def to_dict(self) -> dict:
        """Returns the range as the plain data that search.json holds."""
        plain = {"range": self.kind, "low": self.low, "high": self.high}
        return plain | ({"widen": True} if self.widen else {})

    @property
    def examples(self) -> tuple:
        """The two ends: a recipe that accepts them accepts all numbers between them."""
        return (self.low, self.high)


@dataclass(frozen=True)
class Choice:
    """A choice among values; `choice` returns it.

    Args:
        options: The values.
        spaces: For each value, the ranges of the options that only this value has.
    """

    options: tuple
    spaces: tuple[Mapping[str, "Range | Choice"], ...] = field(default=())

    def to_dict(self) -> dict:
        """Returns the choice as the plain data that search.json holds."""
        plain: dict = {"range": "choice", "options": [to_plain(option) for option in self.options]}
        if any(self.spaces):
            plain["spaces"] = [
                {path: below.to_dict() for path, below in space.items()} for space in self.spaces
            ]
        return plain

    @property
    def examples(self) -> tuple:
        """All the values."""
        return self.options


def uniform(low: float, high: float, *, widen: bool = False) -> Range:
    """Returns the range from `low` to `high`, in which all numbers are equally likely.

    Args:
        low: Float.
        high: Float, greater than `low`.
        widen: Whether the search may leave the range, by a quarter of its width on either side, if
            the best trials lie at that bound.

    Raises:
        ValueError: If the range is empty.

    Example:

    >>> uniform(0.0, 0.99).examples
    (0.0, 0.99)
    """
    return _range("uniform", low, high, widen)


def log_uniform(low: float, high: float, *, widen: bool = False) -> Range:
    """Returns the range from `low` to `high`, in which all orders of magnitude are equally likely.

    Args:
        low: Positive float.
        high: Float, greater than `low`.
        widen: As in `uniform`; the width is that of the logarithms.

    Raises:
        ValueError: If the range is empty or reaches zero.

    Example:

    >>> log_uniform(1e-4, 1e-1).to_dict()
    {'range': 'log_uniform', 'low': 0.0001, 'high': 0.1}
    """
    check_number("low", low)
    if low <= 0:
        raise ValueError(
            "`low` must be greater than 0, because zero has no logarithm. Use `uniform`, or a "
            f"small positive number. Received: low={low!r}"
        )
    return _range("log_uniform", low, high, widen)


def integer(low: int, high: int, *, log: bool = False) -> Range:
    """Returns the range of integers from `low` to `high`, both included.

    Args:
        low: Integer.
        high: Integer, greater than `low`.
        log: Whether all orders of magnitude are equally likely, instead of all integers.

    Raises:
        ValueError: If the range is empty, or it reaches zero and `log` is `True`.

    Example:

    >>> integer(8, 64, log=True).to_dict()
    {'range': 'log_integer', 'low': 8, 'high': 64}
    """
    check_integer("low", low, at_least=1 if log else None)
    check_integer("high", high)
    check_choice("log", log, (False, True))
    return _range("log_integer" if log else "integer", low, high, False)


def choice(*options: object) -> Choice:
    """Returns a choice among values, such as numbers, names of components, or `use(...)`.

    Numbers are ordered: the search expects a number between two good ones to be good. Other values
    are not ordered; the search drops those that are significantly worse than the best one.

    Args:
        *options: At least two different values. Or one dictionary whose keys are the values: each
            key leads to the ranges, by dotted path, of the options that only this value has.

    Raises:
        ValueError: If there are fewer than two values, or one is given twice.

    Example:

    >>> choice(32, 64, 128).options
    (32, 64, 128)
    >>> below = {"optimizer.momentum": uniform(0, 0.99)}
    >>> choice({"SGD": below, "Adam": {}}).options
    ('SGD', 'Adam')
    """
    spaces: tuple = ()
    if len(options) == 1 and isinstance(options[0], Mapping):
        spaces = tuple(dict(space) for space in options[0].values())
        options = tuple(options[0])
    options = tuple(frozen(option, "options") for option in options)
    if len(options) < 2 or any(option in options[:i] for i, option in enumerate(options)):
        raise ValueError(
            f"`options` must be at least two different values. Received: options={options!r}"
        )
    return Choice(options, spaces)


def _range(kind: str, low, high, widen) -> Range:
    check_number("low", low)
    check_number("high", high)
    check_choice("widen", widen, (False, True))
    if not low < high or math.isclose(low, high, rel_tol=1e-12):
        raise ValueError(
            f"The range must not be empty: `low` must be less than `high`. Received: low={low!r}, "
            f"high={high!r}"
        )
    number = int if kind.endswith("integer") else float
    return Range(kind, number(low), number(high), bool(widen))
