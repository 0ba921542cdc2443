"""`train`: a recipe goes in, a run comes out."""

import gc
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from kerasrecipes.base.files import clear, locked, write_json
from kerasrecipes.base.private import hold_gradients_weakly
from kerasrecipes.callbacks import AveragedWeights, BestWeights, TensorBoardScalars
from kerasrecipes.data.batches import evaluation_batches, shuffled_images, training_batches
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.models.surgery.batch_norm_recalibration import recalibrate_batch_norm
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.training.build import BuiltRecipe, build_recipe, class_weights
from kerasrecipes.training.environment import describe_environment
from kerasrecipes.training.epoch_log import EpochLog
from kerasrecipes.training.features.cached_build import on_features
from kerasrecipes.training.features.feature_split import FeatureSplit
from kerasrecipes.training.finish import finish_run
from kerasrecipes.training.resumable_checkpoint import ResumableCheckpoint
from kerasrecipes.training.run import Run, find_runs, run_folder
from kerasrecipes.training.start import check_start

# Averaged weights need fresh normalization statistics after every epoch: a pass over all of a large
# data set would cost more than the estimate gains.
REFRESH_BATCHES = 32


def train(
    recipe: Recipe,
    *,
    directory: str | Path = "saved_models",
    name: str = "run",
    overwrite: bool = False,
    verbose: str | int = "auto",
    cache_features: bool | None = None,
    observers: Sequence[keras.callbacks.Callback] = (),
) -> Run:
    """Trains a recipe, or returns its run if it is there.

    A run that was interrupted goes on from its last epoch and ends with the same numbers as an
    uninterrupted one. Keras's global random seed is set.

    Where the model begins with frozen layers, as `Pretrained` does, and images are not augmented,
    the frozen part runs once over the images, and the rest is trained on what it gives, which is
    kept in `features/` in the directory. It changes no number but by rounding.

    Args:
        recipe: The recipe.
        directory: Where run folders are kept; this run's is `<name>-<fingerprint>` in it.
        name: What the run is called, such as the script's name.
        overwrite: Whether to train again even if a run of this recipe is there.
        verbose: As in `keras.Model.fit`.
        cache_features: Whether to keep what the frozen part of the model gives. `None` means: if
            the features of all images take at most 1 GiB.
        observers: Callbacks that are no part of the recipe, called after each epoch's checkpoint
            was written. What one raises ends the training; the run may be taken up again.

    Returns:
        The finished run.

    Raises:
        ValueError: If the recipe cannot be run, or its run folder is of other data.
        BlockingIOError: If another process is at work in the run folder.
    """
    folder = run_folder(directory, name, recipe)
    dataset = recipe.data.build("data").load()
    if not overwrite and _is_finished(folder, dataset):
        return Run(folder)
    # The models of earlier runs, which nobody has any more.
    hold_gradients_weakly()
    gc.collect()
    start = _start_run(recipe, directory, verbose)
    if start is not None:
        check_start(recipe, dataset, start)
    built = build_recipe(recipe, dataset, start and start.load_model())
    weights = class_weights(recipe, dataset)
    with locked(folder):
        if overwrite:
            clear(folder)
        if not _is_finished(folder, dataset):
            cached = on_features(built, Path(directory) / "features", cache_features)
            _open(folder, built)
            log, epoch = _fit(folder, cached or built, weights, verbose, observers)
            seconds = sum(row["seconds"] for row in log.rows)
            finish_run(folder, built, epoch, seconds, cached)
            shutil.rmtree(folder / "checkpoint", ignore_errors=True)
    return Run(folder)


def _fit(
    folder: Path, built: BuiltRecipe, weights: dict | None, verbose, observers
) -> tuple[EpochLog, int]:
    """Trains from the last checkpoint on; returns the log and the epoch of the final weights."""
    recipe, length, model = built.recipe, built.length, built.model
    log = EpochLog(folder / "history.csv")
    best = [BestWeights(recipe.monitor)] if recipe.monitor else []
    chosen = [callback.build("callback", length) for callback in recipe.callbacks]
    validation = evaluation_batches(built.dataset.validation, built.batch_size)
    callbacks = [log, *chosen, *best]
    # A checkpoint of part of the model does not serve the whole.
    state = "head.npz" if isinstance(built.dataset.train, FeatureSplit) else "state.npz"
    checkpoint = ResumableCheckpoint(folder / "checkpoint" / state, callbacks)
    if recipe.averaging:
        averaged = AveragedWeights(validation, _normalization_refresh(built), callbacks=best)
        callbacks, validation = [averaged, log, *chosen], None
    # Keras weighs a sample by one class; a mixed one has several, which the pipeline weighs.
    mixed = built.mixed_labels
    finished = checkpoint.restore(model)
    # After the last epoch nothing is left to train, but the callbacks and the optimizer end as they
    # would have: early stopping and averaging give the model its weights only then.
    last = finished if checkpoint.stopped else recipe.epochs
    model.fit(
        training_batches(
            built.dataset.train,
            batch_size=built.batch_size,
            seed=recipe.seed,
            steps_per_epoch=length.steps_per_epoch,
            epochs=range(finished, max(last, finished + 1)),
            augment=built.augment,
            classes=len(built.dataset.class_names),
            class_weight=weights if mixed else None,
        ),
        validation_data=validation,
        initial_epoch=finished,
        epochs=last,
        steps_per_epoch=length.steps_per_epoch,
        shuffle=False,  # The batches come in the run's own order.
        class_weight=None if mixed else weights,
        callbacks=[*callbacks, TensorBoardScalars(folder / "logs"), checkpoint, *observers],
        verbose=verbose,
    )
    best_epoch = best[0].restore(model) if best else None
    return log, log.rows[-1]["epoch"] if best_epoch is None else best_epoch + 1


def _normalization_refresh(built: BuiltRecipe) -> Callable[[keras.Model], None]:
    """Returns a function that computes batch normalization's statistics on training images."""
    split, size = built.dataset.train, built.batch_size

    def refresh(model: keras.Model) -> None:
        recalibrate_batch_norm(model, shuffled_images(split, size, batches=REFRESH_BATCHES))

    return refresh


def _is_finished(folder: Path, dataset: Dataset) -> bool:
    """Returns whether a run is there and at its end; raises if it is of other data."""
    if not (folder / "data.json").exists():
        return False
    run = Run(folder)
    if run.data["hash"] != dataset.hash:
        raise ValueError(
            f"The data has changed since this run began: its hash was {run.data['hash'][:12]}, "
            f"now it is {dataset.hash[:12]}. Train anew with `--overwrite`, or into another "
            f"directory. Received: {folder}"
        )
    return run.finished


def _start_run(recipe: Recipe, directory: str | Path, verbose) -> Run | None:
    """Returns the finished run that a recipe starts from; trains it where there is none."""
    start = recipe.start_recipe()
    if start is None:
        return None
    path = recipe.start
    named = [Run(path)] if isinstance(path, str) and Path(path).is_dir() else []
    for run in [*named, *find_runs(directory)]:
        if run.finished and run.recipe.fingerprint == start.fingerprint:
            return run
    return train(start, directory=directory, name="start", verbose=verbose)


def _open(folder: Path, built: BuiltRecipe) -> None:
    """Writes what is known before training; data.json last: with it the run has begun."""
    write_json(folder / "recipe.json", built.recipe.to_dict())
    write_json(folder / "environment.json", describe_environment(built.recipe))
    write_json(folder / "data.json", built.dataset.to_dict())
