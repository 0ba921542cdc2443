"""What a history is given as, and the reader for it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasrecipes.base.text import shortened, without_controls
from kerasrecipes.diagnostics.reading.event_folders import event_files, read_events
from kerasrecipes.diagnostics.reading.pasted_text import read_text
from kerasrecipes.diagnostics.reading.run_folders import is_run, read_run
from kerasrecipes.diagnostics.reading.tables import read_table
from kerasrecipes.diagnostics.reading.values import as_epochs
from kerasrecipes.diagnostics.record.data_facts import Data
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series

EXPECTED = (
    "`history` must be what a training leaves behind: a `keras.callbacks.History`, a run or its "
    "folder, a dictionary of lists, the path of a CSV file, of a folder of TensorBoard's or of a "
    "text file, or the text of a progress bar."
)


def read(history: Any, fit: int = -1) -> Record:
    """Returns the record of what a training has left behind.

    Args:
        history: See `diagnose`.
        fit: Integer, which of several trainings in a text.

    Raises:
        TypeError: If it is nothing that a history is given as.
        ValueError: If there is no history in it.
    """
    if isinstance(history, str) and is_text(history):
        return Record(series=read_text(history, fit))
    if isinstance(history, str | os.PathLike):
        return _of_path(Path(history), fit)
    if isinstance(history, Mapping):
        return Record(series=_of_columns(history))
    if isinstance(getattr(history, "history", None), Mapping):
        return _of_keras(history)
    # A `Run`: known by its folder, as this row of packages must not know that one.
    if isinstance(folder := getattr(history, "folder", None), str | os.PathLike):
        return _of_path(Path(folder), fit)
    raise TypeError(f"{EXPECTED} Received: {shortened(repr(history), 60)}")


def is_text(history: str) -> bool:
    """Returns whether a string is the output of a training, and not a path."""
    return any(mark in history for mark in "\n\r\b\x1b") or " - loss: " in history


def _of_columns(columns: Mapping) -> Series:
    epochs = as_epochs(columns)
    if not {"loss", "val_loss"} & epochs.keys():
        names = ", ".join(map(repr, columns)) or "none"
        raise ValueError(
            "`history` must have the losses of the epochs under the name 'loss' (and 'val_loss'). "
            f"Received: the names {shortened(names, 80)}"
        )
    if not any(epochs.values()):
        raise ValueError("`history` must have one epoch at least. Received: empty lists")
    return Series(epochs)


def _of_keras(history: Any) -> Record:
    """Returns the record of a Keras `History`."""
    series = _of_columns(history.history)
    params = getattr(history, "params", None) or {}
    planned, steps = params.get("epochs"), params.get("steps")
    stopped = None
    if planned and len(series) < planned and getattr(history, "epoch", [0])[-1] + 1 < planned:
        by_callback = getattr(getattr(history, "model", None), "stop_training", False)
        stopped = "a callback" if by_callback else "interruption"
    return Record(
        series=Series(series.epochs, planned, stopped_by=stopped),
        data=Data(steps_per_epoch=steps) if steps else None,
    )


def _of_path(path: Path, fit: int) -> Record:
    if path.is_dir():
        if is_run(path):
            return read_run(path)
        for name in ("metrics.csv", "history.csv"):
            if (path / name).is_file():
                return Record(series=read_table(path / name))
        if event_files(path):
            return Record(series=read_events(path))
        runs = sorted(file.parent.name for file in path.glob("*/recipe.json"))
        hint = f" Runs in it: {', '.join(runs[:5])}." if runs else ""
        raise ValueError(
            "Expected a run's folder (recipe.json, history.csv), one of TensorBoard's "
            f"(*tfevents*), or one of Lightning's (metrics.csv).{hint} Received: {path}"
        )
    if not path.is_file():
        raise ValueError(f"{EXPECTED} Received: {str(path)!r}, where there is nothing")
    if "tfevents" in path.name:
        return Record(series=read_events(path.parent))
    if path.suffix.lower() in (".csv", ".tsv"):
        return Record(series=read_table(path))
    if path.suffix.lower() == ".json":
        return Record(series=_of_columns(_columns_in(path)))
    text = path.read_bytes().decode("utf-8", "replace")
    try:
        return Record(series=read_text(text, fit))
    except ValueError as error:
        raise ValueError(f"{without_controls(str(path))}: {error}") from error


def _columns_in(path: Path) -> Mapping:
    from kerasrecipes.base.damaged_files import read_json

    return read_json(path, {})
