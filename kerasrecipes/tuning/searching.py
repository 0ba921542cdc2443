"""`search`: a recipe and a space go in, the best recipe comes out."""

import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import keras_tuner

from kerasrecipes.base.checks import check_integer
from kerasrecipes.base.csv_table import to_cell
from kerasrecipes.base.files import clear, locked, write_json
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec, to_plain
from kerasrecipes.runs.sweeping import sweep
from kerasrecipes.training.training import train
from kerasrecipes.tuning.keras_tuner.distributed import role
from kerasrecipes.tuning.keras_tuner.recipe_tuner import RecipeTuner
from kerasrecipes.tuning.ranges import Choice, Range
from kerasrecipes.tuning.rungs import Rung, rungs_of
from kerasrecipes.tuning.search_folder import FORMAT, Search, folder_for
from kerasrecipes.tuning.space import Space
from kerasrecipes.tuning.tables import write_tables
from kerasrecipes.tuning.trial_length import check_trials


def search(
    recipe: Recipe,
    space: Mapping[str, Range | Choice],
    rungs: str | Iterable[Rung | tuple[int, int]],
    *,
    directory: str | Path = "saved_models",
    name: str = "search",
    objective: str | keras_tuner.Objective = "val_accuracy",
    seed: int = 0,
    folds: int | None = None,
    finalists: int = 3,
    final_seeds: int = 3,
    retrain: bool = False,
    overwrite: bool = False,
    on_event: Callable[[str, dict], None] | None = None,
) -> Search | None:
    """Searches the options of a recipe, from coarse to fine; see `CoarseToFine`.

    Trials are chosen by their validation scores. The best of them are trained with further seeds,
    and the one with the best mean is the result: the best score of many is luck in part. A search
    that was interrupted goes on where it was.

    A two-phase training is searched by a recipe that has a `start`: its first phase is trained once
    and shared by all trials.

    Args:
        recipe: What is searched around; its epochs do not matter.
        space: Dictionary from dotted path to `uniform`, `log_uniform`, `integer` or `choice`.
        rungs: `"20x2,8x8,3x30"` (trials x epochs), pairs, or `Rung`s.
        directory: Where the folders of searches are kept; this one's is `<name>-<hash>` in it.
        name: What the search is called, such as the script's name.
        objective: What is searched for: a quantity that the training logs, or a
            `keras_tuner.Objective` where its direction is not known by its name.
        seed: Non-negative integer. Decides what is tried; the trials have the recipe's seed.
        folds: `None` to score on the recipe's validation images; or an integer of at least 2, for
            the mean over the folds of a stratified cross-validation.
        finalists: Non-negative integer. How many of the best trials are trained with further seeds.
        final_seeds: Positive integer. How many.
        retrain: Whether to train the result once more, on training and validation images together,
            and score it on the test images.
        overwrite: Whether to search anew if the search is there.
        on_event: Called with `"search"`, `"trial_begin"`, `"epoch"`, `"trial_end"` or
            `"finalist"`, and a dictionary about it.

    Returns:
        The finished `Search`; `None` in a worker of a distributed search.

    Raises:
        ValueError: If an argument is out of range, no trial of the first rung is long enough for
            its schedule, the folder is of another search, or all trials fail.
        BlockingIOError: If another process is at work in the folder.

    Example:

    ```python
    found = search(recipe, {"optimizer.learning_rate": log_uniform(1e-4, 1.0)}, "20x2,8x8,3x30")
    found.result["set_line"]
    ```
    """
    rungs, checked = rungs_of(rungs), Space(recipe, space)
    check_integer("finalists", finalists, at_least=0)
    check_integer("final_seeds", final_seeds, at_least=1)
    check_integer("seed", seed, at_least=0)
    if folds is not None:
        check_integer("folds", folds, at_least=2)
    settings: dict[str, Any] = {
        "kerasrecipes": FORMAT,
        "recipe": recipe.to_dict(),
        "space": checked.to_dict(),
        "rungs": [str(rung) for rung in rungs],
        "objective": objective if isinstance(objective, str) else objective.name,
        "seed": seed,
        "folds": folds,
    }
    folder = folder_for(directory, name, settings)
    _check_folder(folder, settings, overwrite)
    if not (folder / "search.json").exists():
        check_trials(checked, rungs[0], settings["objective"])
    make = functools.partial(
        RecipeTuner,
        checked,
        objective,
        rungs,
        folds=folds,
        on_event=on_event,
        seed=seed,
        directory=str(directory),
        project_name=folder.name,
    )
    if role() == "worker":
        make().search(verbose=0)
        return None
    with locked(folder):
        if overwrite:
            clear(folder)
        tuner = make()
        oracle = tuner.chief_oracle
        write_json(folder / "search.json", settings | {"direction": oracle.objective.direction})
        oracle.on_trial_end = lambda oracle: write_tables(folder, oracle, checked)
        oracle.verbose = 0
        tuner.search(verbose=0)
        write_tables(folder, oracle, checked)
        _conclude(folder, tuner, finalists, range(recipe.seed + 1, recipe.seed + 1 + final_seeds))
        if retrain:
            _score_once(folder)
    return Search(folder)


def _check_folder(folder: Path, settings: Mapping[str, Any], overwrite: bool) -> None:
    if not overwrite and (folder / "search.json").is_file():
        there = Search(folder).settings
        differing = [key for key in settings if there.get(key) != to_plain(settings[key])]
        # Local paths are no part of a fingerprint: another path to the same data is welcome.
        if differing and differing != ["recipe"]:
            raise ValueError(
                f"The folder is of another search: {', '.join(differing)} differ. Search under "
                f"another name, or anew with `overwrite=True`. Received: {folder}"
            )


def _conclude(folder: Path, tuner: RecipeTuner, finalists: int, seeds: range) -> None:
    """Trains the best trials with further seeds, and writes the best of them."""
    best = tuner.chief_oracle.get_best_trials(max(1, finalists))
    values = [trial.hyperparameters.values for trial in best]
    changes = [tuner.space.changes(each) | {"epochs": tuner.longest_epochs} for each in values]
    labelled = {trial.trial_id: change for trial, change in zip(best, changes, strict=True)}
    chosen, score = best[0].trial_id, {"mean": best[0].score, "n": 1}
    if finalists:
        result = sweep(
            tuner.space.recipe,
            labelled,
            seeds,
            directory=folder / "runs",
            name="finalist",
            table=folder / "finalists.csv",
            verbose=0,
            on_start=lambda recipe: tuner.on_event("finalist", {"seed": recipe.seed}),
        )
        metric = tuner.oracle.objective.name.replace("val_", "validation_", 1)
        sign = -1 if tuner.oracle.objective.direction == "min" else 1
        rows = result.summary(metric)
        top = max(rows, key=lambda row: sign * row["mean"])
        chosen, score = top["label"], {key: top[key] for key in ("mean", "low", "high", "n")}
        if metric.endswith("accuracy") and score["low"] is not None:
            # The t-interval of two scores may reach farther than any score.
            score |= {"low": max(0.0, score["low"]), "high": min(1.0, score["high"])}
    found = labelled[chosen]
    write_json(folder / "best_recipe.json", tuner.space.recipe.replace(found).to_dict())
    plain = {path: to_plain(value) for path, value in found.items()}
    write_json(
        folder / "result.json",
        {
            "trial": chosen,
            "changes": plain,
            "set_line": " ".join(f"--set {path}={to_cell(value)}" for path, value in plain.items()),
            "score": score,
            "test": None,
            "epochs_trained": sum(trial.cost_epochs for trial in tuner.chief_oracle.tried()),
            "at_bounds": tuner.at_bounds,
        },
    )


def _score_once(folder: Path) -> None:
    """Trains the result on training and validation images, and records its test score."""
    found = Search(folder)
    data = Spec("CrossValidation", {"data": found.best_recipe.data, "fold": None})
    run = train(
        # No image is left to choose an epoch by.
        found.best_recipe.replace({"data": data, "monitor": None}),
        directory=folder / "runs",
        name="retrained",
        verbose=0,
    )
    test = {"run": run.name, **(run.metrics["test"] or {})}
    write_json(folder / "result.json", {**found.result, "test": test})
