"""Tuner that runs trials by rungs and records failed ones, for keras-tuner."""

import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine.trial import TrialStatus

from kerasrecipes.base.files import write_json
from kerasrecipes.base.private.gradient_registry import hold_gradients_weakly
from kerasrecipes.tuning.keras_tuner.distributed import RetryingClient, role, silence_conditions
from kerasrecipes.tuning.keras_tuner.oracle import CAUSE, CoarseToFineOracle
from kerasrecipes.tuning.keras_tuner.trial_checkpoints import (
    Restore,
    checkpoint_of,
    copy_checkpoint,
    delete_checkpoint,
)
from kerasrecipes.tuning.keras_tuner.trial_results import (
    accepts_epochs,
    cause_of,
    finite_metrics,
    refusing_other_epochs,
    reported,
)
from kerasrecipes.tuning.keras_tuner.trial_values import EPOCHS, INITIAL_EPOCH, PARENT
from kerasrecipes.tuning.rungs import usual_rungs

# How long a worker whose next trial depends on running ones waits before it asks again, and how
# often a chief checks whether all workers have left.
IDLE_SECONDS = 0.2
# How long a chief without any further trial waits for workers that do not know it yet.
LATE_SECONDS = 5


class RungTuner(keras_tuner.Tuner):
    """Runs the trials of a `CoarseToFineOracle`; see `CoarseToFine`.

    Args:
        oracle: The oracle, which chooses the trials.
        hypermodel: As in keras-tuner.
        max_trials: The budget: as many epochs as so many trials of the `epochs` that `search` is
            given. `None` if the oracle has its rungs.
        **kwargs: As in `keras_tuner.Tuner`.
    """

    oracle: Any

    def __init__(
        self, oracle: CoarseToFineOracle, hypermodel=None, max_trials: int | None = None, **kwargs
    ):
        folder = kwargs.get("project_name") or "untitled_project"
        oracle.folder = Path(kwargs.get("directory") or ".") / folder
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
        self.assign_rungs(fit_kwargs.pop("epochs", None))
        if "verbose" in fit_kwargs:
            self.chief_oracle.verbose = fit_kwargs["verbose"]
        self.save()
        if role() == "chief":
            self._serve()
            self._end()
            return
        self._run_trials(*fit_args, **fit_kwargs)
        if role() == "alone":
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
            folder, values = Path(self.get_trial_dir(trial.trial_id)), trial.hyperparameters.values
            checkpoint = checkpoint_of(folder, callbacks)
            if not checkpoint.path.exists() and values[INITIAL_EPOCH]:
                copy_checkpoint(Path(self.get_trial_dir(values[PARENT])), folder)
            callbacks = [*callbacks, Restore(checkpoint), checkpoint]
            initial = checkpoint.finished_epochs
        options = {**kwargs, "callbacks": callbacks, "epochs": epochs, "initial_epoch": initial}
        with refusing_other_epochs():
            return super()._build_and_fit_model(trial, *args, **options)

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

    def _serve(self) -> None:
        """Answers workers until the search has no further trial and all workers know it."""
        # keras-tuner's server itself checks for the end every 20 seconds only. It runs until this
        # process ends, and answers workers that come late.
        oracle, server = self.chief_oracle, threading.Thread(target=super().search, daemon=True)
        oracle.is_over = oracle.is_exhausted()
        # If an earlier chief was killed at the very end, its workers do not know of the end yet.
        earliest_end = time.monotonic() + LATE_SECONDS * oracle.is_over
        server.start()
        while server.is_alive():
            all_know = not oracle.ongoing_trials and not oracle.tuner_ids
            if oracle.is_over and all_know and time.monotonic() > earliest_end:
                break
            time.sleep(IDLE_SECONDS)
        if not oracle.is_over:
            raise ConnectionError("The chief's server ended before the search did.")

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
            trial.status = TrialStatus.COMPLETED
        except keras_tuner.errors.FatalError:
            raise
        except Exception as error:
            # As in keras-tuner: a `FailedTrialError` is no reason to try again.
            hopeless = isinstance(error, keras_tuner.errors.FailedTrialError)
            trial.status = TrialStatus.FAILED if hopeless else TrialStatus.INVALID
            trial.message = traceback.format_exc()
            path = Path(self.get_trial_dir(trial.trial_id)) / CAUSE
            write_json(path, {"cause": cause_of(error)})

    def assign_rungs(self, epochs: int | None) -> None:
        """Gives the oracle the rungs that follow from `max_trials` and `epochs`.

        Args:
            epochs: The length of the longest trials; `None` if the oracle has its rungs.

        Raises:
            ValueError: If `epochs` is missing, or is given although the oracle has its rungs.
        """
        if self.max_trials is not None:
            if epochs is None:
                raise ValueError(
                    "`search` needs `epochs`, the length of the longest trials, because the tuner "
                    "was given `max_trials`."
                )
            self.chief_oracle.set_rungs(usual_rungs(self.max_trials, epochs))
        elif epochs is not None:
            raise ValueError(
                "`epochs` must be left out, because the tuner was given `rungs`. "
                f"Received: epochs={epochs!r}"
            )
