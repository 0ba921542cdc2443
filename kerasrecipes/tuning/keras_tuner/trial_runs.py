"""Runs of the trials of a recipe's search: where they are, and what they tell."""

import functools
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec
from kerasrecipes.training.files.run_folders import run_folder
from kerasrecipes.training.run import Run

RUN_NAME = "trial"


def folder_of_trial(search: str | Path, recipe: Recipe) -> Path:
    """Returns the folder of the run of a trial.

    Args:
        search: The folder of the search.
        recipe: The recipe of the trial.
    """
    data_hash = _data_hash(recipe.data)
    return run_folder(Path(search) / "runs", RUN_NAME, recipe.fingerprint, data_hash)


def of_fold(recipe: Recipe, folds: int, fold: int) -> Recipe:
    """Returns a recipe with the data of one fold of a cross-validation."""
    data = Spec("CrossValidation", {"data": recipe.data, "folds": folds, "fold": fold})
    return recipe.replace({"data": data})


def rows_in(folder: Path) -> list[dict[str, float]]:
    """Returns the history of the run in a folder; it is empty before the run begins."""
    return Run(folder).history if (folder / "recipe.json").is_file() else []


def logs_of(row: Mapping[str, Any]) -> dict[str, float]:
    """Returns the logged quantities of a row of history.csv."""
    return {name: value for name, value in row.items() if name not in ("epoch", "seconds")}


def is_unfinished(folder: Path, recipe: Recipe) -> bool:
    """Returns whether a run has all of its epochs, and was killed while it wrote its scores."""
    return not Run(folder).finished and len(rows_in(folder)) >= recipe.epochs


def remove_checkpoints(search: str | Path) -> None:
    """Deletes what no trial of a search will continue from."""
    # A run that ended with its rung, or earlier, keeps the checkpoints of an unfinished one.
    for kept in ("checkpoint", "final_state"):
        for folder in Path(search).glob(f"runs/{RUN_NAME}-*/{kept}"):
            shutil.rmtree(folder)


@functools.cache
def _data_hash(data: Spec) -> str:
    return data.build("data").load().hash
