"""Contestants of the benchmark: keras-tuner's tuners, ours, and the peers."""

import contextlib
import io
import os
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner
import numpy as np

from kerasrecipes.tuning import CoarseToFine
from search_replay.peers import Progress, optuna_gp, optuna_tpe, smac
from search_replay.space import DIMENSIONS
from search_replay.surfaces import Surface
from search_replay.trainer import EPOCHS

# keras-tuner writes a file for every epoch of a trial. They are written to memory if possible.
FOLDER = "/dev/shm" if os.path.isdir("/dev/shm") else None


def random_search(surface: Surface, budget_epochs: int, seed: int) -> Progress:
    trials = budget_epochs // EPOCHS
    yield from _keras_tuner(surface, seed, keras_tuner.RandomSearch, max_trials=trials)


def bayesian(surface: Surface, budget_epochs: int, seed: int) -> Progress:
    # By default, three random points for each dimension would leave none of 20 trials to the model.
    options = {"max_trials": budget_epochs // EPOCHS, "num_initial_points": DIMENSIONS}
    yield from _keras_tuner(surface, seed, keras_tuner.BayesianOptimization, **options)


def hyperband(surface: Surface, budget_epochs: int, seed: int) -> Progress:
    # It would run more iterations than the budget allows, and ends with the budget.
    options = {"max_epochs": EPOCHS, "hyperband_iterations": 100}
    progress = _keras_tuner(surface, seed, keras_tuner.Hyperband, **options)
    yield from _until(progress, budget_epochs)


def coarse_to_fine(surface: Surface, budget_epochs: int, seed: int) -> Progress:
    options = {"max_trials": budget_epochs // EPOCHS}
    yield from _keras_tuner(surface, seed, CoarseToFine, **options)


CONTESTANTS: dict[str, Callable[[Surface, int, int], Progress]] = {
    "CoarseToFine": coarse_to_fine,
    "RandomSearch": random_search,
    "Hyperband": hyperband,
    "BayesianOptimization": bayesian,
    "Optuna TPE + halving": optuna_tpe,
    "Optuna GP": optuna_gp,
    "SMAC": smac,
}


def _until(progress: Progress, budget_epochs: int) -> Progress:
    """Yields the progress of a search until it has spent its budget."""
    for spent, best in progress:
        yield min(spent, budget_epochs), best
        if spent >= budget_epochs:
            return


def _keras_tuner(surface: Surface, seed: int, tuner_class, **options) -> Progress:
    """Yields the progress of a keras-tuner tuner whose trials look up their scores on a surface."""
    rng = np.random.default_rng(seed)
    curves: dict[str, np.ndarray] = {}

    class Replay(tuner_class):
        spent = 0

        def run_trial(self, trial, **kwargs):
            values = trial.hyperparameters.values
            parent = values.get("tuner/trial_id")
            curve = curves[parent] if parent else surface.curve(_hyperparameters(values), rng)
            curves[trial.trial_id] = curve
            first, last = values.get("tuner/initial_epoch", 0), values.get("tuner/epochs", EPOCHS)
            if tuner_class is CoarseToFine:
                for epoch in range(first, last):
                    self.spent += 1
                    if self.report(trial, epoch + 1, {"val_accuracy": float(curve[epoch])}):
                        break
                return None
            self.spent += last - first
            # keras-tuner scores a training by its best epoch.
            return {"val_accuracy": float(np.max(curve[first:last]))}

        def on_search_begin(self):
            self.oracle.verbose = 0

    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        tuner = Replay(
            hypermodel=None,
            objective=keras_tuner.Objective("val_accuracy", "max"),
            seed=seed + 1,
            hyperparameters=_declared(surface),
            directory=folder,
            **options,
        )
        yield from _step_by_step(tuner)


def _step_by_step(tuner) -> Progress:
    """Runs the search of a tuner, and yields its progress after every trial."""
    tuner.on_search_begin()
    if isinstance(tuner, CoarseToFine):
        tuner.assign_rungs(EPOCHS)
    while True:
        with contextlib.redirect_stdout(io.StringIO()):
            trial = tuner.oracle.create_trial(tuner.tuner_id)
        if trial.status == "STOPPED":
            return
        results = tuner.run_trial(trial)
        if results is not None:
            tuner.oracle.update_trial(trial.trial_id, results)
        trial.status = "COMPLETED"
        tuner.oracle.end_trial(trial)
        best = tuner.oracle.get_best_trials(1)[0].hyperparameters.values
        yield tuner.spent, _hyperparameters(best)


def _declared(surface: Surface) -> keras_tuner.HyperParameters:
    hyperparameters = keras_tuner.HyperParameters()
    surface.declare(hyperparameters)
    return hyperparameters


def _hyperparameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of a trial without those that the tuner added."""
    return {name: value for name, value in values.items() if not name.startswith("tuner/")}
