"""Tuner that runs trials by rungs and records failed ones, for keras-tuner."""

import contextlib
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine.trial import TrialStatus

from kerasrecipes.base.files import locked, write_json
from kerasrecipes.base.private.gradient_registry import hold_gradients_weakly
from kerasrecipes.tuning.constraints import Constraint
from kerasrecipes.tuning.keras_tuner.distributed import (
    IDLE_SECONDS,
    RetryingClient,
    check_free,
    role,
    serve,
    silence_conditions,
)
from kerasrecipes.tuning.keras_tuner.limits import Limits, check_logged
from kerasrecipes.tuning.keras_tuner.oracle import CoarseToFineOracle
from kerasrecipes.tuning.keras_tuner.trial_checkpoints import delete_checkpoint, resuming
from kerasrecipes.tuning.keras_tuner.trial_files import write_cause, write_seconds
from kerasrecipes.tuning.keras_tuner.trial_results import (
    accepts_epochs,
    cause_of,
    finite_metrics,
    refusing_other_epochs,
    reported,
)
from kerasrecipes.tuning.keras_tuner.trial_values import EPOCHS, INITIAL_EPOCH, PARENT
from kerasrecipes.tuning.rungs import rungs_given


class RungTuner(keras_tuner.Tuner):
    """Runs the trials of a `CoarseToFineOracle`; see `CoarseToFine`.

    Args:
        oracle: The oracle, which chooses the trials.
        hypermodel: As in keras-tuner.
        max_trials: The budget: as many epochs as so many trials of the `epochs` that `search` is
            given. `None` if the oracle has its rungs.
        constraints: What each trial must keep to.
        **kwargs: As in `keras_tuner.Tuner`.

    Raises:
        BlockingIOError: If another process searches in the folder.
    """

    oracle: Any
    # Whether the folder is locked while the tuner searches; not where its caller has locked it.
    locks_folder = True

    def __init__(
        self,
        oracle: CoarseToFineOracle,
        hypermodel=None,
        max_trials: int | None = None,
        constraints: Sequence[Constraint] = (),
        **kwargs,
    ):
        folder = kwargs.get("project_name") or "untitled_project"
        oracle.folder = Path(kwargs.get("directory") or ".") / folder
        self.constraints = tuple(constraints)
        oracle.quantities = tuple(dict.fromkeys(each.quantity for each in self.constraints))
        if self.locks_folder:
            check_free(oracle.folder)
        # In a worker, keras-tuner replaces `self.oracle` by a client of the chief's oracle.
        self.chief_oracle = oracle
        self.max_trials = max_trials
        if role() != "alone":
            silence_conditions()
        super().__init__(oracle, hypermodel, **kwargs)
        if role() == "worker":
            self.oracle = RetryingClient(self.oracle)

    def search(self, *fit_args, **fit_kwargs) -> None:
        """Runs all trials. An earlier search in the folder is continued where it stopped.

        Args:
            *fit_args: As in `keras.Model.fit`.
            **fit_kwargs: As in `keras.Model.fit`. If the tuner was given `max_trials`, `epochs` is
                the length of the longest trials; otherwise it must be left out.
        """
        locks = self.locks_folder and role() != "worker"
        with locked(self.chief_oracle.folder) if locks else contextlib.nullcontext():
            self.assign_rungs(fit_kwargs.pop("epochs", None))
            if "verbose" in fit_kwargs:
                self.chief_oracle.verbose = fit_kwargs["verbose"]
            if self.chief_oracle.clock is not None:
                self.chief_oracle.clock.begin()
            self.save()
            if role() == "chief":
                serve(self.chief_oracle, super().search)
            else:
                self._run_trials(*fit_args, **fit_kwargs)
            if role() != "worker":
                self._end()

    def _run_trials(self, *fit_args, **fit_kwargs) -> None:
        self.on_search_begin()
        while (trial := self._next_trial()) is not None:
            self.on_trial_begin(trial)
            self._attempt(trial, *fit_args, **fit_kwargs)
            self.on_trial_end(trial)
        self.on_search_end()

    def _end(self) -> None:
        """Ends a search whose trials have all ended."""
        self.chief_oracle.check_results()
        self.remove_checkpoints()

    def remove_checkpoints(self) -> None:
        """Deletes what no trial will continue from; the weights of each trial's model stay."""
        for folder in Path(self.project_dir).glob("trial_*"):
            delete_checkpoint(folder)

    def run_trial(self, trial, *args, **kwargs):
        """Trains a trial; a subclass may do it in another way, as keras-tuner documents.

        Args:
            trial: The trial.
            *args: What `search` was given.
            **kwargs: What `search` was given, and `epochs`, the length of the trial. A trial that
                is promoted from a shorter one has the epochs of that one too: a subclass that
                builds a new model trains it for all of them.

        Returns:
            A number, a dictionary of metrics, or the history of `fit`; or nothing, if `report` was
            called after each epoch.
        """
        kwargs.setdefault("epochs", trial.hyperparameters.values[EPOCHS])
        return super().run_trial(trial, *args, **kwargs)

    def _build_and_fit_model(self, trial, *args, callbacks, epochs, **kwargs):
        # keras-tuner calls this method so that subclasses can change the arguments of `fit`. The
        # callbacks are this trial's own copies, and one of them reports its epochs. It runs before
        # the checkpoint is saved, so that an epoch that a kill leaves unsaved is trained and
        # reported again.
        # keras-tuner collects garbage before it builds a model, which frees the earlier models.
        hold_gradients_weakly()
        initial = 0
        if self.executions_per_trial == 1:
            values, folder = trial.hyperparameters.values, self._folder_of(trial.trial_id)
            parent = self._folder_of(values[PARENT]) if values[INITIAL_EPOCH] else None
            callbacks, initial = resuming(folder, parent, callbacks)
        callbacks = [*callbacks, *self.limits(trial)]
        options = {**kwargs, "callbacks": callbacks, "epochs": epochs, "initial_epoch": initial}
        with refusing_other_epochs():
            return super()._build_and_fit_model(trial, *args, **options)

    def limits(self, trial) -> list[Limits]:
        """Returns the callback that ends a trial beyond the constraints; none if there are none."""
        limits = Limits(self.constraints, self._folder_of(trial.trial_id))
        return [limits] if self.constraints else []

    def on_trial_begin(self, trial):
        self._began = time.monotonic()
        super().on_trial_begin(trial)

    def on_trial_end(self, trial):
        write_seconds(self._folder_of(trial.trial_id), time.monotonic() - self._began)
        super().on_trial_end(trial)

    def on_epoch_end(self, trial, model, epoch, logs=None):
        # The epochs of its parent are trained again where the search goes on after its end.
        repeats = epoch < trial.hyperparameters.values[INITIAL_EPOCH]
        if not repeats and self.report(trial, epoch + 1, logs or {}):
            model.stop_training = True

    def report(self, trial, epochs: int, logs: Mapping[str, Any]) -> bool:
        """Reports the metrics of a trial after an epoch to the oracle.

        Args:
            trial: The trial.
            epochs: How many epochs the trial has, including those of the parent it continues.
            logs: The metrics after the last of them.

        Returns:
            Whether the trial should stop, because it is clearly worse than the others.

        Raises:
            Diverged: If the objective or a loss is NaN or infinite.
            ValueError: If the objective is not among the metrics.
        """
        metrics = finite_metrics(logs, self.oracle.objective.name, epochs)
        reply = self.oracle.update_trial(trial.trial_id, metrics, step=epochs)
        return reply.status == TrialStatus.STOPPED

    def save(self) -> None:
        """Writes the states of the tuner and of the oracle, each whole."""
        if role() != "worker":
            self.chief_oracle.save()
        write_json(Path(self.project_dir) / f"{self.tuner_id}.json", self.get_state())

    def reload(self) -> None:
        """Resumes the search in the folder."""
        # Only the chief writes the oracle's files, so that no worker may repair them.
        if role() != "worker":
            self.chief_oracle.reload()

    def _next_trial(self):
        """Returns the next trial, as soon as there is one; `None` at the end of the search."""
        while True:
            trial = self.oracle.create_trial(self.tuner_id)
            if trial.status == TrialStatus.STOPPED:
                return None
            if trial.status == TrialStatus.RUNNING:
                return trial
            time.sleep(IDLE_SECONDS)

    def _attempt(self, trial, *fit_args, **fit_kwargs) -> None:
        """Runs a trial. If it raises an error, the trial is recorded as failed with its cause."""
        try:
            if accepts_epochs(self.run_trial):
                fit_kwargs["epochs"] = trial.hyperparameters.values[EPOCHS]
            results = self.run_trial(trial, *fit_args, **fit_kwargs)
            name = self.oracle.objective.name
            if not self.oracle.get_trial(trial.trial_id).metrics.exists(name):
                for epoch, logs in reported(results, trial.hyperparameters.values, name):
                    self.report(trial, epoch, logs)
            metrics = self.oracle.get_trial(trial.trial_id).metrics
            check_logged(self.constraints, self._folder_of(trial.trial_id), metrics)
            trial.status = TrialStatus.COMPLETED
        except keras_tuner.errors.FatalError:
            raise
        except Exception as error:
            # As in keras-tuner: a `FailedTrialError` is no reason to try again.
            hopeless = isinstance(error, keras_tuner.errors.FailedTrialError)
            trial.status = TrialStatus.FAILED if hopeless else TrialStatus.INVALID
            trial.message = traceback.format_exc()
            write_cause(self._folder_of(trial.trial_id), cause_of(error))

    def _folder_of(self, trial: str) -> Path:
        return Path(self.get_trial_dir(trial))

    def assign_rungs(self, epochs: int | None) -> None:
        """Gives the oracle the rungs that follow from `max_trials` and `epochs`.

        Args:
            epochs: The length of the longest trials; see `rungs_given`.
        """
        if (rungs := rungs_given(self.max_trials, epochs)) is not None:
            self.chief_oracle.set_rungs(rungs)
