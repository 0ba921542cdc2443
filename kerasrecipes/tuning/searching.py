"""Search for the best options of a recipe."""

import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import keras_tuner

from kerasrecipes.base.checks import check_integer
from kerasrecipes.base.files import clear, locked, write_json
from kerasrecipes.engine.interface import Engine
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.users_code import with_imports
from kerasrecipes.training.numerics import NUMERICS_VERSION
from kerasrecipes.tuning.begun_searches import (
    begun_search,
    check_folder,
    folder_for,
    of_other_spaces,
)
from kerasrecipes.tuning.concluding import check_retrains, conclude, retrain_best
from kerasrecipes.tuning.constraints import Constraint
from kerasrecipes.tuning.keras_tuner.distributed import ORACLE_IP, ORACLE_PORT, role
from kerasrecipes.tuning.keras_tuner.recipe_tuner import RecipeTuner
from kerasrecipes.tuning.objectives import monitor_and_mode, resolved
from kerasrecipes.tuning.ranges import Choice, Range
from kerasrecipes.tuning.rungs import Rung, longer_of, rungs_or_usual
from kerasrecipes.tuning.search_folder import FORMAT, Search
from kerasrecipes.tuning.space import Space
from kerasrecipes.tuning.tables import write_tables
from kerasrecipes.tuning.trial_length import check_trials
from kerasrecipes.tuning.warm.checks import check_room, check_stops
from kerasrecipes.tuning.warm.warm_start import WarmStart


def search(
    recipe: Recipe,
    space: Mapping[str, Range | Choice],
    rungs: str | Iterable[Rung | tuple[int, int]] | None = None,
    *,
    directory: str | Path = "saved_models",
    name: str = "search",
    objective: str | keras_tuner.Objective = "val_accuracy",
    seed: int = 0,
    folds: int | None = None,
    finalists: int = 3,
    final_seeds: int = 3,
    retrain: bool = False,
    minutes: float | None = None,
    patience: int | None = None,
    target: float | None = None,
    constraints: str | Iterable[str | Constraint] = (),
    enqueue: Iterable[Mapping[str, object]] = (),
    from_search: str | Path | None = None,
    overwrite: bool = False,
    on_event: Callable[[str, dict], None] | None = None,
    engine: Engine | None = None,
) -> Search | None:
    """Searches the options of a recipe, from coarse to fine; see `CoarseToFine`.

    Trials are scored on validation images. The best trials are trained again with further seeds,
    and the one with the best mean is the result, because the best score of many trials is partly
    luck. The runs of these finalists end, as every run, with a score on test images, which is in
    finalists.csv and chooses nothing. A search that was interrupted continues where it stopped.

    The same search with more trials in its rungs, or with longer rungs after them, goes on from its
    trials, in the folder that it has: `"4x1,2x2"`, then `"8x1,4x2,2x8"`. With fewer, it shows what
    it has.

    A search may stop before its rungs do, by `minutes`, `patience` or `target`. It has a result of
    what is there, and goes on where the same search is asked for with less of these. It starts warm
    by `enqueue` and `from_search`. With `minutes`, which trials there are depends on how fast the
    machine is; everything else is the same again for the same arguments.

    To search a training of two phases, give a recipe that has a `start`. The first phase is trained
    once, and all trials start from it.

    Args:
        recipe: The recipe whose options are searched. Its epochs are replaced by those of the
            rungs.
        space: Dictionary from dotted path to `uniform(...)`, `log_uniform(...)`, `integer(...)`,
            `log_integer(...)` or `choice(...)`.
        rungs: `"20x2,8x8,3x30"` (trials x epochs), pairs, or `Rung`s. May be left out with
            `minutes`: then it is as much as the time allows of what 100 whole trials cost, of the
            recipe's epochs and of a third of them; see `usual_rungs`.
        directory: The directory that holds the folder of the search. Its name is made of `name`, a
            hash of the settings, the hash of the data and the numerics version.
        name: The name of the search, such as the name of the script.
        objective: The logged quantity of validation images by which trials are scored. The runs
            keep their best epoch by it. Give `"max:NAME"`, `"min:NAME"` or a
            `keras_tuner.Objective` if the recipe's metric does not say whether a high or a low
            value is good.
        seed: Non-negative integer. The seed of the search's own choices. The trials have the seed
            of the recipe.
        folds: `None` to score trials on the recipe's validation images. An integer of at least 2
            scores them by the mean over the folds of a stratified cross-validation.
        finalists: Non-negative integer. How many of the best trials are trained with further seeds.
            If the search had more finalists, or more seeds, when it ended before, these count too.
        final_seeds: Positive integer. How many further seeds each finalist is trained with.
        retrain: Whether to train the best recipe once more, on training and validation images
            together, and to score it on the test images.
        minutes: Positive number, or `None`. The time of the whole search in minutes, finalists
            included, over all times that it is called. The rungs get as many trials, in the same
            proportions, as fit by what trials have cost so far, and the finalists as many trainings
            as fit then. A trial that has begun is trained to its end, so that the search ends
            within a trial of the time; only a first trial that takes longer ends with its epoch,
            unless it runs on an engine.
        patience: Positive integer, or `None`. A rung ends after so many trials in a row without an
            improvement beyond noise, which is estimated by a model of its scores.
        target: Number, or `None`. The trials end once one of them has this objective.
        constraints: What each trial must keep to: `"parameters < 1e6"`, `"seconds_per_step < 0.01"`
            (the median over the steps of a training on this machine), or a bound on a logged
            quantity, `"val_loss < 0.5"`. A trial beyond a bound ends as soon as it is known, and is
            never the result.
        enqueue: Dictionaries of changes, whose values are tried first. What one leaves out is the
            recipe's own: `[{}]` tries the recipe itself.
        from_search: The folder of another search on the same data. Those of its trials that this
            one might have made itself count as observations, and cost it nothing. So a search whose
            space was changed keeps the trials that lie in the new one.
        overwrite: Whether to discard an earlier search with the same settings.
        on_event: Called with the name of an event, `"search"`, `"trial_begin"`, `"epoch"`,
            `"trial_end"`, `"adopted"`, `"finalist"` or `"finalist_end"`, and a dictionary of its
            details.
        engine: Where trials and finalists run, several at a time: `ProcessEngine(2)`, or a
            `RayEngine`. Defaults to `None`: in this process, one after the other. Trials that run
            at a time are chosen without knowing of each other, so that other numbers of workers
            make other trials; the same number makes the same ones again.

    Returns:
        The finished `Search`; `None` in a worker of a distributed search.

    Raises:
        TypeError: If `objective` is not a single one.
        ValueError: If an argument is out of range, no trial of the first rung is long enough for
            its schedule, an enqueued value lies outside of the space, no trial of `from_search`
            counts, the folder holds another search, or all trials fail.
        BlockingIOError: If another process works in the folder.

    Example:

    ```python
    found = search(recipe, {"optimizer.learning_rate": log_uniform(1e-4, 1.0)}, "20x2,8x8,3x30")
    found.result["set_line"]
    ```
    """
    recipe = with_imports(recipe)
    check_stops(patience, target, minutes)
    rungs, checked = rungs_or_usual(rungs, minutes, recipe.epochs), Space(recipe, space)
    check_integer("finalists", finalists, at_least=0)
    check_integer("final_seeds", final_seeds, at_least=1)
    check_integer("seed", seed, at_least=0)
    if folds is not None:
        check_integer("folds", folds, at_least=2)
    if retrain:
        check_retrains(recipe)
    monitor, mode = monitor_and_mode(recipe, objective)
    warm = WarmStart(checked, constraints, enqueue, from_search)
    check_room(warm.enqueued, rungs)
    settings: dict[str, Any] = {
        "kerasrecipes": FORMAT,
        "recipe": recipe.to_dict(),
        "space": checked.to_dict(),
        "rungs": [str(rung) for rung in rungs],
        "objective": monitor,
        "seed": seed,
        "folds": folds,
        **warm.settings,
    }
    asked, dataset = dict(settings), recipe.data.build("data").load()
    folder = folder_for(directory, name, settings, dataset.hash)
    begun = None if overwrite else begun_search(directory, name, settings, dataset.hash)
    if begun is not None:
        folder, rungs = begun.folder, longer_of(begun.rungs, rungs) or rungs
        settings["rungs"] = [str(rung) for rung in rungs]
    if not (folder / "search.json").exists():
        check_trials(checked, rungs[0], dataset, monitor, mode)
    settings["direction"], monitored = resolved(recipe, dataset.class_names, monitor, mode)
    settings |= {
        "data_hash": dataset.hash,
        "numerics_version": NUMERICS_VERSION,
        "backend": keras.backend.backend(),
    }
    check_folder(folder, settings, overwrite)
    checked = Space(recipe.replace(monitored), space)
    is_new = overwrite or not (folder / "oracle.json").exists()
    if is_new and on_event is not None and from_search is None:
        others = of_other_spaces(directory, name, asked, dataset.hash)
        if others:
            on_event("other_spaces", {"folders": [str(each.folder) for each in others]})
    make = functools.partial(
        RecipeTuner,
        checked,
        keras_tuner.Objective(monitor, settings["direction"]),
        rungs,
        folds=folds,
        on_event=on_event,
        engine=engine,
        seed=seed,
        minutes=minutes,
        patience=patience,
        target=target,
        constraints=warm.constraints,
        enqueue=warm.enqueued,
        earlier=warm.earlier(settings, monitored) if is_new else None,
        directory=str(directory),
        project_name=folder.name,
    )
    if engine is not None and role() != "alone":
        raise ValueError(
            "A search with keras-tuner's chief and workers has no `engine`: unset the variables "
            f"{ORACLE_IP} and {ORACLE_PORT}, or leave the engine out. Received: engine={engine!r}"
        )
    if role() == "worker":
        make().search(verbose=0)
        return None
    with locked(folder):
        if overwrite:
            clear(folder)
        tuner = make()
        oracle = tuner.chief_oracle
        # Trials of another search are taken over first: where none counts, no search is begun.
        tuner.assign_rungs(None)
        stops = {"minutes": minutes, "patience": patience, "target": target}
        stops = {name: value for name, value in stops.items() if value is not None}
        # They are not what makes it this search; by them, it goes on from its folder alone.
        write_json(folder / "search.json", settings | ({"stops": stops} if stops else {}))
        oracle.on_trial_end = lambda oracle: write_tables(folder, oracle, checked)
        oracle.verbose, oracle.finals = 0, finalists * final_seeds
        tuner.search(verbose=0)
        write_tables(folder, oracle, checked)
        conclude(folder, tuner, monitored, finalists, final_seeds, engine)
        if retrain:
            retrain_best(folder)
    return Search(folder)
