"""Conditions on the values of listed runs, such as `optimizer=SGD`, and their order."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from kerasrecipes.base.checks import nearest
from kerasrecipes.runs.listing.small_files import ListedRun

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Condition(NamedTuple):
    """A condition on one value of a run.

    Args:
        path: The name of the value, such as `"test"` or `"optimizer.momentum"`.
        sign: `"="`, `"!="`, `"<"`, `"<="`, `">"` or `">="`.
        value: What it is compared with.
    """

    path: str
    sign: str
    value: Any

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Returns whether it holds for a run's values; one that is not set equals only nothing.

        Example:

        >>> values = {"optimizer": "SGD", "optimizer.momentum": 0.9}
        >>> Condition("optimizer.momentum", ">", 0.8).holds(values)
        True
        >>> Condition("optimizer.nesterov", "!=", True).holds(values)
        True
        """
        own = values.get(self.path)
        if self.sign in ("=", "!="):
            same = own == self.value or (own is None and self.value in ("", False))
            return same == (self.sign == "=")
        if not (_is_number(own) and _is_number(self.value)) and type(own) is not type(self.value):
            return False
        return _OPERATORS[self.sign](own, self.value)


def conditions(texts: Iterable[str], value_of: Callable[[str], Any]) -> list[Condition]:
    """Returns the conditions that texts such as `"optimizer=SGD"` and `"test>=0.9"` state.

    Args:
        texts: The texts.
        value_of: Function from the text of a value to the value.

    Raises:
        ValueError: If one states none.
    """
    found = []
    for text in texts:
        match = re.fullmatch(r"\s*([\w.]+)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*", text, re.DOTALL)
        if match is None:
            raise ValueError(
                "A condition must be a name, one of = != < <= > >=, and a value, in quotes, such "
                f"as 'optimizer=SGD' or 'test>=0.9'. Received: {text}"
            )
        found.append(Condition(match[1], match[2], value_of(match[3])))
    return found


def matching(runs: Sequence[ListedRun], wanted: Sequence[Condition]) -> list[ListedRun]:
    """Returns the runs for which all conditions hold.

    Raises:
        ValueError: If no run has the value of a condition.
    """
    for condition in wanted:
        _check_known(condition.path, runs)
    return [run for run in runs if all(c.holds(run.values) for c in wanted)]


def ordered(runs: Sequence[ListedRun], path: str, descending: bool) -> list[ListedRun]:
    """Returns runs by a value: numbers before texts, and runs without one last.

    Raises:
        ValueError: If no run has the value.
    """
    _check_known(path, runs)
    own = {id(run): run.values.get(path) for run in runs}
    some = [run for run in runs if own[id(run)] is not None]
    none = [run for run in runs if own[id(run)] is None]
    return [*sorted(some, key=lambda run: _key(own[id(run)]), reverse=descending), *none]


def _check_known(path: str, runs: Sequence[ListedRun]) -> None:
    known = dict.fromkeys(name for run in runs for name in run.values)
    if runs and path not in known:
        raise ValueError(
            f"No run here has a value {path!r}.{nearest(path, known)} Values: {', '.join(known)}."
        )


def _key(value: Any) -> tuple[int, float, str]:
    return (0, value, "") if _is_number(value) else (1, 0.0, str(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
