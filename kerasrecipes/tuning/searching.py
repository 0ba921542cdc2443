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
from kerasrecipes.recipe.spec import to_plain
from kerasrecipes.recipe.users_code import with_imports
from kerasrecipes.training.numerics import NUMERICS_VERSION
from kerasrecipes.tuning.begun_searches import begun_search, folder_for
from kerasrecipes.tuning.concluding import conclude, retrain_best
from kerasrecipes.tuning.keras_tuner.distributed import ORACLE_IP, ORACLE_PORT, role
from kerasrecipes.tuning.keras_tuner.recipe_tuner import RecipeTuner
from kerasrecipes.tuning.objectives import monitor_and_mode, resolved
from kerasrecipes.tuning.ranges import Choice, Range
from kerasrecipes.tuning.rungs import Rung, longer_of, rungs_of
from kerasrecipes.tuning.search_folder import FORMAT, Search
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

    To search a training of two phases, give a recipe that has a `start`. The first phase is trained
    once, and all trials start from it.

    Args:
        recipe: The recipe whose options are searched. Its epochs are replaced by those of the
            rungs.
        space: Dictionary from dotted path to `uniform(...)`, `log_uniform(...)`, `integer(...)` or
            `choice(...)`.
        rungs: `"20x2,8x8,3x30"` (trials x epochs), pairs, or `Rung`s.
        directory: The directory that holds the folder of the search. Its name is made of `name`, a
            hash of the settings, the hash of the data and the numerics version.
        name: The name of the search, such as the name of the script.
        objective: The logged quantity of validation images by which trials are scored. The runs
            keep their best epoch by it. Give a `keras_tuner.Objective` if the recipe's metric does
            not say whether a high or a low value is good.
        seed: Non-negative integer. The seed of the search's own choices. The trials have the seed
            of the recipe.
        folds: `None` to score trials on the recipe's validation images. An integer of at least 2
            scores them by the mean over the folds of a stratified cross-validation.
        finalists: Non-negative integer. How many of the best trials are trained with further seeds.
            If the search had more finalists, or more seeds, when it ended before, these count too.
        final_seeds: Positive integer. How many further seeds each finalist is trained with.
        retrain: Whether to train the best recipe once more, on training and validation images
            together, and to score it on the test images.
        overwrite: Whether to discard an earlier search with the same settings.
        on_event: Called with the name of an event, `"search"`, `"trial_begin"`, `"epoch"`,
            `"trial_end"` or `"finalist"`, and a dictionary of its details.
        engine: Where trials and finalists run, several at a time: `ProcessEngine(2)`, or a
            `RayEngine`. Defaults to `None`: in this process, one after the other. Trials that run
            at a time are chosen without knowing of each other, so that other numbers of workers
            make other trials; the same number makes the same ones again.

    Returns:
        The finished `Search`; `None` in a worker of a distributed search.

    Raises:
        TypeError: If `objective` is not a single one.
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
    dataset = recipe.data.build("data").load()
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
    _check_folder(folder, settings, overwrite)
    checked = Space(recipe.replace(monitored), space)
    make = functools.partial(
        RecipeTuner,
        checked,
        keras_tuner.Objective(monitor, settings["direction"]),
        rungs,
        folds=folds,
        on_event=on_event,
        engine=engine,
        seed=seed,
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
        write_json(folder / "search.json", settings)
        oracle.on_trial_end = lambda oracle: write_tables(folder, oracle, checked)
        oracle.verbose = 0
        tuner.search(verbose=0)
        write_tables(folder, oracle, checked)
        conclude(folder, tuner, monitored, finalists, final_seeds, engine)
        if retrain:
            retrain_best(folder)
    return Search(folder)


def _check_folder(folder: Path, settings: Mapping[str, Any], overwrite: bool) -> None:
    """Raises a `ValueError` if a folder holds a search that cannot be continued here."""
    if overwrite or not (folder / "search.json").is_file():
        return
    earlier = {"direction": settings["direction"], **Search(folder).settings}
    differing = {key for key in settings if earlier.get(key) != to_plain(settings[key])}
    # A recipe may differ in local paths, which are not part of its fingerprint: the same data may
    # lie elsewhere now.
    differing -= {"recipe"}
    # Those that go on from the earlier ones were chosen.
    if longer_of(Search(folder).rungs, rungs_of(",".join(settings["rungs"]))) is not None:
        differing -= {"rungs"}
    if differing == {"backend"}:
        raise ValueError(
            f"The search was begun with the backend {earlier['backend']}, and this is "
            f"{settings['backend']}, which would go on with other numbers. Set "
            f"KERAS_BACKEND={earlier['backend']}, or give this search another `name`. "
            f"Received: {folder}"
        )
    if differing:
        raise ValueError(
            f"The folder holds another search: {', '.join(sorted(differing))} differ. Give the "
            "search another `name`, or discard the earlier one with `overwrite=True`. "
            f"Received: {folder}"
        )
