"""Constraints of a search: what a trial may cost, beside the objective that it is scored by."""

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kerasrecipes.base.checks import check_number

# Quantities that are measured of each trial; all others are what its training logs.
PARAMETERS, SECONDS_PER_STEP = "parameters", "seconds_per_step"
_FORM = re.compile(r"\s*([A-Za-z_][\w./-]*)\s*(<=|<|>=|>)\s*(\S+)\s*")
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Constraint:
    """A bound that a trial must keep to.

    Args:
        quantity: `"parameters"`, `"seconds_per_step"`, or the name of a logged quantity.
        sign: `"<"`, `"<="`, `">"` or `">="`.
        bound: Float.

    Example:

    >>> str(constraint_of("parameters<1e6"))
    'parameters < 1000000'
    """

    quantity: str
    sign: str
    bound: float

    def __str__(self):
        return f"{self.quantity} {self.sign} {self.bound:.12g}"

    def holds(self, value: float) -> bool:
        """Returns whether a value keeps to the bound."""
        return _SIGNS[self.sign](value, self.bound)

    def broken_by(self, value: float) -> str:
        """Returns a sentence on a value that does not keep to the bound."""
        return f"{self.quantity} is {value:.6g}, not {self.sign} {self.bound:.12g}"


def constraint_of(given: str | Constraint) -> Constraint:
    """Returns a constraint that is given as text, such as `"seconds_per_step < 0.01"`.

    Raises:
        ValueError: If the text has another form.
    """
    if isinstance(given, Constraint):
        return given
    match = _FORM.fullmatch(given) if isinstance(given, str) else None
    try:
        bound = float(match[3].replace(",", "")) if match else None
    except ValueError:
        bound = None
    if match is None or bound is None:
        raise ValueError(
            "A constraint must be a quantity, <, <=, > or >=, and a number, such as "
            f"'parameters < 1e6'. Received: {given!r}"
        )
    check_number(match[1], bound)
    return Constraint(match[1], match[2], bound)


def constraints_of(given: str | Constraint | Iterable[str | Constraint]) -> tuple[Constraint, ...]:
    """Returns constraints, each of a quantity of its own and direction.

    Raises:
        ValueError: If one has another form, or bounds the same side of a quantity twice.
    """
    each = (given,) if isinstance(given, str | Constraint) else tuple(given)
    found = tuple(map(constraint_of, each))
    sides = [(one.quantity, one.sign[0]) for one in found]
    if len(set(sides)) < len(sides):
        raise ValueError(
            "`constraints` must bound each side of a quantity once. Received: "
            f"{', '.join(map(str, found))}"
        )
    return found
