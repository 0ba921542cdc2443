"""Training of a recipe, from its data to a finished run folder."""

import gc
import threading
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from kerasrecipes.base.files import clear, locked, write_json
from kerasrecipes.base.private.gradient_registry import hold_gradients_weakly
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.users_code import with_imports
from kerasrecipes.training.building.build import BuiltRecipe, build_recipe, run_length
from kerasrecipes.training.building.class_weighting import class_weights
from kerasrecipes.training.building.start import network_recipe, resumed_run, start_model
from kerasrecipes.training.diagnosing import RunDoctor
from kerasrecipes.training.divergence import DivergenceWarning
from kerasrecipes.training.environment import describe_environment
from kerasrecipes.training.features.cached_build import on_features
from kerasrecipes.training.files.run_folders import run_folder
from kerasrecipes.training.finish import finish_run
from kerasrecipes.training.fit import fit_recipe
from kerasrecipes.training.numerics import NUMERICS_VERSION
from kerasrecipes.training.resuming.going_on import (
    begin_with_final_state,
    check_going_on,
    keep_final_state,
)
from kerasrecipes.training.run import Run

# Keras draws initial weights and random layers' numbers from states of the whole process, so two
# trainings at once would disturb each other. A start's training is within that of its recipe.
_ONE_AT_A_TIME = threading.RLock()


def train(
    recipe: Recipe,
    *,
    directory: str | Path = "saved_models",
    name: str = "run",
    overwrite: bool = False,
    verbose: str | int = "auto",
    cache_features: bool | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    doctor: bool | None = None,
    on_start: Callable[[Path], None] | None = None,
    run: Run | None = None,
) -> Run:
    """Trains a recipe, or returns its run if it has been trained before on the same data.

    An interrupted run is resumed from its last checkpoint and ends with the same numbers as an
    uninterrupted one. While the model trains, Ctrl-C and SIGTERM wait for the end of the step or of
    the validation that is under way; a second signal ends the process at once. Keras's global
    random seed is set. Several threads of a process train one after the other.

    If the model begins with frozen layers, as `Pretrained` does, and images are not augmented,
    the outputs of the frozen layers are computed once for all images, and the other layers are
    trained on these features. They are kept in the folder `features` of the directory. Up to
    rounding, this changes no number.

    A finished run keeps the final state of its training, if that takes at most 256 MiB, so that
    another recipe can go on from there: see `resume_start` of `Recipe`.

    Args:
        recipe: The recipe.
        directory: The folder that holds the run folders. The name of this run's folder is made of
            `name`, the recipe's fingerprint, the hash of the data and the numerics version.
        name: The name of the run, such as the name of the script.
        overwrite: Whether to train again even if the recipe has been trained before.
        verbose: As in `keras.Model.fit`.
        cache_features: Whether to train on cached features as described above. Defaults to `None`:
            if the features of all images take at most 1 GiB.
        callbacks: Further callbacks, which are no part of the recipe. They are called after the
            checkpoint of each epoch was written. An error that one of them raises ends the
            training, which can be resumed.
        doctor: Whether to watch the training and say what is wrong with it: `Run.diagnosis`, and
            the first section of the report. It changes no number. Defaults to `None`: unless
            `verbose` is 0.
        on_start: Function that is called with the run folder before anything is trained in it, and
            after all values were checked. The folder need not exist. If the recipe starts from
            another one that has to be trained, it is called with that one's folder first.
        run: A run of the recipe to go on with, in its own folder, which may have been renamed. It
            is left alone if its recipe, data or numerics version are others. Defaults to the run
            whose folder has the name described above.

    Returns:
        The finished run. If its loss became NaN or infinite, the training ended there, a
        `DivergenceWarning` says so, and `Run.diverged` tells the step and which weights were kept.

    Raises:
        ValueError: If the recipe cannot be trained, the run folder belongs to other data, or the
            run was begun on another backend.
        BlockingIOError: If another process is at work in the run folder.
    """
    recipe = with_imports(recipe)
    dataset = recipe.data.build("data").load()
    folder = run_folder(directory, name, recipe.fingerprint, dataset.hash, run)
    announce = on_start or (lambda folder: None)
    if not overwrite and _is_finished(folder, recipe, dataset):
        announce(folder)
        return _with_warning(Run(folder))
    with _ONE_AT_A_TIME:
        # Frees the models of earlier runs that nobody holds any more.
        hold_gradients_weakly()
        gc.collect()

        def train_start(start: Recipe) -> Run:
            # What is wrong in this recipe must not be found only after the other is trained.
            recipe.optimizer.build("optimizer", run_length(recipe, dataset))
            return train(
                start,
                directory=directory,
                name=f"{name}-start",
                verbose=verbose,
                doctor=doctor,
                on_start=on_start,
            )

        # The start model is not kept in a variable, so that it can be freed before the training.
        begun = not overwrite and (folder / "checkpoint").is_dir()
        resumed = None if begun else resumed_run(recipe, dataset, directory, train_start)
        if resumed is not None:
            check_going_on(recipe, dataset.hash, resumed)
        network = network_recipe(recipe)
        built = build_recipe(recipe, dataset, start_model(network, dataset, directory, train_start))
        weights = class_weights(recipe, dataset)
        announce(folder)
        with locked(folder):
            if overwrite:
                clear(folder)
            if not _is_finished(folder, recipe, dataset):
                cached = on_features(built, Path(directory) / "features", cache_features)
                open_run(folder, built)
                if resumed is not None:
                    begin_with_final_state(folder, cached or built, resumed)
                watched = verbose != 0 if doctor is None else doctor
                fitted = fit_recipe(
                    cached or built,
                    folder,
                    weights,
                    callbacks=callbacks,
                    doctor=RunDoctor(cached or built) if watched else None,
                    verbose=verbose,
                )
                finish_run(folder, built, fitted, cached)
                keep_final_state(folder, (cached or built).checkpoint, bool(fitted.diverged))
    return _with_warning(Run(folder))


def _with_warning(run: Run) -> Run:
    """Returns a run, and warns if it has diverged."""
    if run.diverged:
        warnings.warn(f"{run.diverged} {run.folder}", DivergenceWarning, stacklevel=3)
    return run


def _is_finished(folder: Path, recipe: Recipe, dataset: Dataset) -> bool:
    """Returns whether a folder holds the finished run.

    Raises:
        ValueError: If the folder holds another run, or the run cannot be resumed here.
    """
    if not (folder / "data.json").exists():
        return False
    run = Run(folder)
    if not run.is_of(recipe.fingerprint, dataset.hash):
        raise ValueError(
            "The folder holds another run: its recipe is "
            f"{run.recipe.fingerprint}, the hash of its data begins with {run.data['hash'][:12]}, "
            f"and its numerics version is {run.numerics_version}. Here they are "
            f"{recipe.fingerprint}, {dataset.hash[:12]} and {NUMERICS_VERSION}. Give this run "
            f"another name (`name`, `--name`). Received: {folder}"
        )
    backend, begun = keras.backend.backend(), run.environment.get("backend")
    if not run.finished and begun != backend:
        raise ValueError(
            f"The run was begun with the backend {begun}, and this is {backend}, which would go on "
            f"with other numbers. Set KERAS_BACKEND={begun}, or give this run another name "
            f"(`name`, `--name`). Received: {folder}"
        )
    return run.finished


def open_run(folder: Path, built: BuiltRecipe) -> None:
    """Writes the files that describe a run before its training.

    data.json comes last: a folder that has it belongs to a run that has begun.
    """
    write_json(folder / "recipe.json", built.recipe.to_dict())
    write_json(folder / "environment.json", describe_environment(built.recipe))
    write_json(folder / "data.json", built.dataset.to_dict())
