"""Averages of a run's weights: the choice at its end, and further horizons after it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasrecipes.base.damaged_files import read_json
from kerasrecipes.base.files import write_json
from kerasrecipes.training.averaging.candidates import Candidate, horizons
from kerasrecipes.training.averaging.choosing import (
    ScoredAverage,
    ValidationScores,
    choose_average,
)
from kerasrecipes.training.averaging.stored_weights import FOLDER, Weights
from kerasrecipes.training.batch_statistics import statistics_refresh
from kerasrecipes.training.building.build import BuiltRecipe, rebuilt
from kerasrecipes.training.run import Run

# The file in a run folder with the table.
FILE = "averages.json"


def take_chosen_average(built: BuiltRecipe, folder: Path, best_epoch: int | None) -> dict[str, Any]:
    """Gives a trained model the average that validation prefers, and writes the table.

    Args:
        built: The built recipe, whose `averaging` is an `EveryAverage`. Its model has the weights
            of the best epoch.
        folder: The run folder.
        best_epoch: The number of the best epoch, from 1; `None` if the recipe chooses none.

    Returns:
        What metrics.json says of the choice.
    """
    best = None
    if best_epoch is not None:
        named = f"best epoch, {best_epoch}"
        best = Candidate(named, Weights.of(built.model), averaged=False)
    scores = ValidationScores(built, statistics_refresh(built))
    chosen, rows = choose_average(scores, folder / FOLDER, built.averaging, best)
    choice = {"name": chosen.name, "statistics": chosen.statistics, "chosen": True}
    table = {
        "n": len(built.dataset.validation),
        "chosen": chosen.name,
        "candidates": [row.to_dict() for row in rows],
        # What further averages are compared with.
        "mistakes_of_first": np.flatnonzero(~rows[0].right).tolist(),
    }
    write_json(folder / FILE, table)
    return choice


def average_table(folder: Path) -> dict[str, Any] | None:
    """Returns the table of a run folder, or `None` if the run kept no averages.

    Returns:
        A dict: `n`, the number of validation images; `chosen`, a name; `candidates`, the arguments
        of a `ScoredAverage` each; `mistakes_of_first`, the indices of the validation images that
        the first candidate gets wrong.

    Raises:
        DamagedFileError: If the file cannot be read.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    expected = {"n": int, "chosen": str, "candidates": list, "mistakes_of_first": list}
    return read_json(path, expected, "Train the run again, or bring the file back from a copy.")


def scored_horizons(
    run: Run, relative_widths: Sequence[float]
) -> Iterator[tuple[ScoredAverage, keras.Model]]:
    """Yields the scores of averages of given widths, and the run's model with their weights.

    Args:
        run: A finished run that has stored averages.
        relative_widths: Their widths.

    Raises:
        ValueError: If the data of the run have changed.
    """
    dataset = run.load_dataset()
    built = rebuilt(run.recipe, dataset, run.load_model(compile=False))
    scores = ValidationScores(built, statistics_refresh(built))
    averaging = run.recipe.averaging
    if isinstance(averaging, bool):
        raise ValueError(f"The run kept no averages. Received: {run.folder}")
    kept = averaging.build("averaging")
    for candidate in horizons(run.folder / FOLDER, kept, relative_widths):
        scored = scores.score(candidate)
        scored.weights.put_into(built.model)
        yield scored, built.model
