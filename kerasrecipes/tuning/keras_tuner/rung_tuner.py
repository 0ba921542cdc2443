"""A keras-tuner tuner that runs trials by rungs, and records what goes wrong."""

import math
import shutil
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import keras_tuner
from keras_tuner.engine.trial import TrialStatus

from kerasrecipes.base.files import replacing, write_json
from kerasrecipes.base.private import hold_gradients_weakly
from kerasrecipes.training.resumable_checkpoint import ResumableCheckpoint
from kerasrecipes.tuning.keras_tuner.distributed import role
from kerasrecipes.tuning.keras_tuner.oracle import CAUSE, CoarseToFineOracle
from kerasrecipes.tuning.keras_tuner.retrying_client import PatientClient
from kerasrecipes.tuning.keras_tuner.trial_values import EPOCHS, INITIAL_EPOCH, PARENT
from kerasrecipes.tuning.rungs import usual_rungs

# How long a worker waits before it asks again, while its next trial depends on others; and a chief,
# before it looks whether all have left.
IDLE_SECONDS = 0.2
# How long a chief that has nothing to do waits for workers.
LATE_SECONDS = 5


class Diverged(Exception):
    """A trial's objective or loss is no number any more."""


class RungTuner(keras_tuner.Tuner):
    """Runs the trials of a `CoarseToFineOracle`; see `CoarseToFine`.

    Args:
        oracle: The oracle.
        hypermodel: As in keras-tuner.
        max_trials: With the `epochs` that `search` is given, the budget; `None` where the oracle
            has its rungs.
        **kwargs: As in `keras_tuner.Tuner`.
    """

    oracle: Any

    def __init__(
        self, oracle: CoarseToFineOracle, hypermodel=None, max_trials: int | None = None, **kwargs
    ):
        folder = kwargs.get("project_name") or "untitled_project"
        oracle.folder = Path(kwargs.get("directory") or ".") / folder
        # In a worker, keras-tuner puts a client of the chief's in the place of `oracle`.
        self.chief_oracle = oracle
        self.max_trials = max_trials
        super().__init__(oracle, hypermodel, **kwargs)
        if role() == "worker":
            self.oracle = PatientClient(self.oracle)

    def search(self, *fit_args, **fit_kwargs) -> None:
        """Runs all trials; goes on where an earlier search in the folder ended.

        Args:
            *fit_args: As in `keras.Model.fit`.
            **fit_kwargs: As in `keras.Model.fit`. `epochs` is the length of the longest trials,
                where the tuner was given `max_trials`.
        """
        self.assign_rungs(fit_kwargs.pop("epochs", None))
        if "verbose" in fit_kwargs:
            self.chief_oracle.verbose = fit_kwargs["verbose"]
        self.save()
        if role() == "chief":
            self._serve()
            self.chief_oracle.check_outcome()
            return
        self.on_search_begin()
        while (trial := self._next_trial()) is not None:
            self.on_trial_begin(trial)
            self._attempt(trial, *fit_args, **fit_kwargs)
            self.on_trial_end(trial)
        self.on_search_end()
        if role() == "alone":
            self.chief_oracle.check_outcome()

    def run_trial(self, trial, *args, **kwargs):
        return super().run_trial(
            trial, *args, **kwargs, epochs=trial.hyperparameters.values[EPOCHS]
        )

    def _build_and_fit_model(self, trial, *args, callbacks, epochs, **kwargs):
        # keras-tuner's hook for those who change what `fit` is given: here the callbacks are the
        # trial's own copies, and those that report its epochs are among them. Epochs are reported
        # before they are saved: one that a kill leaves unsaved is trained and reported again.
        # keras-tuner collects what earlier trials left, before it builds a model.
        hold_gradients_weakly()
        initial = 0
        if self.executions_per_trial == 1:
            checkpoint = ResumableCheckpoint(
                self._checkpoint(trial.trial_id), [c for c in callbacks if _goes_on(c)]
            )
            if not checkpoint.path.exists() and trial.hyperparameters.values[INITIAL_EPOCH]:
                self._take_over(trial)
            callbacks = [*callbacks, _Restore(checkpoint), checkpoint]
            initial = checkpoint.finished_epochs
        return super()._build_and_fit_model(
            trial, *args, **kwargs, callbacks=callbacks, epochs=epochs, initial_epoch=initial
        )

    def on_epoch_end(self, trial, model, epoch, logs=None):
        if self.report(trial, epoch + 1, logs or {}):
            model.stop_training = True

    def report(self, trial, epochs: int, logs: Mapping[str, Any]) -> bool:
        """Tells the oracle what a trial scored after so many epochs.

        Returns:
            Whether the trial is clearly worse and should be stopped.

        Raises:
            Diverged: If the objective or a loss is no number any more.
            ValueError: If the objective is not among the logs.
        """
        name = self.oracle.objective.name
        metrics = {key: float(value) for key, value in logs.items()}
        if name not in metrics:
            raise keras_tuner.errors.FatalValueError(
                f"`objective` must be one of {', '.join(metrics) or 'nothing'}, which the training "
                f"reports. Received: objective={name!r}"
            )
        for watched in (name, "loss", "val_loss"):
            if not math.isfinite(metrics.get(watched, 0.0)):
                raise Diverged(f"{watched} is {metrics[watched]} after {epochs} epochs.")
        reply = self.oracle.update_trial(trial.trial_id, metrics, step=epochs)
        return reply.status == TrialStatus.STOPPED

    def save(self) -> None:
        """Writes the state of tuner and oracle, each whole."""
        if role() != "worker":
            self.chief_oracle.save()
        write_json(Path(self.project_dir) / f"{self.tuner_id}.json", self.get_state())

    def reload(self) -> None:
        """Takes up the search in the folder."""
        # A worker asks the chief, and must not repair what the chief is writing.
        if role() != "worker":
            self.chief_oracle.reload()

    def _serve(self) -> None:
        """Answers workers until there is nothing left to try, and all of them know."""
        # keras-tuner's server looks for that every 20 seconds. It goes on until the process ends,
        # for workers that come late.
        oracle, server = self.chief_oracle, threading.Thread(target=super().search, daemon=True)
        oracle.over = oracle.nothing_left()
        # Workers whose chief was killed when all was tried have not been told.
        until = time.monotonic() + LATE_SECONDS * oracle.over
        server.start()
        while server.is_alive():
            told = not oracle.ongoing_trials and not oracle.tuner_ids
            if oracle.over and told and time.monotonic() > until:
                break
            time.sleep(IDLE_SECONDS)
        if not oracle.over:
            raise ConnectionError("The chief could not serve its workers.")

    def _next_trial(self):
        while True:
            trial = self.oracle.create_trial(self.tuner_id)
            if trial.status == TrialStatus.STOPPED:
                return None
            if trial.status == TrialStatus.RUNNING:
                return trial
            time.sleep(IDLE_SECONDS)

    def _attempt(self, trial, *fit_args, **fit_kwargs) -> None:
        """Runs a trial; whatever it raises is recorded with it, and the search goes on."""
        try:
            results = self.run_trial(trial, *fit_args, **fit_kwargs)
            if not self.oracle.get_trial(trial.trial_id).metrics.exists(self.oracle.objective.name):
                self.report(trial, 1, _as_logs(results, self.oracle.objective.name))
            trial.status = TrialStatus.COMPLETED
        except keras_tuner.errors.FatalError:
            raise
        except Exception as error:
            trial.status = TrialStatus.FAILED
            trial.message = traceback.format_exc()
            first_line = next(iter(str(error).strip().splitlines()), "")
            cause = f"{type(error).__name__}: {first_line}"
            write_json(Path(self.get_trial_dir(trial.trial_id)) / CAUSE, {"cause": cause})

    def assign_rungs(self, epochs: int | None) -> None:
        if self.max_trials is not None:
            if epochs is None:
                raise ValueError("`search` needs `epochs`, the length of the longest trials.")
            self.chief_oracle.set_rungs(usual_rungs(self.max_trials, epochs))
        elif epochs is not None:
            raise ValueError(
                f"`epochs` follow from the rungs of the tuner. Received: epochs={epochs!r}"
            )

    def _checkpoint(self, trial_id: str) -> Path:
        return Path(self.get_trial_dir(trial_id)) / "checkpoint.npz"

    def _take_over(self, trial) -> None:
        """Gives a trial what the trial that it goes on from has left: the weights come last."""
        parent = Path(self.get_trial_dir(trial.hyperparameters.values[PARENT]))
        for path in parent.glob("checkpoint.weights.h5"):
            shutil.copy(path, self.get_trial_dir(trial.trial_id))
        with replacing(self._checkpoint(trial.trial_id)) as temporary:
            shutil.copy(parent / "checkpoint.npz", temporary)


class _Restore(keras.callbacks.Callback):
    """Brings the model back to a checkpoint, before its first epoch."""

    def __init__(self, checkpoint: ResumableCheckpoint):
        super().__init__()
        self.checkpoint = checkpoint

    def on_train_begin(self, logs=None):
        self.checkpoint.restore(self.model)


def _goes_on(callback: keras.callbacks.Callback) -> bool:
    """Returns whether a callback's state belongs to the training, not to the folder it logs to."""
    return not isinstance(callback, keras.callbacks.TensorBoard)


def _as_logs(results: Any, objective: str) -> Mapping[str, float]:
    """Returns what a `run_trial` of a user's returned, as logs."""
    if isinstance(results, list):
        every = [_as_logs(result, objective) for result in results]
        return {name: sum(logs[name] for logs in every) / len(every) for name in every[0]}
    if isinstance(results, Mapping):
        return results
    if isinstance(results, keras.callbacks.History):
        return {name: values[-1] for name, values in results.history.items()}
    return {objective: float(results)}
