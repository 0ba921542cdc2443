"""A trial of a recipe that a worker trains, as a value, and its training there."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

from keras_tuner.engine.trial import Trial

from kerasrecipes.engine.worker import portable
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.runs.trainings.one_training import patiently
from kerasrecipes.tuning.keras_tuner.recipe_tuner import RecipeTuner
from kerasrecipes.tuning.keras_tuner.trial_results import finite_metrics
from kerasrecipes.tuning.keras_tuner.trial_runs import folder_of_trial, logs_of, rows_in
from kerasrecipes.tuning.keras_tuner.trial_values import EPOCHS, INITIAL_EPOCH
from kerasrecipes.tuning.planning.median_rule import should_stop_early

# What a tuner is in a worker: that of the search itself has an oracle, which stays where it is.
SENT = ("space", "folds", "longest_epochs", "directory", "project_name", "tuner_id", "constraints")


class TrainedTrial(NamedTuple):
    """What came of a trial.

    Args:
        reports: The logged quantities after each epoch that is reported, counted from 1.
        error: What it raised, if it failed.
        seconds: How long it took.
    """

    reports: dict[int, Mapping[str, float]]
    error: Exception | None
    seconds: float


@dataclass(frozen=True)
class RemoteTrial:
    """A trial: what to train, and when to stop early.

    Args:
        tuner: The attributes of the tuner, by `SENT`.
        state: The state of keras-tuner's trial.
        recipe: Its recipe, before it is split into folds.
        objective: The name of the quantity that it is scored by.
        sign: 1 if a high objective is good, -1 if a low one is.
        before: The objective, times the sign, after each epoch of the trial that it continues.
        others: The same of the trials that it is compared with; `None` if it never stops early.
    """

    tuner: Mapping[str, Any]
    state: Mapping[str, Any]
    recipe: Recipe
    objective: str
    sign: int
    before: Sequence[float]
    others: Sequence[Sequence[float]] | None


def trained_trial(remote: RemoteTrial) -> TrainedTrial:
    """Trains a trial from where it is to its end."""
    began = time.monotonic()
    tuner, error = _TunerOfOne(remote), None
    try:
        patiently(tuner.run)
    except Exception as raised:
        error = portable(raised)
    return TrainedTrial(tuner.reports, error, time.monotonic() - began)


class _TunerOfOne(RecipeTuner):
    """A tuner in a worker, with one trial, which takes note of what it is to report."""

    def __init__(self, remote: RemoteTrial):
        # Not that of a tuner: the search and its files are its parent's.
        for name, value in remote.tuner.items():
            setattr(self, name, value)
        self.ahead = {}
        self.remote = remote
        self.trial = Trial.from_state(dict(remote.state))
        self.reports: dict[int, Mapping[str, float]] = {}
        self.oracle = SimpleNamespace(objective=SimpleNamespace(name=remote.objective))
        self.on_event = lambda event, row: None

    def run(self) -> None:
        """Trains the trial, and reports its epochs, those before a kill included."""
        values = self.trial.hyperparameters.values
        if self.folds is None:
            folder = folder_of_trial(self.project_dir, self.remote.recipe)
            rows = rows_in(folder)[: values[EPOCHS]]
            for epoch, row in enumerate(rows[values[INITIAL_EPOCH] :], values[INITIAL_EPOCH] + 1):
                if self.report(self.trial, epoch, logs_of(row)):
                    return
        self.run_trial(self.trial)

    def recipe_of(self, values) -> Recipe:
        return self.remote.recipe

    def report(self, trial, epochs: int, logs: Mapping[str, Any]) -> bool:
        self.reports[epochs] = finite_metrics(logs, self.remote.objective, epochs)
        if self.remote.others is None:
            return False
        curve = [self.remote.sign * self.reports[e][self.remote.objective] for e in self.reports]
        planned = trial.hyperparameters.values[EPOCHS]
        return should_stop_early([*self.remote.before, *curve], self.remote.others, planned)

    def _reported_epochs(self, trial) -> set[int]:
        return set(self.reports)
