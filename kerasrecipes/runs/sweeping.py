"""Comparison of recipes: each is trained with the same seeds, for paired differences."""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasrecipes.base.checks import check_integer
from kerasrecipes.base.csv_table import to_cell
from kerasrecipes.engine.interface import Engine
from kerasrecipes.recipe.paths import value_at
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import frozen, to_plain
from kerasrecipes.recipe.users_code import with_imports
from kerasrecipes.runs.sweep_table import Sweep, is_number
from kerasrecipes.runs.trainings.many_trainings import train_all
from kerasrecipes.runs.trainings.one_training import Training
from kerasrecipes.training.numerics import NUMERICS_VERSION, version_of
from kerasrecipes.training.run import Run

# The label of a recipe without changes.
UNCHANGED = "unchanged"


def sweep(
    recipe: Recipe,
    changes: Mapping[str, Mapping[str, object]] | Sequence[Mapping[str, object]],
    seeds: Iterable[int],
    *,
    directory: str | Path = "saved_models",
    name: str = "sweep",
    table: str | Path | None = None,
    overwrite: bool = False,
    verbose: str | int = "auto",
    doctor: bool = False,
    on_start: Callable[[Recipe, Path], None] | None = None,
    engine: Engine | None = None,
) -> Sweep:
    """Trains a recipe with each of several changes and each of several seeds.

    All recipes are checked before the first training starts. A recipe is not trained again if
    `directory` has its finished run or `table` has its row. The table is the same wherever the
    trainings run.

    Args:
        recipe: The recipe that is changed. Its own seed does not matter.
        changes: Dictionary from label to changes, each as `Recipe.replace` takes them. The changes
            `{}` leave the recipe as it is. A list of changes gets labels that are made from them.
        seeds: Different non-negative integers.
        directory: The folder that holds the run folders.
        name: The name of the runs; see `train`.
        table: CSV file to which a row is written as soon as a run is finished. A row whose
            fingerprint, data hash and numerics version agree with a recipe replaces its training,
            so that a committed table is enough to repeat the comparison. Rows of other labels and
            seeds are kept.
        overwrite: Whether to train again even if there are finished runs or rows.
        verbose: As in `keras.Model.fit`.
        doctor: Whether to watch the trainings, as `train` does.
        on_start: Function that is called with each recipe and its run folder before the recipe is
            trained.
        engine: Where the trainings run, several at a time: `ProcessEngine(2)`, or a `RayEngine`.
            Defaults to `None`: in this process, one after the other.

    Returns:
        A `Sweep` with a row for each label and seed, sorted by label.

    Raises:
        ValueError: If there are no changes or no seeds, if one is given twice, or if a change does
            not fit the recipe.

    Example:

    ```python
    result = sweep(recipe, {"SGD": {}, "Adam": {"optimizer": "Adam"}}, seeds=range(5))
    result.differences("SGD", "validation_accuracy")
    ```
    """
    changes, seeds = _labelled(changes), _checked(seeds)
    variants = {
        (label, seed): _variant(recipe, label, change, seed)
        for label, change in changes.items()
        for seed in seeds
    }
    paths = list(dict.fromkeys(path for change in changes.values() for path in change))
    recorded = Sweep.read(table) if table is not None and Path(table).exists() else Sweep(())
    current = [row for row in recorded.rows if version_of(row) == NUMERICS_VERSION]
    measured = {} if overwrite else {row["fingerprint"]: _measured(row) for row in current}
    # A data set is loaded here only to compare its hash with that of a recorded row.
    data_hash = functools.cache(lambda data: data.build("data").load().hash)
    known: dict[tuple[str, int], dict[str, Any]] = {}
    pending: dict[str, Recipe] = {}
    order = {key: position for position, key in enumerate(variants)}
    for key, variant in variants.items():
        row: Any = measured.get(variant.fingerprint)
        if row is None or row["data_hash"] != data_hash(variant.data):
            pending.setdefault(variant.fingerprint, variant)
        else:
            known[key] = row

    def written() -> Sweep:
        result = Sweep(())
        for (label, seed), row in sorted(known.items(), key=lambda pair: order[pair[0]]):
            values = _values(variants[label, seed], paths)
            result = result.add({"label": label, "seed": seed, **values, **row})
        if table is not None:
            kept = recorded
            for each in result.rows:
                kept = kept.add(each)
            kept.write(table)
        return result

    options = {"overwrite": overwrite, "doctor": doctor}
    trainings = [Training(each, directory, name, options) for each in pending.values()]
    for training, run in train_all(trainings, engine, verbose=verbose, on_start=on_start):
        fingerprint = training.recipe.fingerprint
        of_run = [key for key, each in variants.items() if each.fingerprint == fingerprint]
        known |= dict.fromkeys(of_run, {"fingerprint": fingerprint, **_measurements(run)})
        written()
    return written()


def _labelled(changes) -> dict[str, Mapping[str, object]]:
    """Returns the changes by label, after checking them."""
    listed = list(changes.values() if isinstance(changes, Mapping) else changes)
    for change in listed:
        if not isinstance(change, Mapping):
            raise TypeError(
                "Each of `changes` must be a dictionary from dotted path to value. "
                f"Received: {change!r}"
            )
        if "seed" in change:
            raise ValueError(f"Give seeds by `seeds`, not by `changes`. Received: {change!r}")
    labels = list(changes) if isinstance(changes, Mapping) else [_label(c) for c in listed]
    if not labels or not all(isinstance(label, str) for label in labels):
        raise ValueError(
            "`changes` must hold at least one dictionary of changes, which may be empty, and the "
            f"labels must be strings. Received: changes={changes!r}"
        )
    if len(set(labels)) < len(labels):
        raise ValueError(f"`changes` must differ from each other. Received: changes={changes!r}")
    return dict(zip(labels, listed, strict=True))


def _label(change: Mapping[str, object]) -> str:
    plain = {path: to_plain(frozen(value, path)) for path, value in change.items()}
    return ", ".join(f"{path}={to_cell(value)}" for path, value in plain.items()) or UNCHANGED


def _checked(seeds: Iterable[int]) -> list[int]:
    seeds = list(seeds)
    for seed in seeds:
        check_integer("seeds", seed, at_least=0)
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValueError(
            f"`seeds` must hold at least one seed, and each only once. Received: seeds={seeds!r}"
        )
    return [int(seed) for seed in seeds]


def _variant(recipe: Recipe, label: str, change: Mapping[str, object], seed: int) -> Recipe:
    try:
        return with_imports(recipe.replace({**change, "seed": seed}))
    except (TypeError, ValueError) as error:
        error.add_note(f"The changes with the label {label!r} cause this error.")
        raise


def _values(variant: Recipe, paths: Iterable[str]) -> dict[str, Any]:
    """Returns a recipe's values at the paths that any of the changes contains."""
    plain = variant.to_dict()
    values: dict[str, Any] = {}
    for path in paths:
        value = value_at(plain, path)
        # A component without options is written by its name.
        named = isinstance(value, dict) and value.keys() == {"use"}
        values[path] = value["use"] if named else value
    return values


def _measured(row: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the columns of a recorded row without its label and without the recipe's values."""
    given = {"label", *(field.name for field in dataclasses.fields(Recipe))}
    return {name: value for name, value in row.items() if name.split(".")[0] not in given}


def _measurements(run: Run) -> dict[str, Any]:
    """Returns the columns of a row that a finished run fills."""
    scores = {
        f"{split}_{name}": value
        for split in ("validation", "test")
        for name, value in (run.metrics[split] or {}).items()
        if is_number(value)
    }
    return {
        "data_hash": run.data["hash"],
        "numerics_version": run.numerics_version,
        "epoch": run.metrics["epoch"],
        **scores,
        **({"diverged": True} if run.diverged else {}),
        "parameters": run.metrics["parameters"]["trainable"],
        "seconds": run.environment["wall_seconds"],
        **{name: run.environment[name] for name in ("backend", "device", "keras")},
    }
