"""Run folders of this package, read by their files alone."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from kerasrecipes.base.damaged_files import read_json
from kerasrecipes.diagnostics.reading.tables import read_table
from kerasrecipes.diagnostics.record.data_facts import Data
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.recipe.correcting_classes import class_corrections
from kerasrecipes.recipe.recipe_file import read_plain


def is_run(folder: Path) -> bool:
    """Returns whether a folder is that of a run."""
    return (folder / "recipe.json").is_file()


def read_run(folder: Path) -> Record:
    """Returns what a run folder says of its training.

    Raises:
        ValueError: If no epoch is finished, or a file is damaged.
    """
    table = folder / "history.csv"
    if not table.is_file():
        raise ValueError(
            "Expected a run with a history.csv, which is written after its first epoch. Received: "
            f"{folder}"
        )
    recipe, series = read_plain(folder), read_table(table)
    described, metrics = _json(folder / "data.json"), _json(folder / "metrics.json")
    sizes = described.get("sizes", {})
    samples, batch = sizes.get("train"), recipe.get("batch_size")
    batch = samples if batch == "all" else batch
    steps = recipe.get("steps_per_epoch") or (math.ceil(samples / batch) if samples else None)
    data = Data(
        "arrays",
        samples,
        batch,
        steps,
        shuffled=True,
        validation_samples=sizes.get("validation"),
        class_weights=bool(class_corrections(recipe)),
    )
    return Record(data=data, series=_ended(series, recipe, metrics, steps), recipe=recipe)


def _ended(series: Series, recipe: dict, metrics: dict, steps: int | None) -> Series:
    """Returns a run's series with how it ended."""
    planned, bad = recipe.get("epochs"), metrics.get("diverged")
    stopped = None
    if bad:
        stopped = "divergence"
    elif planned and len(series) < planned:
        stopped = _stopping(recipe) if metrics else "interruption"
    at = bad["step"] + (bad["epoch"] - 1) * (steps or 0) if bad else None
    return replace(series, planned_epochs=planned, bad_step=at, stopped_by=stopped)


def _stopping(recipe: dict) -> str:
    """Returns the name of a recipe's callback that may have ended a training."""
    names = [str(callback.get("use", "")) for callback in recipe.get("callbacks", ())]
    return next((name for name in names if "Stop" in name), "a callback")


def _json(path: Path) -> dict[str, Any]:
    return read_json(path, {}) if path.is_file() else {}
