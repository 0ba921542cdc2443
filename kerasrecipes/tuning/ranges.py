"""Ranges and choices: the values that a search may give to an option."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.recipe.spec import frozen, to_plain


@dataclass(frozen=True)
class Range:
    """A range of numbers from `low` to `high`, as `uniform` and its siblings return it.

    Args:
        kind: `"uniform"`, `"log_uniform"`, `"integer"` or `"log_integer"`.
        low, high: The ends.
        widen: Whether the search may leave the range.
        step: The distance, or in a logarithmic range the factor, from one value to the next.
    """

    kind: str
    low: float
    high: float
    widen: bool = False
    step: float | None = None

    def to_dict(self) -> dict:
        """Returns the range as the plain data that search.json holds."""
        plain = {"range": self.kind, "low": self.low, "high": self.high}
        plain |= {"widen": True} if self.widen else {}
        return plain | ({} if self.step is None else {"step": self.step})

    @property
    def is_log(self) -> bool:
        """Whether all orders of magnitude are equally likely."""
        return self.kind.startswith("log")

    @property
    def number(self) -> type:
        """The type of its numbers, `int` or `float`."""
        return int if self.kind.endswith("integer") else float

    @property
    def values(self) -> tuple:
        """The values of a range with a step, from `low` up; none if it has no step.

        Example:

        >>> uniform(0.0, 0.9, step=0.3).values, log_integer(8, 64, step=2).values
        ((0.0, 0.3, 0.6, 0.9), (8, 16, 32, 64))
        """
        if self.step is None:
            return ()
        width = self.high / self.low if self.is_log else self.high - self.low
        steps = math.log(width, self.step) if self.is_log else width / self.step
        found = (
            self.low * self.step**index if self.is_log else self.low + index * self.step
            for index in range(math.floor(steps + 1e-9) + 1)
        )
        # What a user writes: 0.3, where three steps of 0.1 sum to 0.30000000000000004.
        return tuple(self.number(float(f"{value:.12g}")) for value in found)

    @property
    def examples(self) -> tuple:
        """The two ends: a recipe that accepts them accepts all numbers between them."""
        values = self.values or (self.low, self.high)
        return (values[0], values[-1])


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


def uniform(low: float, high: float, *, widen: bool = False, step: float | None = None) -> Range:
    """Returns the range from `low` to `high`, in which all numbers are equally likely.

    Args:
        low: Float.
        high: Float, greater than `low`.
        widen: Whether the search may leave the range, by a quarter of its width on either side, if
            the best trials lie at that bound. Not with `step`.
        step: Positive float, the distance from one value to the next, which starts at `low`.
            `None` for all numbers.

    Raises:
        ValueError: If the range is empty, or `step` leaves it fewer than two values.

    Example:

    >>> uniform(0.0, 0.99).examples
    (0.0, 0.99)
    """
    return _range("uniform", low, high, widen, step)


def log_uniform(
    low: float, high: float, *, widen: bool = False, step: float | None = None
) -> Range:
    """Returns the range from `low` to `high`, in which all orders of magnitude are equally likely.

    Args:
        low: Positive float.
        high: Float, greater than `low`.
        widen: As in `uniform`; the width is that of the logarithms.
        step: Float greater than 1, the factor from one value to the next. `None` for all numbers.

    Raises:
        ValueError: If the range is empty or reaches zero, or `step` leaves it fewer than two
            values.

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
    return _range("log_uniform", low, high, widen, step)


def integer(low: int, high: int, *, log: bool = False, step: int | None = None) -> Range:
    """Returns the range of integers from `low` to `high`, both included.

    Args:
        low: Integer.
        high: Integer, greater than `low`.
        log: Whether all orders of magnitude are equally likely, instead of all integers.
        step: Positive integer, the distance from one value to the next, which starts at `low`; with
            `log`, the factor, at least 2. `None` for all integers.

    Raises:
        ValueError: If the range is empty, or it reaches zero and `log` is `True`, or `step` leaves
            it fewer than two values.

    Example:

    >>> integer(8, 64, log=True).to_dict()
    {'range': 'log_integer', 'low': 8, 'high': 64}
    """
    check_integer("low", low, at_least=1 if log else None)
    check_integer("high", high)
    check_choice("log", log, (False, True))
    if step is not None:
        check_integer("step", step, at_least=2 if log else 1)
    return _range("log_integer" if log else "integer", low, high, False, step)


def log_integer(low: int, high: int, *, step: int | None = None) -> Range:
    """Returns `integer(low, high, log=True)`: all orders of magnitude are equally likely.

    Example:

    >>> log_integer(8, 64) == integer(8, 64, log=True)
    True
    """
    return integer(low, high, log=True, step=step)


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


def _range(kind: str, low, high, widen, step) -> Range:
    check_number("low", low)
    check_number("high", high)
    check_choice("widen", widen, (False, True))
    if not low < high or math.isclose(low, high, rel_tol=1e-12):
        raise ValueError(
            f"The range must not be empty: `low` must be less than `high`. Received: low={low!r}, "
            f"high={high!r}"
        )
    number = int if kind.endswith("integer") else float
    if step is None:
        return Range(kind, number(low), number(high), bool(widen))
    check_number("step", step)
    least, what = (1, "a factor") if kind.startswith("log") else (0, "a distance")
    if step <= least:
        raise ValueError(
            f"`step` must be {what} greater than {least}, from one value of the range to the next. "
            f"Received: step={step!r}"
        )
    if widen:
        raise ValueError(
            "A range with a `step` cannot be widened: give it the ends that it may reach. "
            f"Received: step={step!r}, widen={widen!r}"
        )
    stepped = Range(kind, number(low), number(high), False, number(step))
    if len(stepped.values) < 2:
        raise ValueError(
            "`step` must leave the range at least two values: the second one is beyond `high`. "
            f"Received: low={low!r}, high={high!r}, step={step!r}"
        )
    return stepped
