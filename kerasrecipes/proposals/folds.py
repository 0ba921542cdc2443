"""Cross-validation of a recipe: every image scored by a network that did not see it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.engine.interface import Engine
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.runs.trainings.many_trainings import train_all
from kerasrecipes.runs.trainings.one_training import Training


@dataclass(frozen=True, eq=False)
class CrossValidated:
    """The predictions of images by networks that did not see them.

    Args:
        labels: Integer array `(images,)`.
        probabilities: Float array `(images, classes)`.
        trained: The number of folds that were trained.
        folds: The number of folds that the images are assigned to.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    trained: int
    folds: int

    @property
    def correct(self) -> int:
        """The number of images that are classified correctly."""
        return int((self.probabilities.argmax(-1) == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """The share of images that are classified correctly."""
        return self.correct / len(self.labels)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval of the accuracy."""
        return wilson_interval(self.correct, len(self.labels))

    @property
    def predictions(self) -> dict[str, np.ndarray]:
        """The predictions, as a run holds those on validation images."""
        return {
            "validation_labels": self.labels,
            "validation_probabilities": self.probabilities,
        }


def cross_validate(
    recipe: Recipe,
    *,
    directory: str | Path = "saved_models",
    name: str = "run",
    until: float = float("inf"),
    say: Callable[[str], None] = lambda text: None,
    engine: Engine | None = None,
    verbose: str | int = "auto",
    **options: Any,
) -> CrossValidated:
    """Trains a recipe once for each fold, and gathers what each says of the images of its fold.

    Args:
        recipe: A recipe whose data are `use("CrossValidation", ...)`.
        directory: As in `train`.
        name: The name of the runs.
        until: When no further fold is begun, by `time.monotonic`. The first one always is.
        say: Function that is called with a line about each fold.
        engine: Where the folds are trained, several at a time: `ProcessEngine(2)`, or a
            `RayEngine`. Defaults to `None`: in this process, one after the other.
        verbose: As in `keras.Model.fit`.
        **options: Further arguments of `train`.

    Returns:
        A `CrossValidated`.

    Raises:
        ValueError: If the data are no cross-validation.
    """
    if recipe.data.name != "CrossValidation":
        raise ValueError(
            f"`recipe` must have data='CrossValidation'. Received: data={recipe.data!r}"
        )
    folds = int(str(recipe.data.options.get("folds", 5)))
    # As `train` does, which is told to be silent in other processes.
    options = {"doctor": verbose != 0, **options}

    def begun() -> Iterator[Training]:
        for fold in range(folds):
            if fold and time.monotonic() > until:
                say(f"no time for the other {folds - fold} folds")
                return
            yield Training(recipe.replace({"data.fold": fold}), directory, name, options)

    found: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for training, run in train_all(begun(), engine, verbose=verbose):
        fold, score = int(str(training.recipe.data.options["fold"])), run.metrics["validation"]
        say(f"fold {fold + 1} of {folds}: {score['accuracy']:.1%} of {score['n']:,} images")
        predictions = run.predictions
        found[fold] = predictions["validation_labels"], predictions["validation_probabilities"]
    labels, probabilities = zip(*(found[fold] for fold in sorted(found)), strict=True)
    return CrossValidated(np.concatenate(labels), np.concatenate(probabilities), len(found), folds)
