"""`sweep`: the one way to compare recipes, with the same seeds for each and paired differences."""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasrecipes.base.checks import check_integer
from kerasrecipes.base.csv_table import to_cell
from kerasrecipes.recipe.paths import value_at
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import frozen, to_plain
from kerasrecipes.runs.sweep_table import Sweep, is_number
from kerasrecipes.training.run import Run
from kerasrecipes.training.training import train

# What a recipe without changes is called in a table.
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
    on_start: Callable[[Recipe], None] | None = None,
) -> Sweep:
    """Trains a recipe with each of several changes and each of several seeds.

    All recipes are checked before the first training starts. Runs that are finished are not run
    again: neither those in `directory`, nor those in `table`.

    Args:
        recipe: What the changes are made to; its own seed does not matter.
        changes: Dictionary from label to changes, each as `Recipe.replace` takes them; no changes,
            `{}`, is the recipe itself. A list of changes gets labels made from them.
        seeds: Different non-negative integers.
        directory: Where run folders are kept.
        name: What the runs are called; see `train`.
        table: CSV file that gets a row for each finished run as soon as it is there. A row whose
            fingerprint and data hash agree stands for its run, so that a table that was committed
            is enough to repeat the comparison. Rows of other labels and seeds are kept.
        overwrite: Whether to train again what is there.
        verbose: As in `keras.Model.fit`.
        on_start: Called with each recipe before it is handed to `train`.

    Returns:
        A `Sweep`, label by label.

    Raises:
        ValueError: If there is nothing to run, seeds or changes are given twice, or a change does
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
    measured = {} if overwrite else {r["fingerprint"]: _without_paths(r) for r in recorded.rows}
    # Data is loaded here only where a recorded row claims to be about it.
    data_hash = functools.cache(lambda data: data.build("data").load().hash)
    result = Sweep(())
    for (label, seed), variant in variants.items():
        row: Any = measured.get(variant.fingerprint)
        if row is None or row["data_hash"] != data_hash(variant.data):
            if on_start is not None:
                on_start(variant)
            run = train(
                variant, directory=directory, name=name, overwrite=overwrite, verbose=verbose
            )
            row = {"fingerprint": variant.fingerprint, **_measured(run)}
            measured[variant.fingerprint] = row
        given = {"label": label, "seed": seed, **_values(variant, paths)}
        result = result.add(given | row | given)
        if table is not None:
            recorded = recorded.add(result.rows[-1])
            recorded.write(table)
    return result


def _labelled(changes) -> dict[str, Mapping[str, object]]:
    """Returns the changes by label, checked."""
    listed = list(changes.values() if isinstance(changes, Mapping) else changes)
    for change in listed:
        if not isinstance(change, Mapping):
            raise TypeError(
                "Each of `changes` must be a dictionary from dotted path to value. "
                f"Received: {change!r}"
            )
        if "seed" in change:
            raise ValueError(f"Seeds are given by `seeds`, not by `changes`. Received: {change!r}")
    labels = list(changes) if isinstance(changes, Mapping) else [_label(c) for c in listed]
    if not labels or not all(isinstance(label, str) for label in labels):
        raise ValueError(
            "`changes` must hold at least one dictionary of changes, `{}` for none, by a label "
            f"that is a string. Received: changes={changes!r}"
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
        raise ValueError(f"`seeds` must be at least one, each once. Received: seeds={seeds!r}")
    return [int(seed) for seed in seeds]


def _variant(recipe: Recipe, label: str, change: Mapping[str, object], seed: int) -> Recipe:
    try:
        return recipe.replace({**change, "seed": seed})
    except (TypeError, ValueError) as error:
        error.add_note(f"In `changes`, {label!r}.")
        raise


def _values(variant: Recipe, paths: Iterable[str]) -> dict[str, Any]:
    """Returns what a recipe has at the paths that any of the changes touches."""
    plain = variant.to_dict()
    values: dict[str, Any] = {}
    for path in paths:
        value = value_at(plain, path)
        # A component whose options are all at their defaults is told by its name.
        named = isinstance(value, dict) and value.keys() == {"use"}
        values[path] = value["use"] if named else value
    return values


def _without_paths(row: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the columns of a row that are not of its own sweep's changes."""
    fields = {field.name for field in dataclasses.fields(Recipe)}
    return {name: value for name, value in row.items() if name.split(".")[0] not in fields}


def _measured(run: Run) -> dict[str, Any]:
    """Returns the columns that a finished run fills."""
    scores = {
        f"{split}_{name}": value
        for split in ("validation", "test")
        for name, value in (run.metrics[split] or {}).items()
        if is_number(value)
    }
    return {
        "data_hash": run.data["hash"],
        "epoch": run.metrics["epoch"],
        **scores,
        "parameters": run.metrics["parameters"]["trainable"],
        "seconds": run.environment["wall_seconds"],
        **{name: run.environment[name] for name in ("backend", "device", "keras")},
    }
