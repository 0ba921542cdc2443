"""Plain files of a run folder, JSON and CSV: readers that name the file and the way out.

They need neither NumPy nor Keras, so that hundreds of runs are listed at once.
"""

import csv
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

from kerasrecipes.base.damaged_files import DamagedFileError, decoding, read_json

# What must be in a file, by dotted path.
_KINDS: dict[str, dict[str, type]] = {
    "metrics.json": {
        "epoch": int,
        "validation.n": int,
        "validation.accuracy": Real,
        "validation.accuracy_interval": list,
        "parameters.total": int,
        "parameters.trainable": int,
    },
    "data.json": {
        "source": str,
        "hash": str,
        "sizes.train": int,
        "class_names": list,
        "image_shape": list,
        "value_range": list,
    },
    "environment.json": {},
    "findings.json": {"findings": list, "passed": list, "not_run": list, "ignored": list},
    "adversarial.json": {"split": str, "n": int, "accuracy": Real, "rows": list, "warnings": list},
    "corruptions.json": {
        "split": str,
        "n": int,
        "accuracy": Real,
        "strengths": list,
        "accuracies": dict,
        "mean": Real,
        "interval": list,
    },
}

_WAYS_OUT = {
    "metrics.json": "delete it, and `kerasrecipes train {folder}` trains the run again",
    "data.json": "delete it, and `kerasrecipes train {folder}` goes on from the last checkpoint if "
    "the run is not finished, and else trains it again",
    "environment.json": "train the run again by `kerasrecipes train {folder} --overwrite`",
    "model.keras": "train the run again by `kerasrecipes train {folder} --overwrite`",
    "predictions.npz": "delete it: the report then does without, and `kerasrecipes evaluate "
    "{folder} --data ...` predicts anew",
    "examples.npz": "delete it: the report then does without its pictures",
    "explanations.npz": "delete it: the report then computes it anew",
    "adversarial.json": "run `kerasrecipes evaluate {folder} --adversarial` again",
    "adversarial.npz": "run `kerasrecipes evaluate {folder} --adversarial` again",
    "corruptions.json": "run `kerasrecipes evaluate {folder} --corrupted` again",
    "snapshots.npz": "delete it: the run is then as one without snapshots",
    "findings.json": "delete it: the report then shows what the history alone tells",
    "record.json": "delete it: the report then shows what the history alone tells",
    "history.csv": "delete it: nothing but the curves of the report depends on it",
}

# The time of a run is the sum of its epochs' in thousandths.
_ROUNDING_SECONDS = 0.001


class History(NamedTuple):
    """The epochs in a history.csv.

    Args:
        rows: A dictionary for each epoch, up to the first that cannot be read.
        damage: `None`, or why the other epochs cannot be read.
    """

    rows: list[dict[str, Any]]
    damage: DamagedFileError | None = None

    def remark(self, wall_seconds: float | None) -> str:
        """Returns a sentence about epochs that are missing; empty if none are.

        Args:
            wall_seconds: The time that all epochs took, as a finished run records it.
        """
        if self.damage is not None:
            return f"{self.damage} What it says of the first {len(self.rows)} epochs can be read."
        logged = [row["seconds"] for row in self.rows if "seconds" in row]
        if wall_seconds is None or len(logged) < len(self.rows):
            return ""
        if abs(sum(logged) - wall_seconds) <= _ROUNDING_SECONDS:
            return ""
        return (
            f"history.csv is not whole: its {len(logged)} epochs took {sum(logged):.1f} s, and the "
            f"training took {wall_seconds:.1f} s. Put back a copy of it."
        )


def read_run_json(folder: Path, name: str) -> dict[str, Any]:
    """Returns the dictionary in a JSON file of a run; empty if there is no such file."""
    path = folder / name
    return read_json(path, _KINDS[name], way_out(path)) if path.is_file() else {}


def read_history(folder: Path) -> History:
    """Returns the epochs in the history.csv of a run, as far as it can be read."""
    path = folder / "history.csv"
    if not path.is_file():
        return History([])
    rows: list[dict[str, Any]] = []
    try:
        with decoding(path, way_out(path)):
            lines = path.read_text("utf-8", "replace").splitlines(keepends=True)
            header, *cells = csv.reader(lines)
            for number, line in enumerate(cells, start=1):
                rows.append(_epoch(header, line, number))
            if not lines[-1].endswith("\n"):
                rows.pop()
                raise ValueError("its last line is cut")
    except DamagedFileError as damage:
        return History(rows, damage)
    return History(rows)


def _epoch(header: list[str], cells: list[str], number: int) -> dict[str, Any]:
    try:
        row = {name: float(c) for name, c in zip(header, cells, strict=True) if c}
    except ValueError as error:
        raise ValueError(f"epoch {number}: {error}") from error
    if row.get("epoch") != number:
        raise ValueError(f"the epoch after {number - 1} is {row.get('epoch')}")
    return {**row, "epoch": number}


def way_out(path: Path) -> str:
    """Returns what to do if a file of a run folder is damaged."""
    # A snapshot's model is remedied as the run's.
    remedy = _WAYS_OUT.get(path.name, _WAYS_OUT["model.keras"])
    return f"Put back a copy of it, or {remedy.format(folder=path.parent)}."
