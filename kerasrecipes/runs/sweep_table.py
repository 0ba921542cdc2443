"""Table of the scores of many runs, with means, differences and their intervals."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student_t

from kerasrecipes.base.checks import check_choice
from kerasrecipes.base.csv_table import read_rows, write_rows
from kerasrecipes.data.dataset import evaluation_split
from kerasrecipes.training.numerics import version_of

_KEYS = ("label", "seed", "fingerprint", "data_hash")


@dataclass(frozen=True)
class Sweep:
    """The scores of the runs of a sweep, as a table.

    Args:
        rows: A dictionary for each finished run: `label`, `seed`, the changed paths,
            `fingerprint`, `data_hash`, `numerics_version` (1 where it is missing), `epoch` (the
            chosen one), `validation_accuracy`, `validation_loss`, the same for `test`, further
            metrics, `parameters`, `seconds`, `backend`, `device` and the version of `keras`.

    Rows of different numerics versions are never put together: means and differences of a label
    are of its newest rows, and `remark` says what was left out.

    Example:

    >>> rows = [{"label": label, "seed": seed, "test_accuracy": accuracy / 100}
    ...         for label, accuracies in {"SGD": [90, 92, 91], "Adam": [93, 94, 95]}.items()
    ...         for seed, accuracy in enumerate(accuracies)]
    >>> round(Sweep(rows).summary()[1]["mean"], 4)
    0.94
    >>> difference, = Sweep(rows).differences("SGD")
    >>> f"{difference['mean']:+.3f} [{difference['low']:+.3f}, {difference['high']:+.3f}]"
    '+0.030 [+0.005, +0.055]'
    """

    rows: tuple[Mapping[str, Any], ...]

    @classmethod
    def read(cls, table: str | Path) -> "Sweep":
        """Returns the sweep in a CSV file. Neither recipe, data nor runs are needed.

        Raises:
            ValueError: If the file is not the table of a sweep.
        """
        rows = read_rows(Path(table))
        for column in _KEYS:
            if any(row.get(column) is None for row in rows):
                raise ValueError(
                    f"Every row of a sweep's table must have a {column!r}. Received: {table}"
                )
        return cls(tuple(rows))

    def write(self, table: str | Path) -> None:
        """Writes the table as a CSV file."""
        Path(table).parent.mkdir(parents=True, exist_ok=True)
        write_rows(Path(table), self.rows)

    def add(self, row: Mapping[str, Any]) -> "Sweep":
        """Returns the sweep with a further row, which replaces one of the same label and seed."""
        rows = {(r["label"], r["seed"]): r for r in (*self.rows, row)}
        return Sweep(tuple(rows.values()))

    @property
    def labels(self) -> list[str]:
        """The labels, in the order of the table."""
        return list(dict.fromkeys(row["label"] for row in self.rows))

    @property
    def metrics(self) -> list[str]:
        """The names of the columns whose numbers can be compared."""
        columns = dict.fromkeys(name for row in self.rows for name in row)
        return [
            name
            for name in columns
            if name.startswith(("train_", "validation_", "test_"))
            or name in ("epoch", "parameters", "seconds")
        ]

    @property
    def evaluation_split(self) -> str:
        """The split to compare scores on: test if there is one, else validation."""
        return evaluation_split([name.removesuffix("_accuracy") for name in self.metrics])

    @property
    def remark(self) -> str:
        """A sentence about rows of different numerics versions; empty if there are none."""
        versions = [version_of(row) for row in self.rows]
        older = sum(version < max(versions) for version in versions)
        if not older:
            return ""
        return (
            f"{older} of {len(versions)} rows are older than numerics version {max(versions)}: "
            "they are not compared with the others."
        )

    def summary(self, metric: str = "test_accuracy") -> list[dict[str, Any]]:
        """Returns the mean score of each label.

        Args:
            metric: One of `metrics`.

        Returns:
            A dictionary for each label: `label`, `n`, `mean`, `standard_deviation`, and `low` and
            `high`, the 95% t-interval of the mean. With fewer than two runs, the last three are
            `None`.

        Raises:
            ValueError: If no run has the metric.
        """
        return [
            {"label": label, **_describe(self._values(label, metric).values())}
            for label in self.labels
        ]

    def differences(self, baseline: str, metric: str = "test_accuracy") -> list[dict[str, Any]]:
        """Returns the difference between each other label and a baseline, paired by seed.

        Args:
            baseline: The label that is subtracted.
            metric: One of `metrics`.

        Returns:
            A dictionary for each other label, as in `summary`. The values are the differences
            `metric(label, seed) - metric(baseline, seed)` over the seeds that both labels have. If
            the rows of the two labels are of different numerics versions, there are none.

        Raises:
            ValueError: If there is no such label, or no run has the metric.
        """
        check_choice("baseline", baseline, self.labels)
        base = self._values(baseline, metric)
        found = []
        for label in self.labels:
            if label != baseline:
                same = self._version(label) == self._version(baseline)
                values = self._values(label, metric) if same else {}
                paired = [value - base[seed] for seed, value in values.items() if seed in base]
                found.append({"label": label, **_describe(paired)})
        return found

    def _values(self, label: str, metric: str) -> dict[int, float]:
        check_choice("metric", metric, self.metrics)
        newest = self._version(label)
        rows = [r for r in self.rows if r["label"] == label and version_of(r) == newest]
        return {row["seed"]: row[metric] for row in rows if is_number(row.get(metric))}

    def _version(self, label: str) -> int:
        """Returns the newest numerics version of a label's rows."""
        return max(version_of(row) for row in self.rows if row["label"] == label)


def is_number(value: object) -> bool:
    """Returns whether a cell holds a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _describe(values: Iterable[float]) -> dict[str, Any]:
    """Returns size, mean, standard deviation and the mean's 95% t-interval of a sample."""
    values = list(values)
    n = len(values)
    if n < 2:
        mean = values[0] if values else None
        return {"n": n, "mean": mean, "standard_deviation": None, "low": None, "high": None}
    mean, deviation = float(np.mean(values)), float(np.std(values, ddof=1))
    half_width = float(student_t.ppf(0.975, n - 1)) * deviation / math.sqrt(n)
    return {
        "n": n,
        "mean": mean,
        "standard_deviation": deviation,
        "low": mean - half_width,
        "high": mean + half_width,
    }
