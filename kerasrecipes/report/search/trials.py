"""Options and trials of a search, as positions on the axes of its figures."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerasrecipes.base.csv_table import from_cell
from kerasrecipes.page.formats import number, plain

# The columns of trials.csv besides the values of the options.
TRIAL_COLUMNS = (
    "trial", "rung", "epochs", "cost_epochs", "parent", "status", "score", "cause", "seconds",
)  # fmt: skip


@dataclass(frozen=True)
class Option:
    """An option that was searched, as an axis from 0 to 1.

    Args:
        path: The dotted path of the option.
        labels: Its values as texts, in the order of the axis; empty if the option has a range.
        low: The smallest number of its range.
        high: The largest number of its range.
        log: Whether the axis is logarithmic.
    """

    path: str
    labels: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False

    def position(self, value: object) -> float:
        """Returns the position of a value on the axis; NaN if the value is `None`."""
        if value is None:
            return math.nan
        if self.labels:
            return (self.labels.index(written(value)) + 0.5) / len(self.labels)
        low, high, at = (self._scaled(number) for number in (self.low, self.high, value))
        return (at - low) / (high - low)

    def ticks(self) -> list[tuple[float, str]]:
        """Returns the positions and texts of ticks: for every value, or along the range."""
        if self.labels:
            return [(self.position_of_label(label), label) for label in self.labels]
        if self.log:
            exponents = range(
                math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9) + 1
            )
            values = [10.0**exponent for exponent in exponents]
            if len(values) >= 2:
                step = math.ceil(len(values) / 5)
                return [(self.position(value), f"{value:g}") for value in values[::step]]
            values = [self.low, math.sqrt(self.low * self.high), self.high]
        else:
            values = [self.low, (self.low + self.high) / 2, self.high]
        return [(self.position(value), f"{value:.3g}") for value in values]

    def position_of_label(self, label: str) -> float:
        """Returns the position of a label on the axis."""
        return (self.labels.index(label) + 0.5) / len(self.labels)

    def _scaled(self, value: Any) -> float:
        return math.log10(value) if self.log else float(value)


def options_of(settings: Mapping[str, Any], trials: Sequence[Mapping[str, Any]]) -> list[Option]:
    """Returns the options of a search. A path that occurs under several choices is one option.

    Args:
        settings: The contents of search.json.
        trials: The rows of trials.csv. They may lie outside the ranges of the settings, if ranges
            were widened.
    """
    given: dict[str, list[Mapping]] = {}
    for path, fields in _walk(settings["space"]):
        given.setdefault(path, []).append(fields)
    options = []
    for path, ranges in given.items():
        tried = [row[path] for row in trials if row.get(path) is not None]
        if any(fields["range"] == "choice" for fields in ranges):
            values = [option for fields in ranges for option in fields.get("options", ())] + tried
            if all(isinstance(value, int | float) for value in values):
                values.sort()
            options.append(Option(path, tuple(dict.fromkeys(map(written, values)))))
        else:
            ends = [fields[end] for fields in ranges for end in ("low", "high")] + tried
            log = all(fields["range"].startswith("log") for fields in ranges)
            options.append(Option(path, low=min(ends), high=max(ends), log=log))
    return options


def is_of(name: str, path: str) -> bool:
    """Returns whether a hyperparameter's name is a path, or "path if condition"."""
    return name == path or name.startswith(f"{path} if ")


def spans(option: Option, region: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Returns the part of an option that lies in a region, as intervals of its axis."""
    if not option.labels:
        return [(option.position(region["low"]), option.position(region["high"]))]
    remaining = region["options"]
    if remaining is not None:
        remaining = json.loads(remaining) if isinstance(remaining, str) else remaining
        cells = [str(value) for value in remaining]
        kept = [label for label in option.labels if any(_same(label, cell) for cell in cells)]
    else:
        kept = [n for n in option.labels if region["low"] <= float(n) <= region["high"]]
    half = 0.4 / len(option.labels)
    centres = [option.position_of_label(label) for label in kept]
    return [(centre - half, centre + half) for centre in centres]


def written(value: object) -> str:
    """Returns the text of an option's value. A component is written by its name.

    Example:

    >>> written(0.0123456), written([64, 64]), written({"use": "OneCycle"})
    ('0.01235', '[64, 64]', 'OneCycle')
    """
    if isinstance(value, Mapping) and set(value) == {"use"}:
        return str(value["use"])
    return number(value) if isinstance(value, float) else plain(value)


def score_text(objective: str, score: float | None) -> str:
    """Returns the text of a score: an accuracy in percent, any other score as a number."""
    if score is not None and math.isfinite(score) and objective.endswith("accuracy"):
        return f"{100 * score:.2f}%"
    return number(score)


def _walk(space: Mapping[str, Mapping]) -> Iterator[tuple[str, Mapping]]:
    for path, fields in space.items():
        yield path, fields
        for inner in fields.get("spaces", ()):
            yield from _walk(inner)


def _same(label: str, cell: str) -> bool:
    """Returns whether a label stands for the value in a cell of a table."""
    return label in (cell, written(from_cell(cell)))
