"""Tuner of a recipe, whose trials are runs."""

import contextlib
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np

from kerasrecipes.base.files import write_json
from kerasrecipes.engine.interface import Engine
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.training.divergence import DivergenceWarning
from kerasrecipes.training.training import train
from kerasrecipes.tuning.keras_tuner import trial_runs
from kerasrecipes.tuning.keras_tuner.coarse_to_fine import CoarseToFine
from kerasrecipes.tuning.keras_tuner.distributed import role
from kerasrecipes.tuning.keras_tuner.hparams_log import log_hyperparameters
from kerasrecipes.tuning.keras_tuner.on_engine.trials_ahead import run_ahead
from kerasrecipes.tuning.keras_tuner.trial_runs import (
    RUN_NAME,
    folder_of_trial,
    is_unfinished,
    logs_of,
    of_fold,
    rows_in,
)
from kerasrecipes.tuning.keras_tuner.trial_values import EPOCHS, INITIAL_EPOCH, RUNG
from kerasrecipes.tuning.rungs import Rung
from kerasrecipes.tuning.space import Space
from kerasrecipes.tuning.trial_length import is_continuable
from kerasrecipes.tuning.warm.adoption import Adoption
from kerasrecipes.tuning.warm.space_values import values_of


class RungEnd(Exception):
    """Ends the training of a trial at the end of its rung; its run can be continued."""


class RecipeTuner(CoarseToFine):
    """Searches the options of a recipe. Each trial is a run in the folder `runs`.

    Args:
        space: The search space, which holds the recipe.
        objective: The logged quantity by which trials are scored, such as `"val_accuracy"`.
        rungs: The rungs.
        folds: `None` to score trials on the recipe's validation images. An integer of at least 2
            scores them by the mean over the folds of a stratified cross-validation.
        on_event: Called with the name of an event, `"search"`, `"trial_begin"`, `"epoch"` or
            `"trial_end"`, and a dictionary of its details.
        engine: Where the trials run, several at a time; see `run_ahead`. `None`: one by one, here.
        earlier: The folder and the space of another search, whose trials count where this one
            might make them.
        **kwargs: As in `CoarseToFine`.
    """

    # `search` has locked it, with all that it writes before and after the trials.
    locks_folder = False

    def __init__(
        self,
        space: Space,
        objective: str | keras_tuner.Objective,
        rungs: Sequence[Rung],
        *,
        folds: int | None = None,
        on_event: Callable[[str, dict], None] | None = None,
        engine: Engine | None = None,
        earlier: tuple[Path, Space] | None = None,
        **kwargs,
    ):
        self.space, self.folds, self.earlier_search = space, folds, earlier
        # By name, what comes of the trials that run on the engine.
        self.engine, self.ahead = engine, dict[str, Future]()
        self.longest_epochs = rungs[-1].epochs
        self.on_event = on_event or (lambda event, row: None)
        super().__init__(
            None,
            objective,
            rungs=rungs,
            hyperparameters=space.hyperparameters(),
            widen=space.widened,
            continue_training=all(is_continuable(each, rungs) for each in space.examples()),
            **kwargs,
        )
        direction = self.oracle.objective.direction
        self.on_event("search", {"folder": self.project_dir, "direction": direction})

    def assign_rungs(self, epochs: int | None) -> None:
        super().assign_rungs(epochs)
        is_first = role() != "worker" and not self.chief_oracle.trials
        if self.earlier_search is not None and is_first:
            folder, theirs = self.earlier_search
            self.adopt(
                folder,
                lambda values: values_of(self.space, theirs.recipe.replace(theirs.changes(values))),
            )

    def on_adopted(self, found: Adoption) -> None:
        row = {"from": found.source, "kept": len(found.trials), "of": found.ended}
        self.on_event("adopted", {**row, "best_left_out": found.best, "text": found.text})

    def recipe_of(self, values) -> Recipe:
        """Returns the recipe of a trial's run, before it is split into folds."""
        # A run that may be continued has the epochs of the longest rung, and is ended early.
        continues = self.chief_oracle.plan.continues
        epochs = self.longest_epochs if continues else values[EPOCHS]
        return self.space.recipe.replace({**self.space.changes(values), "epochs": epochs})

    def _run_trials(self, *fit_args, **fit_kwargs) -> None:
        if self.engine is None:
            super()._run_trials(*fit_args, **fit_kwargs)
        else:
            run_ahead(self, self.engine)

    def run_trial(self, trial, *args, **kwargs) -> None:
        if trial.trial_id in self.ahead:
            found = self.ahead.pop(trial.trial_id).result()
            name = self.oracle.objective.name
            for epoch, logs in found.reports.items():
                self.report(trial, epoch, logs)
                row = {"trial": trial.trial_id, "epoch": epoch, "score": logs[name]}
                self.on_event("epoch", row)
            if found.error is not None:
                raise found.error
        elif self.folds is None:
            self._run_once(trial)
        else:
            self._run_folds(trial, self.folds)

    def _run_once(self, trial) -> None:
        """Trains a trial and reports each of its epochs once."""
        values = trial.hyperparameters.values
        reporter = _EpochReporter(self, trial)
        history = self._history(trial, self.recipe_of(values), reporter)
        # Some epochs may be trained but not reported yet: a kill came between the two, or an
        # earlier trial with the same recipe trained them.
        reported = self._reported_epochs(trial)
        last = max(reported) if reporter.stopped else values[EPOCHS]
        missing = set(range(values[INITIAL_EPOCH] + 1, last + 1)) - reported
        if missing:
            # The report of an epoch drops those of later ones, so that these are repeated.
            for row in history[min(missing) - 1 : last]:
                self.report(trial, int(row["epoch"]), logs_of(row))

    def _run_folds(self, trial, folds: int) -> None:
        """Trains a trial on each fold, and reports the means over the folds, epoch by epoch."""
        values = trial.hyperparameters.values
        recipe, epochs = self.recipe_of(values), values[EPOCHS]
        histories = [
            self._history(trial, of_fold(recipe, folds, fold), _EpochReporter(None, trial))
            for fold in range(folds)
        ]
        for rows in zip(*(history[:epochs] for history in histories), strict=False):
            logs = [logs_of(row) for row in rows]
            means = {name: float(np.mean([each[name] for each in logs])) for name in logs[0]}
            if self.report(trial, int(rows[0]["epoch"]), means):
                return

    def _reported_epochs(self, trial) -> set[int]:
        """Returns the epochs of a trial that were reported to the oracle, counted from 1."""
        metrics = self.oracle.get_trial(trial.trial_id).metrics
        name = self.oracle.objective.name
        return {seen.step for seen in metrics.get_history(name)} if metrics.exists(name) else set()

    def _history(self, trial, recipe: Recipe, reporter: "_EpochReporter") -> list[dict[str, float]]:
        """Trains a recipe until its reporter ends it, and returns the history of its run."""
        folder = folder_of_trial(self.project_dir, recipe)
        if len(rows_in(folder)) < reporter.epochs or is_unfinished(folder, recipe):
            log_hyperparameters(
                folder / "logs", self.space.changes(trial.hyperparameters.values), trial.trial_id
            )
            # A diverged epoch is in the history too, whose report ends the trial with its cause.
            with (
                contextlib.suppress(RungEnd),
                warnings.catch_warnings(action="ignore", category=DivergenceWarning),
            ):
                runs, callbacks = folder.parent, [reporter, *self.limits(trial)]
                train(recipe, directory=runs, name=RUN_NAME, verbose=0, callbacks=callbacks)
        return rows_in(folder)

    def remove_checkpoints(self) -> None:
        trial_runs.remove_checkpoints(self.project_dir)

    def on_trial_begin(self, trial):
        super().on_trial_begin(trial)
        write_json(Path(self.get_trial_dir(trial.trial_id)) / "worker.json", {"id": self.tuner_id})
        values = trial.hyperparameters.values
        self.on_event(
            "trial_begin",
            {
                "trial": trial.trial_id,
                "rung": values[RUNG] + 1,
                "epochs": values[EPOCHS],
                "values": self.space.changes(values),
            },
        )

    def on_trial_end(self, trial):
        super().on_trial_end(trial)
        self.on_event("trial_end", {"trial": trial.trial_id, "status": trial.status})


class _EpochReporter(keras.callbacks.Callback):
    """Reports the epochs of a trial's run, and ends the run when the trial should end.

    A trial ends with its rung, or early if it is clearly worse than the others. Without a tuner,
    nothing is reported, and the trial ends with its rung.
    """

    def __init__(self, tuner: RecipeTuner | None, trial: Any):
        super().__init__()
        self.tuner, self.trial = tuner, trial
        self.first_epoch = trial.hyperparameters.values[INITIAL_EPOCH]
        self.epochs = trial.hyperparameters.values[EPOCHS]
        self.stopped = False

    def on_epoch_end(self, epoch, logs=None):
        # A kill may have come after the parent's last epoch was logged and before it was saved.
        # This trial then trains that epoch again, but does not report it: the parent has done so.
        if self.tuner is not None and epoch >= self.first_epoch:
            self.stopped = self.tuner.report(self.trial, epoch + 1, logs or {})
            name = self.tuner.oracle.objective.name
            row = {"trial": self.trial.trial_id, "epoch": epoch + 1, "score": float(logs[name])}
            self.tuner.on_event("epoch", row)
        if self.stopped or epoch + 1 >= self.epochs < self.params["epochs"]:
            raise RungEnd
