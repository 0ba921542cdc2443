"""Epochs of a run: training with checkpoints, averaged weights and the choice of an epoch."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras

from kerasrecipes.callbacks import AveragedWeights, BestWeights, TensorBoardScalars
from kerasrecipes.data.batches import evaluation_batches, training_batches
from kerasrecipes.training.batch_statistics import fresh_statistics, statistics_refresh
from kerasrecipes.training.build import BuiltRecipe
from kerasrecipes.training.divergence import EpochDiverged, StopWhenDiverged, restore_finite
from kerasrecipes.training.epoch_log import EpochLog
from kerasrecipes.training.monitors import build_callbacks
from kerasrecipes.training.resumable_checkpoint import ResumableCheckpoint


class FittedEpochs(NamedTuple):
    """The epochs that a run has trained.

    Args:
        kept: The epoch whose weights the model has now, counted from 1; 0 for the initial weights.
        seconds: The time that all epochs took together.
        diverged: `None`, or the epoch and step, counted from 1, at which the loss was not finite.
    """

    kept: int
    seconds: float
    diverged: dict[str, int] | None = None


def fit_recipe(
    built: BuiltRecipe,
    folder: Path,
    class_weight: dict[int, float] | None,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: str | int = "auto",
) -> FittedEpochs:
    """Trains a built recipe from the last checkpoint in its run folder to the end.

    If the loss is NaN or infinite, the training ends there. The model then gets the weights of its
    best epoch, or else those of its last checkpoint, or its initial ones.

    Args:
        built: The built recipe. Its model is trained.
        folder: The run folder, which gets history.csv, logs and checkpoints.
        class_weight: `None`, or the weight of each label in the loss.
        callbacks: Callbacks besides the recipe's, called after the checkpoint of each epoch.
        verbose: As in `keras.Model.fit`.
    """
    recipe, model, steps = built.recipe, built.model, built.length.steps_per_epoch
    log = EpochLog(folder / "history.csv")
    best = [BestWeights(recipe.monitor, recipe.mode)] if recipe.monitor else []
    chosen = build_callbacks(recipe, model, built.dataset.class_names, built.length)
    checkpoint = ResumableCheckpoint(
        folder / "checkpoint" / built.checkpoint, [log, *chosen, *best]
    )
    validation = evaluation_batches(built.dataset.validation, built.batch_size)
    refresh = statistics_refresh(built)
    if recipe.averaging:
        averaged = AveragedWeights(validation, refresh, callbacks=best)
        own, validation = [averaged, log, *chosen], None
    else:
        own = [*fresh_statistics(built, refresh), log, *chosen, *best]
    finished = checkpoint.restore(model)
    # If the checkpoint is of the last epoch, `fit` trains no more but still calls the callbacks and
    # the optimizer at its end: early stopping and averaging give the model its weights only then.
    last = finished if checkpoint.stopped else recipe.epochs
    # Keras weights a sample by one class. A mixed sample has several, which the batches weight.
    mixed = built.mixed_labels
    guard = StopWhenDiverged()
    try:
        model.fit(
            training_batches(
                built.dataset.train,
                batch_size=built.batch_size,
                seed=recipe.seed,
                steps_per_epoch=steps,
                epochs=range(finished, max(last, finished + 1)),
                augment=built.augment,
                classes=len(built.dataset.class_names),
                class_weight=class_weight if mixed else None,
            ),
            validation_data=validation,
            initial_epoch=finished,
            epochs=last,
            steps_per_epoch=steps,
            shuffle=False,  # The batches are in the run's own order already.
            class_weight=None if mixed else class_weight,
            # The checkpoint comes first: if the disk is full, the logs must not cost an epoch.
            callbacks=[guard, *own, checkpoint, TensorBoardScalars(folder / "logs"), *callbacks],
            verbose=verbose,
        )
    except EpochDiverged as end:
        log.on_epoch_end(end.epoch, end.logs)
        seconds = _seconds(log)  # The log's rows are those of the checkpoint after the next line.
        kept = restore_finite(model, best, checkpoint, guard.initial)
        return FittedEpochs(kept, seconds, {"epoch": end.epoch + 1, "step": end.step})
    best_epoch = best[0].restore(model) if best else None
    kept = log.rows[-1]["epoch"] if best_epoch is None else best_epoch + 1
    return FittedEpochs(kept, _seconds(log))


def _seconds(log: EpochLog) -> float:
    return sum(row["seconds"] for row in log.rows)
