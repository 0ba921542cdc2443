"""`Run`: a run folder as a value. Whatever comes after training takes runs."""

import csv
import functools
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from kerasrecipes.recipe.recipe import Recipe


class Run:
    """A run folder: recipe, history, scores, predictions and the trained model.

    Everything is read when it is asked for. What an unfinished run does not have yet is empty.

    Args:
        folder: The run folder.

    Raises:
        ValueError: If the folder holds no recipe.json.

    Example:

    ```python
    run = kerasrecipes.load("saved_models/train_from_scratch-0123456789ab")
    run.metrics["test"]["accuracy"], run.history[-1]["val_loss"]
    run.load_model().predict(images)
    ```
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        if not (self.folder / "recipe.json").is_file():
            there = sorted(p.parent.name for p in self.folder.glob("*/recipe.json"))
            hint = f" Runs in it: {', '.join(there)}." if there else ""
            raise ValueError(f"Expected a run folder, with a recipe.json.{hint} Received: {folder}")

    def __repr__(self):
        return f"Run({str(self.folder)!r})"

    @property
    def name(self) -> str:
        """The folder's name: the script's and the recipe's fingerprint."""
        return self.folder.name

    @property
    def finished(self) -> bool:
        """Whether the run came to its end: metrics.json is the last file to be written."""
        return (self.folder / "metrics.json").is_file()

    @property
    def running(self) -> bool:
        """Whether a process is at work in the folder; one that was killed is not."""
        path = self.folder / "lock"
        if not path.is_file():
            return False
        try:
            with filelock.FileLock(path, blocking=False):
                return False
        except filelock.Timeout:
            return True

    @functools.cached_property
    def recipe(self) -> Recipe:
        """The recipe that was run."""
        return Recipe.read(self.folder)

    @functools.cached_property
    def history(self) -> list[dict[str, float]]:
        """A dictionary an epoch: losses, metrics, learning rate, seconds."""
        path = self.folder / "history.csv"
        if not path.is_file():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            rows = [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]
        return [{**row, "epoch": int(row["epoch"])} for row in rows]

    @functools.cached_property
    def metrics(self) -> dict[str, Any]:
        """The chosen epoch and its scores on validation and test."""
        return self._json("metrics.json")

    @functools.cached_property
    def data(self) -> dict[str, Any]:
        """What the images were: source, hash, sizes, class names, skipped files."""
        return self._json("data.json")

    @functools.cached_property
    def environment(self) -> dict[str, Any]:
        """Versions, backend, device, seed, wall time."""
        return self._json("environment.json")

    @functools.cached_property
    def predictions(self) -> Mapping[str, np.ndarray]:
        """Probabilities and labels on validation and test."""
        return self._arrays("predictions.npz")

    @functools.cached_property
    def examples(self) -> Mapping[str, np.ndarray]:
        """Pictures for the report: confident mistakes, augmented training images."""
        return self._arrays("examples.npz")

    def load_model(self):
        """Returns the trained model, compiled with the recipe's loss and metrics.

        Returns:
            A `keras.Model` that takes images as the data source gives them, `(batch, height,
            width, channels)`, and returns logits `(batch, classes)`.
        """
        import keras

        from kerasrecipes.training.compile import compile_arguments

        path = self.folder / "model.keras"
        if not path.is_file():
            raise ValueError(
                f"The run has no model.keras yet: train it first. Received: {self.folder}"
            )
        model = keras.saving.load_model(path)
        model.compile(**compile_arguments(self.recipe, self.data["class_names"]))
        return model

    def _json(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}

    def _arrays(self, name: str) -> dict[str, np.ndarray]:
        path = self.folder / name
        if not path.is_file():
            return {}
        with np.load(path, allow_pickle=False) as file:
            return dict(file)


def run_folder(directory: str | Path, name: str, recipe: Recipe) -> Path:
    """Returns where the run of a recipe is kept."""
    return Path(directory) / f"{name}-{recipe.fingerprint}"


def load(folder: str | Path) -> Run:
    """Returns the run in a folder.

    Raises:
        ValueError: If it is no run folder.
    """
    return Run(folder)


def find_runs(directory: str | Path) -> list[Run]:
    """Returns the runs in the folders of a directory, by name."""
    return [Run(path.parent) for path in sorted(Path(directory).glob("*/recipe.json"))]


def remove(folder: Path) -> None:
    """Deletes a run folder's contents, and nothing else: the folder must be a run's."""
    Run(folder)
    shutil.rmtree(folder)
