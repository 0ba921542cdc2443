"""Final state of a training, kept in its run folder, and trainings that go on from one."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasrecipes.base.damaged_files import decoding
from kerasrecipes.callbacks.model_state import state_variables, to_arrays
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.training.building.build import BuiltRecipe
from kerasrecipes.training.resuming.checkpoint_file import CheckpointFile
from kerasrecipes.training.run import Run

# The final states of larger models are not kept: with Adam, one of 22 million weights.
LIMIT_BYTES = 2**28

# What may differ between a training and the one that goes on from it. All else decides what its
# variables are, or what its steps mean.
_FREE_FIELDS = (
    "augment", "callbacks", "checkpoint_minutes", "class_weight", "epochs", "initialization",
    "jit_compile", "loss", "metrics", "mode", "monitor", "optimizer", "resume_start", "sampling",
    "seed", "start", "steps_per_execution",
)  # fmt: skip

# The variable of an optimizer whose learning rate is a number. It is no state where the recipes
# give different ones, and is not there where the rate is a schedule.
_RATE = "learning_rate"


def keep_final_state(folder: Path, checkpoint: str, diverged: bool) -> None:
    """Moves the last checkpoint of a finished training to where others can go on from it.

    Args:
        folder: The run folder.
        checkpoint: The name of the checkpoint's file.
        diverged: Whether the loss became infinite or NaN, so that nothing is to go on.
    """
    last, kept = folder / "checkpoint" / checkpoint, folder / "final_state" / checkpoint
    if not diverged and last.is_file() and last.stat().st_size <= LIMIT_BYTES:
        kept.parent.mkdir(exist_ok=True)
        last.replace(kept)
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)


def final_epochs(run: Run) -> int:
    """Returns the number of epochs after which a training can go on from a finished run.

    Raises:
        ValueError: If the run keeps no state of its training.
    """
    states = sorted((run.folder / "final_state").glob("*.npz"))
    if not states:
        reason = "its loss became infinite or NaN" if run.metrics.get("diverged") else None
        raise ValueError(
            "A training can go on from a run that keeps its final state, and this one keeps none: "
            f"{reason or 'it is too large, was deleted, or the run is from an older version'}. "
            f"`start={str(run.folder)!r}` without `resume_start` begins from its network, with a "
            f"new optimizer. Received: {run.folder}"
        )
    return _read(states[0]).epochs


def check_going_on(recipe: Recipe, data_hash: str, start: Run) -> None:
    """Raises a `ValueError` unless a recipe's training can go on from the end of a run's.

    Args:
        recipe: The recipe, with `resume_start`.
        data_hash: The hash of its data.
        start: The finished run.
    """
    before, after = start.recipe.to_dict(), recipe.to_dict()
    for name in before:
        if name not in (*_FREE_FIELDS, "data") and before[name] != after[name]:
            raise ValueError(
                f"`{name}` must be as in the run whose training goes on, {before[name]!r}. To "
                f"train its network otherwise, leave out `resume_start`. Received: {after[name]!r}"
            )
    if before["optimizer"]["use"] != after["optimizer"]["use"]:
        raise ValueError(
            "The optimizer must be that of the run whose training goes on, "
            f"{before['optimizer']['use']}, because its state does. To begin with another, leave "
            f"out `resume_start`. Received: {after['optimizer']['use']}"
        )
    if start.data["hash"] != data_hash:
        raise ValueError(
            "The data must be those of the run whose training goes on. To train its network on "
            f"others, leave out `resume_start`. Received: hashes {start.data['hash'][:12]} and "
            f"{data_hash[:12]}"
        )
    done = final_epochs(start)
    if recipe.epochs <= done:
        raise ValueError(
            f"`epochs` counts those of the run whose training goes on, {done}, too, and must be "
            f"more. Received: epochs={recipe.epochs}"
        )


def begin_with_final_state(folder: Path, built: BuiltRecipe, start: Run) -> None:
    """Makes the final state of a run the first checkpoint of a training, unless it has one.

    The log and the best weights so far are carried over, if the same quantity is monitored. The
    recipe's other callbacks begin anew: early stopping has ended the training once.

    Args:
        folder: The run folder of the training that goes on.
        built: Its built recipe.
        start: The finished run.

    Raises:
        ValueError: If the state is of another model or optimizer.
    """
    path = folder / "checkpoint" / built.checkpoint
    if path.exists():
        return
    kept = start.folder / "final_state" / built.checkpoint
    if not kept.is_file():
        there = [file.name for file in kept.parent.glob("*.npz")]
        raise ValueError(
            "A training goes on from the state of the same model: with cached features of its "
            "frozen layers where they were cached before, and else without (`cache_features`). "
            f"Expected: {kept.name}. Received: {', '.join(there)}"
        )
    state = _read(kept)
    before = state.contents
    log, *_ = before["callbacks"]
    others: list[dict] = [{} for _ in built.recipe.callbacks]
    best = [_best(before, start.recipe, built.recipe)] if built.recipe.monitor else []
    contents = {
        **before,
        "stopped": False,
        "variables": _variables(before, built, start.recipe),
        "callbacks": [log, *others, *best],
    }
    CheckpointFile(state.epochs, 0, contents).write(path)
    shutil.copyfile(start.folder / "history.csv", folder / "history.csv")


def _read(path: Path) -> CheckpointFile:
    with decoding(path, "Put back a copy of it: without it, no training can go on from this run."):
        return CheckpointFile.read(path)


def _best(before: dict[str, Any], start: Recipe, recipe: Recipe) -> dict[str, Any]:
    """Returns the state of the callback that keeps the weights of the best epoch."""
    same = (start.monitor, start.mode) == (recipe.monitor, recipe.mode)
    return before["callbacks"][-1] if same else {}


def _variables(before: dict[str, Any], built: BuiltRecipe, start: Recipe) -> list[np.ndarray]:
    """Returns the values of the new model's and optimizer's variables: those of the state.

    A learning rate that is a number is taken over with all others if the optimizers are the same: a
    callback may have reduced it. Else it is that of the new optimizer.
    """
    optimizer: keras.optimizers.Optimizer = built.model.optimizer
    if not optimizer.built:
        optimizer.build(built.model.trainable_variables)
    names = before["optimizer_variables"]
    own = len(before["variables"]) - len(names)
    weights, slots = before["variables"][:own], before["variables"][own:]
    if start.optimizer != built.recipe.optimizer:
        named = zip(names, slots, strict=True)
        rest = iter([array for name, array in named if name != _RATE])
        slots = [
            to_arrays([v])[0] if v.name == _RATE else next(rest, np.empty(0))
            for v in optimizer.variables
        ]
        slots += list(rest)
    expected = [tuple(v.shape) for v in (*state_variables(built.model), *optimizer.variables)]
    found: Sequence[np.ndarray] = [*weights, *slots]
    if [array.shape for array in found] != expected:
        raise ValueError(
            "The model and the optimizer must have the variables of the run whose training goes "
            "on, and theirs have other shapes. Leave out `resume_start` to begin from its network."
        )
    return list(found)
