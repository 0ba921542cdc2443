"""Resumable oracle for keras-tuner: a search continues after a kill at any moment."""

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine.trial import Trial

from kerasrecipes.base.files import write_json, write_text
from kerasrecipes.tuning.keras_tuner.distributed import is_expected, role
from kerasrecipes.tuning.keras_tuner.repairing import REPORTED, repair
from kerasrecipes.tuning.keras_tuner.trial_values import forget_from


class ResumableOracle(keras_tuner.Oracle):
    """An oracle whose search can continue from its files, whenever it was killed.

    Every request may be repeated. Workers do so when the chief was killed before it answered.

    Args:
        **kwargs: As in keras-tuner.
    """

    _retry_queue: list[str]

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.folder = Path("untitled_project")
        self.on_trial_end: Callable[[ResumableOracle], None] | None = None
        self._at_work: dict[str, Trial] = {}

    @keras_tuner.synchronized
    def update_trial(self, trial_id: str, metrics: Mapping[str, float], step: int = 0):
        trial = self.trials[trial_id]
        forget_from(trial, step)
        super().update_trial(trial_id, metrics, step)
        # A kill may leave keras-tuner's own file half-written: then this one replaces it.
        path = self.folder / f"trial_{trial_id}" / REPORTED
        write_text(path, json.dumps(trial.get_state()), durable=False)
        return trial

    @keras_tuner.synchronized
    def end_trial(self, trial):
        if trial.trial_id in self.end_order:
            return
        super().end_trial(trial)
        # keras-tuner saves the state before it removes the trial from the running ones.
        self.save()
        if self.on_trial_end is not None:
            self.on_trial_end(self)

    def get_state(self) -> dict[str, Any]:
        begun = {t.trial_id: t.get_state() for t in self.ongoing_trials.values()}
        return copy.deepcopy(super().get_state()) | {
            "begun": begun,
            "role": role(),
            "objective": self.objective.name,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Resumes a search from its state; raises a `ValueError` if its settings differ."""
        self.check_same("objective", state["objective"], self.objective.name)
        super().set_state(state)
        # The workers of a chief that was killed continue their trials: each keeps its own.
        has_workers = role() == "chief" == state.get("role")
        running = self.ongoing_trials if has_workers else {}
        self._at_work = {worker: trial for worker, trial in running.items() if is_expected(worker)}

    def save(self) -> None:
        """Writes oracle.json whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / "oracle.json", self.get_state())

    def reload(self) -> None:
        """Resumes the search in the folder, however it ended."""
        repair(self.folder)
        super().reload()
        # keras-tuner would give all running trials to the first worker that asks.
        self.ongoing_trials = self._at_work
        kept = {trial.trial_id for trial in self._at_work.values()}
        # It takes them from the end; several that were under way go on in their order.
        waiting = sorted({*self._retry_queue} - kept, key=self.start_order.index, reverse=True)
        self._retry_queue = waiting

    @property
    def is_at_work(self) -> bool:
        """Whether some trials run, or wait to be run again."""
        return bool(self.ongoing_trials or self._retry_queue)

    def check_same(self, what: str, there: object, given: object) -> None:
        """Raises a `ValueError` if a setting is not that of the search that is resumed."""
        if there != given:
            raise ValueError(
                f"The folder holds another search: its `{what}` differ. Search in another folder "
                f"(`project_name`), or discard that search with `overwrite=True`. "
                f"Expected: {there}. Received: {given}"
            )
