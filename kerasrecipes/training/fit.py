"""Epochs of a run: training with checkpoints, averaged weights and the choice of an epoch."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes.callbacks import AveragedWeights, BestWeights, Snapshots, TensorBoardScalars
from kerasrecipes.callbacks.cycles import cycle_epochs
from kerasrecipes.data.batches import evaluation_batches
from kerasrecipes.optimizers import EveryAverage
from kerasrecipes.training.averaging.run_averages import take_chosen_average
from kerasrecipes.training.averaging.stored_weights import FOLDER, StoredWeights
from kerasrecipes.training.batch_statistics import fresh_statistics, statistics_refresh
from kerasrecipes.training.building.build import BuiltRecipe
from kerasrecipes.training.building.inputs import fit_inputs
from kerasrecipes.training.building.monitors import build_callbacks
from kerasrecipes.training.diagnosing import RunDoctor, write_diagnosis
from kerasrecipes.training.divergence import EpochDiverged, StopWhenDiverged, restore_finite
from kerasrecipes.training.epoch_log import EpochLog
from kerasrecipes.training.resumable_checkpoint import ResumableCheckpoint
from kerasrecipes.training.resuming.deferred_signals import DeferredSignals
from kerasrecipes.training.resuming.interruption import EpochEnd, StopOnSignal, ending_the_epoch


class FittedEpochs(NamedTuple):
    """The epochs that a run has trained.

    Args:
        kept: The epoch whose weights the model has now, counted from 1; 0 for the initial weights.
        seconds: The time that all epochs took together.
        diverged: `None`, or the epoch and step, counted from 1, at which the loss was not finite.
        average: `None`, or which average the weights are, with which statistics, and whether it
            was chosen among others.
        snapshots: The weights that the recipe's `Snapshots` have kept, by step.
    """

    kept: int
    seconds: float
    diverged: dict[str, int] | None = None
    average: dict[str, Any] | None = None
    snapshots: Mapping[int, Sequence[np.ndarray]] = {}


def fit_recipe(
    built: BuiltRecipe,
    folder: Path,
    class_weight: dict[int, float] | None,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    doctor: RunDoctor | None = None,
    verbose: str | int = "auto",
) -> FittedEpochs:
    """Trains a built recipe from the last checkpoint in its run folder to the end.

    If the loss is NaN or infinite, the training ends there. The model then gets the weights of its
    best epoch, or else those of its last checkpoint, or its initial ones.

    Ctrl-C and SIGTERM wait for the end of the step or of the validation that is under way.

    Args:
        built: The built recipe. Its model is trained.
        folder: The run folder, which gets history.csv, logs and checkpoints.
        class_weight: `None`, or the weight of each label in the loss.
        callbacks: Callbacks besides the recipe's, called after the checkpoint of each epoch.
        doctor: What watches the training, and writes its record and findings at the end.
        verbose: As in `keras.Model.fit`.
    """
    recipe, model = built.recipe, built.model
    log = EpochLog(folder / "history.csv")
    best = [BestWeights(recipe.monitor, recipe.mode)] if recipe.monitor else []
    chosen = build_callbacks(recipe, model, built.dataset.class_names, built.length)
    validation = evaluation_batches(built.dataset.validation, built.batch_size)
    refresh = statistics_refresh(built)
    averaging: list[keras.callbacks.Callback] = []
    if isinstance(built.averaging, EveryAverage):
        cycles = cycle_epochs(model.optimizer, built.length.steps_per_epoch, recipe.epochs)
        averaging = [StoredWeights(folder / FOLDER, built.averaging, recipe.epochs, cycles)]
        own = [*fresh_statistics(built, refresh), log, *averaging, *chosen, *best]
    elif recipe.averaging:
        choose = built.averaging is not None and built.dataset.held_out
        averaging = [AveragedWeights(validation, refresh, best, choose_statistics=choose)]
        own, validation = [*averaging, log, *chosen], None
    else:
        own = [*fresh_statistics(built, refresh), log, *chosen, *best]
    checkpoint = ResumableCheckpoint(
        folder / "checkpoint" / built.checkpoint,
        [log, *chosen, *best, *averaging],
        recipe.checkpoint_minutes,
        seed=recipe.seed,
    )
    guard = StopWhenDiverged(model)
    # The checkpoint comes first: if the disk is full, the logs must not cost an epoch.
    own = [guard, *own, checkpoint, TensorBoardScalars(folder / "logs")]
    watching = [doctor] if doctor is not None else []
    try:
        with DeferredSignals() as signals:
            own += [StopOnSignal(signals, checkpoint), *watching]
            _fit(built, checkpoint, [*own, *callbacks], validation, class_weight, verbose)
    except EpochDiverged as end:
        log.on_epoch_end(end.epoch, end.logs)
        for callback in watching:  # It sees which layers are not finite.
            callback.on_epoch_end(end.epoch, end.logs)
        # Before these are those of the checkpoint that is restored.
        seconds, step = _seconds(log), checkpoint.first_step + end.step
        kept = restore_finite(model, best, checkpoint, guard.initial)
        fitted = FittedEpochs(kept, seconds, {"epoch": end.epoch + 1, "step": step})
    else:
        best_epoch = best[0].restore(model) if best else None
        kept = log.rows[-1]["epoch"] if best_epoch is None else best_epoch + 1
        average = _average(built, folder, log, kept, refresh is not None)
        fitted = FittedEpochs(kept, _seconds(log), average=average)
    if doctor is not None:
        write_diagnosis(folder, doctor.record_of_run(log.rows, fitted.diverged))
    taken = [callback for callback in chosen if isinstance(callback, Snapshots)]
    pairs = [pair for each in taken for pair in zip(each.steps, each.snapshots, strict=True)]
    return fitted._replace(snapshots=dict(pairs))


def _fit(
    built: BuiltRecipe,
    checkpoint: ResumableCheckpoint,
    callbacks: Sequence[keras.callbacks.Callback],
    validation,
    class_weight: dict[int, float] | None,
    verbose: str | int,
) -> None:
    """Trains the epochs that remain: the rest of one that was interrupted, then the others."""
    recipe, steps = built.recipe, built.length.steps_per_epoch
    finished = checkpoint.restore(built.model)
    done = checkpoint.first_step
    # If the checkpoint is of the last epoch, `fit` trains no more but still calls the callbacks and
    # the optimizer at its end: early stopping and averaging give the model its weights only then.
    last = finished if checkpoint.stopped else recipe.epochs
    # Keras reads a batch ahead, and on PyTorch, some augmentation seeds the global generator: its
    # state at the end of the last epoch is to be that of any other, for trainings that go on.
    ahead = int(keras.backend.backend() == "torch")
    taken = built.step.on(built.model) if built.step else contextlib.nullcontext()
    epochs = range(finished, max(last, finished + 1) + ahead)
    try:
        with taken:
            built.model.fit(
                **fit_inputs(built, class_weight, epochs, first_step=done),
                validation_data=validation,
                initial_epoch=finished,
                epochs=last,
                steps_per_epoch=steps - done,
                callbacks=[*callbacks, *(ending_the_epoch(verbose) if done else ())],
                verbose=verbose,
            )
    except EpochEnd:
        _fit(built, checkpoint, callbacks, validation, class_weight, verbose)


def _average(
    built: BuiltRecipe, folder: Path, log: EpochLog, kept: int, has_statistics: bool
) -> dict[str, Any] | None:
    """Returns what is said of the average that a recipe names; gives the model its last one."""
    if isinstance(built.averaging, EveryAverage):
        best = kept if built.recipe.monitor else None
        return take_chosen_average(built, folder, best)
    if built.averaging is None:
        return None
    # They are chosen, and logged, only where validation images are kept from the training.
    fresh = next(row for row in log.rows if row["epoch"] == kept).get("fresh_statistics", 1.0)
    statistics = ("fresh" if fresh else "unchanged") if has_statistics else None
    return {"name": built.averaging.label, "statistics": statistics, "chosen": False}


def _seconds(log: EpochLog) -> float:
    return sum(row["seconds"] for row in log.rows)
