"""The tuner of a recipe: each trial is a run."""

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasrecipes.base.files import write_json
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import Spec
from kerasrecipes.training.run import Run, run_folder
from kerasrecipes.training.training import train
from kerasrecipes.tuning.keras_tuner.coarse_to_fine import CoarseToFine
from kerasrecipes.tuning.keras_tuner.hparams_log import log_hyperparameters
from kerasrecipes.tuning.keras_tuner.trial_values import EPOCHS, INITIAL_EPOCH, STAGE
from kerasrecipes.tuning.rungs import Rung
from kerasrecipes.tuning.space import Space
from kerasrecipes.tuning.trial_length import is_continuable

RUN_NAME = "trial"


class RungEnd(Exception):
    """Ends the training of a trial whose run is longer than its rung; the run can go on."""


class RecipeTuner(CoarseToFine):
    """Searches a recipe's options; each trial is a run in `runs/`.

    Args:
        space: The space, with the recipe that it is around.
        objective: The logged quantity, such as `"val_accuracy"`.
        rungs: Trials and epochs.
        folds: `None` to score on the recipe's own validation images; or an integer of at least 2
            for the mean over the folds of a stratified cross-validation.
        on_event: Called with `"trial_begin"`, `"epoch"` or `"trial_end"`, and a dictionary.
        **kwargs: As in `CoarseToFine`.
    """

    def __init__(
        self,
        space: Space,
        objective: str,
        rungs: Sequence[Rung],
        *,
        folds: int | None = None,
        on_event: Callable[[str, dict], None] | None = None,
        **kwargs,
    ):
        self.space, self.folds = space, folds
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

    def recipe_of(self, values) -> Recipe:
        """Returns the recipe that a trial runs, before it is split into folds."""
        # Where a trial can go on, its run is that of the longest rung, ended early.
        continues = self.chief_oracle.plan.continues
        epochs = self.longest_epochs if continues else values[EPOCHS]
        return self.space.recipe.replace({**self.space.changes(values), "epochs": epochs})

    def run_trial(self, trial, *args, **kwargs) -> None:
        values = trial.hyperparameters.values
        recipe, epochs = self.recipe_of(values), values[EPOCHS]
        runs = Path(self.project_dir) / "runs"
        if self.folds is None:
            watch = _Watch(self, trial, epochs)
            history = self._history(trial, recipe, runs, watch)
            # What a kill kept from being reported, or what another trial of this recipe trained.
            known = self._reported(trial)
            last = max(known) if watch.stopped else epochs
            missing = set(range(values[INITIAL_EPOCH] + 1, last + 1)) - known
            for row in history[min(missing) - 1 : last] if missing else ():
                self.report(trial, int(row["epoch"]), _logs(row))
            return
        histories = [
            self._history(trial, _fold(recipe, self.folds, k), runs, _Watch(None, trial, epochs))
            for k in range(self.folds)
        ]
        for rows in zip(*(history[:epochs] for history in histories), strict=False):
            logs = [_logs(row) for row in rows]
            means = {name: float(np.mean([each[name] for each in logs])) for name in logs[0]}
            if self.report(trial, int(rows[0]["epoch"]), means):
                return

    def _reported(self, trial) -> set[int]:
        """Returns the epochs that the oracle knows of a trial."""
        metrics = self.oracle.get_trial(trial.trial_id).metrics
        name = self.oracle.objective.name
        return {seen.step for seen in metrics.get_history(name)} if metrics.exists(name) else set()

    def _history(self, trial, recipe: Recipe, runs: Path, watch) -> list[dict[str, float]]:
        """Trains a recipe as far as its watch lets it, and returns what it logged."""
        folder = run_folder(runs, RUN_NAME, recipe)
        if len(_rows(folder)) < watch.epochs:
            log_hyperparameters(
                folder / "logs", self.space.changes(trial.hyperparameters.values), trial.trial_id
            )
            with contextlib.suppress(RungEnd):
                train(recipe, directory=runs, name=RUN_NAME, verbose=0, callbacks=[watch])
        return _rows(folder)

    def on_trial_begin(self, trial):
        self.began = time.monotonic()
        write_json(Path(self.get_trial_dir(trial.trial_id)) / "worker.json", {"id": self.tuner_id})
        values = trial.hyperparameters.values
        self.on_event(
            "trial_begin",
            {
                "trial": trial.trial_id,
                "rung": values[STAGE] + 1,
                "epochs": values[EPOCHS],
                "values": self.space.changes(values),
            },
        )

    def on_trial_end(self, trial):
        path = Path(self.get_trial_dir(trial.trial_id)) / "seconds.json"
        write_json(path, {"seconds": round(time.monotonic() - self.began, 3)})
        super().on_trial_end(trial)
        self.on_event("trial_end", {"trial": trial.trial_id, "status": trial.status})


class _Watch(keras.callbacks.Callback):
    """Reports each epoch of a run, and ends it where its rung ends or it is clearly worse."""

    def __init__(self, tuner: RecipeTuner | None, trial: Any, epochs: int):
        super().__init__()
        self.tuner, self.trial, self.epochs = tuner, trial, epochs
        self.first_epoch = trial.hyperparameters.values[INITIAL_EPOCH]
        self.stopped = False

    def on_epoch_end(self, epoch, logs=None):
        # A kill after an epoch was logged, but not saved, has the trial that goes on train it
        # again: it was reported by the one before.
        if self.tuner is not None and epoch >= self.first_epoch:
            self.stopped = self.tuner.report(self.trial, epoch + 1, logs or {})
            name = self.tuner.oracle.objective.name
            row = {"trial": self.trial.trial_id, "epoch": epoch + 1, "score": float(logs[name])}
            self.tuner.on_event("epoch", row)
        if self.stopped or epoch + 1 >= self.epochs < self.params["epochs"]:
            raise RungEnd


def _fold(recipe: Recipe, folds: int, fold: int | None) -> Recipe:
    data = Spec("CrossValidation", {"data": recipe.data, "folds": folds, "fold": fold})
    return recipe.replace({"data": data})


def _rows(folder: Path) -> list[dict[str, float]]:
    return Run(folder).history if (folder / "recipe.json").is_file() else []


def _logs(row) -> dict[str, float]:
    return {name: value for name, value in row.items() if name not in ("epoch", "seconds")}
