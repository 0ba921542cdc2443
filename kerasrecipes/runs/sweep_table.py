"""Table of the scores of many runs, with means, differences and their intervals."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasrecipes.base.checks import check_choice
from kerasrecipes.base.csv_table import read_rows, write_rows
from kerasrecipes.base.intervals import Mean, accuracy_error, holm
from kerasrecipes.data.dataset import evaluation_split
from kerasrecipes.page.notebook import fragment
from kerasrecipes.page.tables import aligned, html_table
from kerasrecipes.runs.sweep_text import shown_rows, title
from kerasrecipes.training.numerics import version_of

_KEYS = ("label", "seed", "fingerprint", "data_hash")


@dataclass(frozen=True, repr=False)
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

    def __repr__(self):
        return "\n".join([title(self), *aligned(shown_rows(self))])

    def _repr_html_(self) -> str:
        """Returns the table that a notebook shows."""
        return fragment(title(self), html_table(shown_rows(self)))

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
            `high`, the 95% t-interval of the mean. Where all runs have the same accuracy, the
            interval is that of the sampling error of the images. What is unknown is `None`: the
            last three with fewer than two runs; the interval where all runs have the same score and
            the metric is no accuracy.

        Raises:
            ValueError: If no run has the metric.
        """
        found = []
        for label in self.labels:
            scored = list(self._scored(label, metric).values())
            mean = Mean.of([row[metric] for row in scored], _errors(scored, metric))
            found.append({"label": label, **_without_p(mean)})
        return found

    def differences(
        self,
        baseline: str,
        metric: str = "test_accuracy",
        labels: Iterable[str] | None = None,
    ) -> list[dict[str, Any]]:
        """Returns the difference between each other label and a baseline, paired by seed.

        Args:
            baseline: The label that is subtracted.
            metric: One of `metrics`.
            labels: The labels that are compared with the baseline. Defaults to all others.

        Returns:
            A dictionary for each other label, as in `summary`, and besides: `p_value`, of a true
            difference of 0, and `holm_p_value`, the same corrected for the number of differences.
            Of ten differences that are all 0, one or more intervals exclude 0 in about three of ten
            sweeps, while a `holm_p_value` is less than 0.05 in at most one of twenty. The values
            are the differences `metric(label, seed) - metric(baseline, seed)` over the seeds that
            both labels have. If the rows of the two labels are of different numerics versions,
            there are none.

        Raises:
            ValueError: If there is no such label, no run has the metric, or two rows that would be
                paired are of different data.
        """
        others = [label for label in self.labels if label != baseline]
        labels = others if labels is None else list(labels)
        check_choice("baseline", baseline, self.labels)
        for label in labels:
            check_choice("labels", label, self.labels)
        means = [self._difference(baseline, label, metric) for label in labels]
        corrected = iter(holm([mean.p_value for mean in means if mean.p_value is not None]))
        return [
            {
                "label": label,
                **dataclasses.asdict(mean),
                "holm_p_value": None if mean.p_value is None else next(corrected),
            }
            for label, mean in zip(labels, means, strict=True)
        ]

    def _difference(self, baseline: str, label: str, metric: str) -> Mean:
        """Returns the mean difference between two labels, paired by seed."""
        base = self._scored(baseline, metric)
        if self._version(label) != self._version(baseline):
            return Mean(0)
        scored = self._scored(label, metric)
        pairs = [(row, base[seed]) for seed, row in scored.items() if seed in base]
        for row, other in pairs:
            hashes = [each.get("data_hash") for each in (row, other)]
            if hashes[0] != hashes[1]:
                raise ValueError(
                    "Only runs on the same data can be paired. Compare others by the means of "
                    f"`summary`, or leave one out by `labels`. Received: {label!r} and "
                    f"{baseline!r}, whose data with seed {row['seed']} have the hashes "
                    f"{str(hashes[0])[:12]} and {str(hashes[1])[:12]}"
                )
        # As if the images of the two were different ones, because how often the two disagree on the
        # same images is not in the table.
        errors = [_errors([each[side] for each in pairs], metric) for side in (0, 1)]
        differences = [row[metric] - other[metric] for row, other in pairs]
        return Mean.of(differences, np.hypot(*errors))

    def _scored(self, label: str, metric: str) -> dict[int, Mapping[str, Any]]:
        """Returns the newest rows of a label that have the metric, by seed."""
        check_choice("metric", metric, self.metrics)
        newest = self._version(label)
        rows = [r for r in self.rows if r["label"] == label and version_of(r) == newest]
        return {row["seed"]: row for row in rows if is_number(row.get(metric))}

    def _version(self, label: str) -> int:
        """Returns the newest numerics version of a label's rows."""
        return max(version_of(row) for row in self.rows if row["label"] == label)


def is_number(value: object) -> bool:
    """Returns whether a cell holds a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _errors(rows: Sequence[Mapping[str, Any]], metric: str) -> np.ndarray:
    """Returns the standard errors of accuracies; NaN for other metrics, or if unknown."""
    split, _, name = metric.partition("_")
    size = f"{split}_n" if name.endswith("accuracy") else ""
    return np.array(
        [accuracy_error(row[metric], row[size]) if row.get(size) else np.nan for row in rows]
    )


def _without_p(mean: Mean) -> dict[str, Any]:
    described = dataclasses.asdict(mean)
    # That a mean score is 0 is no hypothesis.
    del described["p_value"]
    return described
