"""Run folders as values."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kerasrecipes.base.files import is_locked
from kerasrecipes.data.dataset import Dataset, evaluation_split
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.users_code import not_allowed
from kerasrecipes.training.files import plain_files, run_files
from kerasrecipes.training.files.run_snapshots import Snapshot, read_snapshots
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

    def _repr_html_(self) -> str:
        from kerasrecipes.training.notebook_form import run_fragment

        return run_fragment(self)

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

    @property
    def history(self) -> list[dict[str, float]]:
        """A dictionary for each epoch: losses, metrics, learning rate, seconds."""
        if self._history.damage is not None:
            raise self._history.damage
        return self._history.rows

    @property
    def readable_history(self) -> list[dict[str, float]]:
        """The `history` up to the first damaged epoch, because of which `history` raises."""
        return self._history.rows

    @property
    def history_remark(self) -> str:
        """A sentence about epochs that are missing in history.csv; empty if none are."""
        return self._history.remark(self.environment.get("wall_seconds"))

    @functools.cached_property
    def _history(self) -> plain_files.History:
        return plain_files.read_history(self.folder)

    @functools.cached_property
    def metrics(self) -> dict[str, Any]:
        """The chosen epoch, and the model's scores on validation and test."""
        return plain_files.read_run_json(self.folder, "metrics.json")

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

    @property
    def validates_on_training_images(self) -> bool:
        """Whether the validation images were trained on too: on all folds of a cross-validation."""
        data = self.recipe.data
        return data.name == "CrossValidation" and data.options.get("fold", 0) is None

    def check_chooses(self, what: str) -> None:
        """Raises unless something can be chosen on the validation images.

        Args:
            what: What is to be chosen.

        Raises:
            ValueError: If the run was trained on them too.
        """
        if self.validates_on_training_images:
            raise ValueError(
                f"{what} would be chosen on images that the run was trained on, which it knows too "
                "well: it was trained on all folds. Expected: a run of one fold, which `--set "
                f"data.fold=0` trains. Received: {self.folder}"
            )

    @functools.cached_property
    def data(self) -> dict[str, Any]:
        """A description of the images: source, hash, sizes, class names, skipped files."""
        return plain_files.read_run_json(self.folder, "data.json")

    @functools.cached_property
    def environment(self) -> dict[str, Any]:
        """A description of the environment: versions, backend, device, seed, wall time."""
        return plain_files.read_run_json(self.folder, "environment.json")

    @functools.cached_property
    def diagnosis(self) -> Diagnosis | None:
        """What the doctor found; `None` if the run was trained without it, or is not finished."""
        return run_files.read_diagnosis(self.folder)

    @functools.cached_property
    def record(self) -> Record | None:
        """What the doctor measured; `None` where `diagnosis` is."""
        return run_files.read_record(self.folder)

    @functools.cached_property
    def predictions(self) -> Mapping[str, np.ndarray]:
        """The predicted probabilities and the labels on validation and test."""
        return run_files.read_run_arrays(self.folder, "predictions.npz")

    @property
    def predicted_splits(self) -> list[str]:
        """The splits that `predictions` covers."""
        suffix = "_labels"
        return [name.removesuffix(suffix) for name in self.predictions if name.endswith(suffix)]

    @functools.cached_property
    def snapshots(self) -> list[Snapshot]:
        """The models that the recipe's callback `Snapshots` kept, from the first to the last."""
        modules = tuple(not_allowed(self.recipe))
        return read_snapshots(self.folder, self.predictions, modules)

    @functools.cached_property
    def examples(self) -> Mapping[str, np.ndarray]:
        """Pictures for the report; see `kerasrecipes.training.examples`."""
        return run_files.read_run_arrays(self.folder, "examples.npz")

    def load_dataset(self) -> Dataset:
        """Returns the images that the run was trained, chosen and scored on.

        Raises:
            ValueError: If they cannot be read, or have changed since the run was trained.
        """
        dataset = self.recipe.data.build("data").load()
        known = self.data["hash"]
        if dataset.hash != known:
            raise ValueError(
                "The data have changed since the run was trained, so that nothing can be compared "
                f"with it on them. Expected the hash {known[:12]}. Received: {dataset.hash[:12]}, "
                f"from {dataset.source}"
            )
        return dataset

    def load_model(self, compile: bool = True):
        """Returns the trained model, compiled with the recipe's loss and metrics.

        Args:
            compile: Whether to compile it. That builds the recipe's loss and metrics, which may be
                code of a module that the recipe names. A model that only predicts needs neither.

        Returns:
            A `keras.Model` that takes images as the data source returns them, of shape `(batch,
            height, width, channels)`, and returns logits `(batch, classes)`.

        Raises:
            ValueError: If the run is not finished and has no model yet, or its file is damaged.
        """
        from kerasrecipes.training.building.compile import compile_arguments

        recipe = self.recipe  # Registers its own layers with Keras, if their code may be imported.
        path = self.folder / "model.keras"
        model = run_files.load_model_file(path, not_allowed(recipe))
        if compile:
            counts = self.data.get("class_counts", {}).get("train")
            model.compile(
                **compile_arguments(recipe, self.data["class_names"], class_counts=counts)
            )
        return model
