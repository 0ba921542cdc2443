"""Run folder of an ensemble."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from kerasrecipes.base.files import clear, locked, write_json
from kerasrecipes.ensembles.disagreements import disagreement
from kerasrecipes.ensembles.members import check_members, check_same_images, weights_of
from kerasrecipes.metrics.calibration.proper_scores import log_loss
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.runs.ensemble_members import FILE
from kerasrecipes.training.build import build_recipe
from kerasrecipes.training.files.run_folders import run_folder
from kerasrecipes.training.finish import finish_run
from kerasrecipes.training.fit import FittedEpochs
from kerasrecipes.training.run import Run
from kerasrecipes.training.training import open_run


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
    shares = weights_of(members, weights)
    kept = [run for run, share in zip(members, shares, strict=True) if share > 0]
    uniform = isinstance(weights, str) and weights == "uniform"
    recipe = _recipe(kept, None if uniform else shares[shares > 0])
    dataset = recipe.data.build("data").load()
    if dataset.hash != members[0].data["hash"]:
        raise ValueError(
            "The data of the members have changed since they were trained, so that they cannot be "
            f"scored together. Expected the hash {members[0].data['hash'][:12]}. Received: "
            f"{dataset.hash[:12]}, from {dataset.source}"
        )
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


def _described(members: Sequence[Run], shares: np.ndarray, weights: str | Sequence[float]) -> dict:
    """Returns the contents of ensemble.json, as plain data."""
    return {
        "weights": weights if isinstance(weights, str) else "given",
        "members": [
            {"folder": str(run.folder), "weight": float(share), **_scores(run)}
            for run, share in zip(members, shares, strict=True)
        ],
        "disagreement": {
            split: disagreement([run.predictions[f"{split}_probabilities"] for run in members])
            .round(6)
            .tolist()
            for split in members[0].predicted_splits
            if all(split in run.predicted_splits for run in members)
        },
    }


def _recipe(members: Sequence[Run], shares: np.ndarray | None) -> Recipe:
    """Returns a recipe of the ensemble. It trains nothing, in one step."""
    first = members[0].recipe
    options = {} if shares is None else {"weights": shares.tolist()}
    precisions = [run.recipe.precision for run in members]
    return Recipe(
        data=first.data,
        preprocessing=(),
        model=use("Ensemble", members=[str(run.folder) for run in members], **options),
        epochs=1,
        steps_per_epoch=1,
        batch_size=first.batch_size,
        precision=next((p for p in precisions if p != "float32"), "float32"),
        monitor=None,
        seed=first.seed,
    )


def _scores(run: Run) -> dict[str, dict[str, float]]:
    return {
        split: {
            "accuracy": float(run.metrics[split]["accuracy"]),
            "log_loss": log_loss(
                run.predictions[f"{split}_labels"], run.predictions[f"{split}_probabilities"]
            ),
        }
        for split in run.predicted_splits
    }
