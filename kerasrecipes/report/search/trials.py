"""Options of a search as axes, and the positions of its trials on them."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kerasrecipes.base.csv_table import from_cell
from kerasrecipes.page.formats import number, plain
from kerasrecipes.tuning.trial_rows import ranges_in


@dataclass(frozen=True)
class Option:
    """An option that was searched, as an axis from 0 to 1.

    Args:
        path: Its dotted path.
        labels: Its values as text, in the order of the axis. Empty if the option has a range.
        low: The lower end of its range.
        high: The upper end of its range.
        log: Whether the axis is logarithmic.
    """

    path: str
    labels: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False

    def position(self, value: object) -> float:
        """Returns the position of a value on the axis; NaN for `None`, an option that is unset."""
        if value is None:
            return math.nan
        if self.labels:
            return (self.labels.index(written(value)) + 0.5) / len(self.labels)
        low, high, at = (self._scaled(number) for number in (self.low, self.high, value))
        return (at - low) / (high - low)

    def ticks(self) -> list[tuple[float, str]]:
        """Returns positions and texts of ticks: all labels, or a few numbers of the range."""
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
    """Returns the options of a search, one for each path.

    Args:
        settings: The contents of search.json.
        trials: The rows of trials.csv. Their values extend an axis whose range was widened.
    """
    given: dict[str, list[Mapping]] = {}
    for path, fields in ranges_in(settings["space"]):
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


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """Returns what paths are called where there is little room: by their last part, if it is one's.

    Example:

    >>> short_names(["optimizer.momentum", "augment.0.factor", "augment.2.factor"])
    {'optimizer.momentum': 'momentum', 'augment.0.factor': 'augment.0.factor', 'augment.2.factor': \
'augment.2.factor'}
    """
    last = {path: path.rpartition(".")[2] for path in paths}
    uses = Counter(last.values())
    return {path: name if uses[name] == 1 else path for path, name in last.items()}


def is_of(name: str, path: str) -> bool:
    """Returns whether a hyperparameter's name, "path" or "path if condition", has this path."""
    return name == path or name.startswith(f"{path} if ")


def spans(option: Option, region: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Returns the values of an option that are in a region, as intervals of its axis."""
    if not option.labels:
        return [(option.position(region["low"]), option.position(region["high"]))]
    if region["options"] is not None:
        given = region["options"]
        cells = [str(each) for each in (json.loads(given) if isinstance(given, str) else given)]
        kept = [label for label in option.labels if any(_same(label, cell) for cell in cells)]
    else:
        kept = [n for n in option.labels if region["low"] <= float(n) <= region["high"]]
    half = 0.4 / len(option.labels)
    centres = [option.position_of_label(label) for label in kept]
    return [(centre - half, centre + half) for centre in centres]


def written(value: object) -> str:
    """Returns the value of an option as the page shows it; a component is shown by its name.

    Example:

    >>> written(0.0123456), written([64, 64]), written({"use": "OneCycle"})
    ('0.01235', '[64, 64]', 'OneCycle')
    """
    if isinstance(value, Mapping) and set(value) == {"use"}:
        return str(value["use"])
    return number(value) if isinstance(value, float) else plain(value)


def score_text(objective: str, score: float | None) -> str:
    """Returns a score as text: an accuracy in percent, any other score as a number."""
    if score is not None and math.isfinite(score) and objective.endswith("accuracy"):
        return f"{100 * score:.2f}%"
    return number(score)


def _same(label: str, cell: str) -> bool:
    """Returns whether a label stands for the value in a cell of regions.csv."""
    return label in (cell, written(from_cell(cell)))
