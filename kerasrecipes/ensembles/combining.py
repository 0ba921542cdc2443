"""Run folders of ensembles: of several runs, or of one run's snapshots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasrecipes.base.checks import check_integer
from kerasrecipes.base.files import clear, locked, write_json
from kerasrecipes.ensembles.disagreements import disagreement
from kerasrecipes.ensembles.members import (
    FITTED,
    Predicted,
    check_members,
    check_same_images,
    weights_of,
)
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.runs.ensemble_members import FILE, scores_of
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.training.files.run_folders import run_folder
from kerasrecipes.training.finish import finish_run
from kerasrecipes.training.fit import FittedEpochs
from kerasrecipes.training.run import Run
from kerasrecipes.training.training import open_run


@dataclass(frozen=True, eq=False)
class _Members:
    """Models to combine: their paths, their stored predictions, and a run whose data they share."""

    run: Run
    paths: Sequence[str]
    predicted: Sequence[Predicted]
    precision: str


def combine(
    runs: Iterable[Run],
    weights: str | Sequence[float] = "uniform",
    *,
    directory: str | Path = "saved_models",
    name: str = "ensemble",
    overwrite: bool = False,
) -> Run:
    """Returns a run whose model is the average of several runs' models.

    It is a run like any other: `report`, `evaluate`, `compare`, `predict` and `export` take its
    folder, and another ensemble may have it as a member. Its recipe has the model `Ensemble`, whose
    training would change nothing; it is scored once, on validation and test. ensemble.json has the
    members' weights and scores, and how often they disagree.

    Args:
        runs: Finished runs of the same data and splits.
        weights: As in `average`.
        directory: The folder that holds the run folders.
        name: The beginning of the name of the run folder.
        overwrite: Whether to write it anew if it is there. Defaults to `False`: it is returned.

    Returns:
        The finished run.

    Raises:
        ValueError: If there are no runs, one is not finished, they are of other data, or their data
            cannot be loaded as they were.
        BlockingIOError: If another process is at work in the run folder.

    Example:

    ```python
    runs = [kerasrecipes.train(recipe.replace({"seed": seed})) for seed in range(3)]
    ensemble = combine(runs)
    ensemble.metrics["test"]["accuracy"]
    ```
    """
    members = list(runs)
    check_members(members)
    check_same_images(members)
    precisions = [run.recipe.precision for run in members]
    found = _Members(
        run=members[0],
        paths=[str(run.folder) for run in members],
        predicted=members,
        precision=next((p for p in precisions if p != "float32"), "float32"),
    )
    return _written(found, weights, directory, name, overwrite)


def combine_snapshots(
    run: Run,
    weights: str | Sequence[float] = "uniform",
    *,
    last: int | None = None,
    directory: str | Path = "saved_models",
    name: str = "snapshots",
    overwrite: bool = False,
) -> Run:
    """Returns a run whose model is the average of the snapshots that a run has kept.

    The run's recipe has the callback `Snapshots` and a learning rate with cycles.

    Args:
        run: A finished run.
        weights: As in `average`.
        last: Positive integer: only the last so many count. Defaults to `None`: all.
        directory: As in `combine`, like the next two.
        name: Likewise.
        overwrite: Likewise.

    Returns:
        The finished run.

    Raises:
        ValueError: If the run is not finished, or has fewer snapshots than are wanted; otherwise as
            in `combine`.
        BlockingIOError: If another process is at work in the run folder.

    Example:

    ```python
    restarts = use("CosineDecayRestarts", initial_learning_rate=0.1, first_decay_epochs=10)
    recipe = recipe.replace({"optimizer.learning_rate": restarts, "callbacks": ["Snapshots"]})
    combine_snapshots(kerasrecipes.train(recipe), last=3).metrics["test"]["accuracy"]
    ```

    Reference:
        Huang et al., 2017, https://arxiv.org/abs/1704.00109
    """
    if last is not None:
        check_integer("last", last, at_least=1)
    check_members([run])
    if len(run.snapshots) < (last or 1):
        raise ValueError(
            f"The run must have kept {last or 1} or more snapshots: its recipe needs the callback "
            "Snapshots, and a learning rate with as many cycles, such as CosineDecayRestarts. "
            f"Received: {run.folder}, with {len(run.snapshots)}"
        )
    if isinstance(weights, str) and weights in FITTED:
        run.check_chooses("Weights")
    taken = run.snapshots[-last if last else 0 :]
    paths = [str(snapshot.path) for snapshot in taken]
    found = _Members(run, paths, taken, run.recipe.precision)
    return _written(found, weights, directory, name, overwrite)


def _written(
    members: _Members,
    weights: str | Sequence[float],
    directory: str | Path,
    name: str,
    overwrite: bool,
) -> Run:
    shares = weights_of(members.predicted, weights)
    uniform = isinstance(weights, str) and weights == "uniform"
    kept = [path for path, share in zip(members.paths, shares, strict=True) if share > 0]
    recipe = _recipe(members, kept, None if uniform else shares[shares > 0])
    dataset = members.run.load_dataset()
    folder = run_folder(directory, name, recipe.fingerprint, dataset.hash)
    with locked(folder):
        if overwrite:
            clear(folder)
        if not (folder / "metrics.json").is_file():
            built = build_recipe(recipe, dataset)
            open_run(folder, built)
            write_json(folder / FILE, _described(members, shares, weights))
            finish_run(folder, built, FittedEpochs(kept=0, seconds=0.0))
    return Run(folder)


def _described(members: _Members, shares: np.ndarray, weights: str | Sequence[float]) -> dict:
    """Returns the contents of ensemble.json, as plain data."""
    predictions = [each.predictions for each in members.predicted]
    return {
        "weights": weights if isinstance(weights, str) else "given",
        "members": [
            {"folder": path, "weight": float(share), **scores_of(each)}
            for path, share, each in zip(members.paths, shares, predictions, strict=True)
        ],
        "disagreement": {
            split: disagreement([each[f"{split}_probabilities"] for each in predictions])
            .round(6)
            .tolist()
            for split in members.run.predicted_splits
            if all(f"{split}_labels" in each for each in predictions)
        },
    }


def _recipe(members: _Members, paths: Sequence[str], shares: np.ndarray | None) -> Recipe:
    """Returns a recipe of the ensemble. It trains nothing, in one step."""
    first = members.run.recipe
    options = {} if shares is None else {"weights": shares.tolist()}
    return Recipe(
        data=first.data,
        preprocessing=(),
        model=use("Ensemble", members=list(paths), **options),
        epochs=1,
        steps_per_epoch=1,
        batch_size=first.batch_size,
        precision=members.precision,
        monitor=None,
        seed=first.seed,
    )
