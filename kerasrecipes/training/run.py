"""Run folders as values, and functions that find, load and remove them."""

import csv
import functools
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from kerasrecipes.base.files import is_locked
from kerasrecipes.data.dataset import evaluation_split
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.training.numerics import NUMERICS_VERSION, version_of


class Run:
    """A run folder: recipe, history, scores, predictions and the trained model.

    Each attribute is read from its file on first use. If an unfinished run does not have the file
    yet, the attribute is empty.

    Args:
        folder: The run folder.

    Raises:
        ValueError: If the folder holds no recipe.json.

    Example:

    ```python
    run = kerasrecipes.load("saved_models/train_from_scratch-0123456789ab-01234567-v2")
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
        """The name of the folder; see `run_folder`."""
        return self.folder.name

    @property
    def numerics_version(self) -> int:
        """The version of the numbers that the run trains to; see `NUMERICS_VERSION`."""
        return version_of(self.environment)

    def is_of(self, fingerprint: str, data_hash: str) -> bool:
        """Returns whether the run stands for a recipe: same recipe, data and numerics version."""
        return (
            self.recipe.fingerprint == fingerprint
            and self.data.get("hash") == data_hash
            and self.numerics_version == NUMERICS_VERSION
        )

    @property
    def finished(self) -> bool:
        """Whether the run is finished. metrics.json is the last file that a run writes."""
        return (self.folder / "metrics.json").is_file()

    @property
    def running(self) -> bool:
        """Whether a process is at work in the folder now."""
        return is_locked(self.folder)

    @functools.cached_property
    def recipe(self) -> Recipe:
        """The recipe that the run trains."""
        return Recipe.read(self.folder)

    @functools.cached_property
    def history(self) -> list[dict[str, float]]:
        """A dictionary for each epoch: losses, metrics, learning rate, seconds."""
        path = self.folder / "history.csv"
        if not path.is_file():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            rows = [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]
        return [{**row, "epoch": int(row["epoch"])} for row in rows]

    @functools.cached_property
    def metrics(self) -> dict[str, Any]:
        """The chosen epoch, and the model's scores on validation and test."""
        return self._json("metrics.json")

    @property
    def diverged(self) -> str | None:
        """A sentence about the step at which the loss was not finite; `None` if it always was."""
        step = self.metrics.get("diverged")
        if step is None:
            return None
        epoch = self.metrics["epoch"]
        kept = f"those of epoch {epoch}" if epoch else "the initial ones"
        return (
            f"The loss was not finite at epoch {step['epoch']}, step {step['step']}, where the "
            f"training ended: the weights kept are {kept}."
        )

    @property
    def evaluation_split(self) -> str | None:
        """The split of the score to quote: test if there is one, else validation.

        It is `None` before the run is finished.
        """
        scored = [split for split in ("validation", "test") if self.metrics.get(split)]
        return evaluation_split(scored) if scored else None

    @functools.cached_property
    def data(self) -> dict[str, Any]:
        """A description of the images: source, hash, sizes, class names, skipped files."""
        return self._json("data.json")

    @functools.cached_property
    def environment(self) -> dict[str, Any]:
        """A description of the environment: versions, backend, device, seed, wall time."""
        return self._json("environment.json")

    @functools.cached_property
    def predictions(self) -> Mapping[str, np.ndarray]:
        """The predicted probabilities and the labels on validation and test."""
        return self._arrays("predictions.npz")

    @property
    def predicted_splits(self) -> list[str]:
        """The splits that `predictions` covers."""
        suffix = "_labels"
        return [name.removesuffix(suffix) for name in self.predictions if name.endswith(suffix)]

    @functools.cached_property
    def examples(self) -> Mapping[str, np.ndarray]:
        """Pictures for the report; see `kerasrecipes.training.examples`."""
        return self._arrays("examples.npz")

    def load_model(self):
        """Returns the trained model, compiled with the recipe's loss and metrics.

        Returns:
            A `keras.Model` that takes images as the data source returns them, of shape `(batch,
            height, width, channels)`, and returns logits `(batch, classes)`.

        Raises:
            ValueError: If the run is not finished and has no model yet.
        """
        import keras

        from kerasrecipes.base.compilation_cache import keep_compiled
        from kerasrecipes.training.compile import compile_arguments

        path = self.folder / "model.keras"
        if not path.is_file():
            raise ValueError(
                f"The run must have a model.keras: train it to its end. Received: {self.folder}"
            )
        keep_compiled()
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


class RunFolderName(NamedTuple):
    """The parts of a run folder's name.

    Args:
        name: The name that was given to `train`.
        fingerprint: The fingerprint of the recipe.
    """

    name: str
    fingerprint: str

    @classmethod
    def of(cls, folder: str) -> "RunFolderName | None":
        """Returns the parts of a name; `None` if it is not the name of a run folder.

        Runs of numerics version 1 are called `<name>-<fingerprint>`.

        Example:

        >>> RunFolderName.of("mine-0123456789ab-01234567-v2")
        RunFolderName(name='mine', fingerprint='0123456789ab')
        >>> RunFolderName.of("mine-0123456789ab").name, RunFolderName.of("mine")
        ('mine', None)
        """
        found = re.fullmatch(r"(.+?)-([0-9a-f]{12})(-[0-9a-f]{8}-v\d+)?", folder, re.DOTALL)
        return cls(found[1], found[2]) if found else None


def run_folder(directory: str | Path, name: str, fingerprint: str, data_hash: str) -> Path:
    """Returns the path of a run folder, which need not exist.

    It is `<name>-<fingerprint>-<data>-v<numerics version>`. `<data>` is the beginning of the hash
    of the data: local paths are no part of a fingerprint, so that two folders of images may have
    the same one.
    """
    return Path(directory) / f"{name}-{fingerprint}-{data_hash[:8]}-v{NUMERICS_VERSION}"


def runs_of(directory: str | Path, name: str, fingerprint: str) -> list[Run]:
    """Returns all runs of a recipe under a name: on any data, of any numerics version."""
    parts = RunFolderName(name, fingerprint)
    return [run for run in find_runs(directory) if RunFolderName.of(run.name) == parts]


def load(folder: str | Path) -> Run:
    """Returns the run in a folder.

    Raises:
        ValueError: If the folder is not a run folder.
    """
    return Run(folder)


def find_runs(directory: str | Path) -> list[Run]:
    """Returns the runs whose folders are in a directory, sorted by name."""
    return [Run(path.parent) for path in sorted(Path(directory).glob("*/recipe.json"))]


def remove(folder: Path) -> None:
    """Deletes a run folder. Any other folder is refused with a `ValueError`."""
    Run(folder)
    shutil.rmtree(folder)
