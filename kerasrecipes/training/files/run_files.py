"""Readers of the files of a run folder, which name the file and the way out if it is damaged."""

import csv
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerasrecipes.base.damaged_files import (
    DamagedFileError,
    check_archive,
    decoding,
    read_arrays,
    read_json,
)
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.recipe.qualified_names import CodeNotAllowedError
from kerasrecipes.training.examples import augmented_images, mistakes

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
    return read_json(path, _KINDS[name], _way_out(path)) if path.is_file() else {}


def read_diagnosis(folder: Path) -> Diagnosis | None:
    """Returns the diagnosis of a run; `None` if it was trained without the doctor."""
    path = folder / "findings.json"
    data = read_run_json(folder, path.name)
    if not data:
        return None
    with decoding(path, _way_out(path)):
        try:
            return Diagnosis.from_dict(data)
        except (AttributeError, TypeError) as error:
            raise ValueError(str(error)) from error


def read_record(folder: Path) -> Record | None:
    """Returns what was measured of a run; `None` if it was trained without the doctor."""
    path = folder / "record.json"
    if not path.is_file():
        return None
    with decoding(path, _way_out(path)):
        return Record.load(path)


def read_run_arrays(folder: Path, name: str) -> Mapping[str, np.ndarray]:
    """Returns the arrays in an `.npz` file of a run; empty if there is no such file."""
    path = folder / name
    if not path.is_file():
        return {}
    arrays = read_arrays(path, _way_out(path))
    with decoding(path, _way_out(path)):
        _CHECKS[name](arrays)
    return arrays


def load_model_file(path: Path, not_allowed: list[str]):
    """Returns the model in the model.keras of a run, not compiled.

    Args:
        path: Path of the file.
        not_allowed: Users' own modules that its layers may come from, and that are not imported.

    Raises:
        CodeNotAllowedError: If it has a layer that Keras does not know, and there are such modules.
        ValueError: If it is not there, or is damaged.
    """
    import keras

    from kerasrecipes.base.compilation_cache import keep_compiled

    if not path.is_file():
        raise ValueError(
            f"The run must have a model.keras: train it to its end. Received: {path.parent}"
        )
    check_archive(path, _way_out(path))
    keep_compiled()
    try:
        return keras.saving.load_model(path, compile=False)
    except TypeError as error:
        if not_allowed:
            raise CodeNotAllowedError(*not_allowed) from error
        raise


def read_history(folder: Path) -> History:
    """Returns the epochs in the history.csv of a run, as far as it can be read."""
    path = folder / "history.csv"
    if not path.is_file():
        return History([])
    rows: list[dict[str, Any]] = []
    try:
        with decoding(path, _way_out(path)):
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


def _check_predictions(arrays: Mapping[str, np.ndarray]) -> None:
    """Raises unless the predictions on each split have a label each."""
    for name, labels in arrays.items():
        split, _, kind = name.rpartition("_")
        if kind == "labels":
            shape = arrays[f"{split}_probabilities"].shape
            if len(shape) != 2 or shape[:1] != labels.shape:
                raise ValueError(f"{name} has the shape {labels.shape}, the predictions {shape}")


def _check_examples(arrays: Mapping[str, np.ndarray]) -> None:
    """Raises unless the columns are there that the pictures are read from."""
    mistakes(arrays), augmented_images(arrays)


def _check_explanations(arrays: Mapping[str, np.ndarray]) -> None:
    """Raises unless each method has a map of finite numbers for each mistake."""
    for name, maps in arrays.items():
        if maps.ndim != 3 or maps.dtype.kind != "f":
            raise ValueError(f"{name} must be maps, and is {maps.dtype} of shape {maps.shape}")


_CHECKS = {
    "predictions.npz": _check_predictions,
    "examples.npz": _check_examples,
    "explanations.npz": _check_explanations,
}


def _way_out(path: Path) -> str:
    return f"Put back a copy of it, or {_WAYS_OUT[path.name].format(folder=path.parent)}."
