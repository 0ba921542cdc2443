"""Search for the best options of a recipe."""

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
from kerasrecipes.recipe.users_code import with_imports
from kerasrecipes.runs.sweeping import sweep
from kerasrecipes.training.training import train
from kerasrecipes.tuning.keras_tuner.distributed import role
from kerasrecipes.tuning.keras_tuner.recipe_tuner import RecipeTuner
from kerasrecipes.tuning.objectives import monitor_and_mode, resolved
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

    Trials are scored on validation images. The best trials are trained again with further seeds,
    and the one with the best mean is the result, because the best score of many trials is partly
    luck. The runs of these finalists end, as every run, with a score on test images, which is in
    finalists.csv and chooses nothing. A search that was interrupted continues where it stopped.

    To search a training of two phases, give a recipe that has a `start`. The first phase is trained
    once, and all trials start from it.

    Args:
        recipe: The recipe whose options are searched. Its epochs are replaced by those of the
            rungs.
        space: Dictionary from dotted path to `uniform(...)`, `log_uniform(...)`, `integer(...)` or
            `choice(...)`.
        rungs: `"20x2,8x8,3x30"` (trials x epochs), pairs, or `Rung`s.
        directory: The directory that holds the folder of the search, `<name>-<hash>`.
        name: The name of the search, such as the name of the script.
        objective: The logged quantity of validation images by which trials are scored. The runs
            keep their best epoch by it. Give a `keras_tuner.Objective` if the recipe's metric does
            not say whether a high or a low value is good.
        seed: Non-negative integer. The seed of the search's own choices. The trials have the seed
            of the recipe.
        folds: `None` to score trials on the recipe's validation images. An integer of at least 2
            scores them by the mean over the folds of a stratified cross-validation.
        finalists: Non-negative integer. How many of the best trials are trained with further seeds.
        final_seeds: Positive integer. How many further seeds each finalist is trained with.
        retrain: Whether to train the best recipe once more, on training and validation images
            together, and to score it on the test images.
        overwrite: Whether to discard an earlier search with the same settings.
        on_event: Called with the name of an event, `"search"`, `"trial_begin"`, `"epoch"`,
            `"trial_end"` or `"finalist"`, and a dictionary of its details.

    Returns:
        The finished `Search`; `None` in a worker of a distributed search.

    Raises:
        ValueError: If an argument is out of range, no trial of the first rung is long enough for
            its schedule, the folder holds another search, or all trials fail.
        BlockingIOError: If another process works in the folder.

    Example:

    ```python
    found = search(recipe, {"optimizer.learning_rate": log_uniform(1e-4, 1.0)}, "20x2,8x8,3x30")
    found.result["set_line"]
    ```
    """
    recipe = with_imports(recipe)
    rungs, checked = rungs_of(rungs), Space(recipe, space)
    check_integer("finalists", finalists, at_least=0)
    check_integer("final_seeds", final_seeds, at_least=1)
    check_integer("seed", seed, at_least=0)
    if folds is not None:
        check_integer("folds", folds, at_least=2)
    monitor, mode = monitor_and_mode(recipe, objective)
    settings: dict[str, Any] = {
        "kerasrecipes": FORMAT,
        "recipe": recipe.to_dict(),
        "space": checked.to_dict(),
        "rungs": [str(rung) for rung in rungs],
        "objective": monitor,
        "seed": seed,
        "folds": folds,
    }
    folder = folder_for(directory, name, settings)
    if not (folder / "search.json").exists():
        check_trials(checked, rungs[0], monitor, mode)
    settings["direction"], monitored = resolved(recipe, monitor, mode)
    _check_folder(folder, settings, overwrite)
    checked = Space(recipe.replace(monitored), space)
    make = functools.partial(
        RecipeTuner,
        checked,
        keras_tuner.Objective(monitor, settings["direction"]),
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
        write_json(folder / "search.json", settings)
        oracle.on_trial_end = lambda oracle: write_tables(folder, oracle, checked)
        oracle.verbose = 0
        tuner.search(verbose=0)
        write_tables(folder, oracle, checked)
        seeds = range(recipe.seed + 1, recipe.seed + 1 + final_seeds)
        _conclude(folder, tuner, monitored, finalists, seeds)
        if retrain:
            _retrain(folder)
    return Search(folder)


def _check_folder(folder: Path, settings: Mapping[str, Any], overwrite: bool) -> None:
    """Raises a `ValueError` if a folder holds a search with other settings."""
    if overwrite or not (folder / "search.json").is_file():
        return
    earlier = {"direction": settings["direction"], **Search(folder).settings}
    differing = [key for key in settings if earlier.get(key) != to_plain(settings[key])]
    # A recipe may differ in local paths, which are not part of its fingerprint: the same data may
    # lie elsewhere now.
    if differing and differing != ["recipe"]:
        raise ValueError(
            f"The folder holds another search: {', '.join(differing)} differ. Give the search "
            f"another `name`, or discard the earlier one with `overwrite=True`. Received: {folder}"
        )


def _conclude(
    folder: Path,
    tuner: RecipeTuner,
    monitored: Mapping[str, object],
    finalists: int,
    seeds: range,
) -> None:
    """Trains the best trials with further seeds, and writes best_recipe.json and result.json."""
    best = tuner.chief_oracle.get_best_trials(max(1, finalists))
    values = [trial.hyperparameters.values for trial in best]
    shared = {"epochs": tuner.longest_epochs, **monitored}
    changes = [tuner.space.changes(each) | shared for each in values]
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
            # The t-interval of a few scores may reach beyond the accuracies that are possible.
            score |= {"low": max(0.0, score["low"]), "high": min(1.0, score["high"])}
    best_changes = labelled[chosen]
    write_json(folder / "best_recipe.json", tuner.space.recipe.replace(best_changes).to_dict())
    plain = {path: to_plain(value) for path, value in best_changes.items()}
    write_json(
        folder / "result.json",
        {
            "trial": chosen,
            "changes": plain,
            "set_line": " ".join(f"--set {path}={to_cell(value)}" for path, value in plain.items()),
            "score": score,
            "test": None,
            "epochs_trained": sum(trial.cost_epochs for trial in tuner.chief_oracle.observations()),
            "at_bounds": tuner.at_bounds,
        },
    )


def _retrain(folder: Path) -> None:
    """Trains the best recipe on training and validation images, and records its test score."""
    found = Search(folder)
    data = Spec("CrossValidation", {"data": found.best_recipe.data, "fold": None})
    run = train(
        # Without validation images no epoch can be chosen by its score.
        found.best_recipe.replace({"data": data, "monitor": None}),
        directory=folder / "runs",
        name="retrained",
        verbose=0,
    )
    test = {"run": run.name, **(run.metrics["test"] or {})}
    write_json(folder / "result.json", {**found.result, "test": test})
