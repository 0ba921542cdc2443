"""keras-tuner's oracle of a coarse-to-fine search."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import keras_tuner
import numpy as np
from keras_tuner.engine.trial import Trial, TrialStatus

from kerasrecipes.base.checks import check_choice
from kerasrecipes.tuning.keras_tuner.resumable_oracle import ResumableOracle
from kerasrecipes.tuning.keras_tuner.trial_values import (
    EPOCHS,
    INITIAL_EPOCH,
    PARENT,
    SCORED_EPOCHS,
    STAGE,
    as_tried,
    own_curve,
    score_of,
)
from kerasrecipes.tuning.planning.median_rule import is_hopeless
from kerasrecipes.tuning.planning.plan import Plan, Proposal, Tried
from kerasrecipes.tuning.planning.region import Region
from kerasrecipes.tuning.planning.unit_cube import UnitCube
from kerasrecipes.tuning.rungs import Stage, stages_of

# So many trials that all failed are no accident.
FAILURES_AT_START = 5
# Beside a trial's files, why it failed.
CAUSE = "cause.json"


class CoarseToFineOracle(ResumableOracle):
    """Chooses the trials of a coarse-to-fine search; see `CoarseToFine`.

    Args:
        objective: As in keras-tuner: the name of a metric, or `keras_tuner.Objective`.
        stages: Stages, or `None` until `set_stages` is called.
        seed: Non-negative integer.
        continues: Whether the trials that a stage takes over go on from their weights.
        survivors: Float in `[0, 1]`; see `Plan`.
        exploration: Float in `[0, 1]`; see `Plan`.
        model: Whether a model of the scores chooses points.
        widen: Names of hyperparameters whose ranges may be left.
        median_rule: Whether hopeless trials are stopped.
        epoch: `"late"`, `"last"` or `"best"`: which epoch's score is the trial's.
        hyperparameters: As in keras-tuner.
        tune_new_entries: As in keras-tuner.
        allow_new_entries: As in keras-tuner.
    """

    def __init__(
        self,
        objective=None,
        stages: Sequence[Stage] | None = None,
        *,
        seed: int = 0,
        continues: bool = True,
        survivors: float = 0.2,
        exploration: float = 0.1,
        model: bool = True,
        widen: Sequence[str] = (),
        median_rule: bool = True,
        epoch: str = "late",
        hyperparameters=None,
        tune_new_entries: bool = True,
        allow_new_entries: bool = True,
    ):
        super().__init__(
            objective=objective,
            hyperparameters=hyperparameters,
            tune_new_entries=tune_new_entries,
            allow_new_entries=allow_new_entries,
            seed=seed,
            max_consecutive_failed_trials=None,
        )
        check_choice("epoch", epoch, SCORED_EPOCHS)
        self.stages = None if stages is None else tuple(stages)
        self.widen = tuple(widen)
        self.median_rule = median_rule
        self.epoch = epoch
        self.options: dict[str, Any] = {
            "seed": seed,
            "continues": continues,
            "survivors": survivors,
            "exploration": exploration,
            "model": model,
        }
        self.over = False
        self._plan: Plan | None = None
        self._ended: dict[str, Tried] = {}

    @property
    def plan(self) -> Plan:
        """What decides how the search goes on."""
        space = self.hyperparameters.space
        if self._plan is None or len(self._plan.cube.all) != len(space):
            self._plan = Plan(UnitCube(space, self.widen), self.stages or (), **self.options)
            self._ended = {}
        return self._plan

    def region(self, stage: int) -> Region:
        """Returns the region that a stage searches, counted from 0."""
        return self.plan.region(stage, self.tried())

    def tried(self) -> list[Tried]:
        """Returns all trials as the plan sees them, those that ended in the order of their ends."""
        running = [name for name in self.start_order if name not in self.end_order]
        return [self._tried(self.trials[name]) for name in (*self.end_order, *running)]

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        tried = self.tried()
        proposal = self._proposal(tried)
        if proposal is None:
            self.over = True
            return {"status": TrialStatus.STOPPED}
        if isinstance(proposal, str):
            return {"status": TrialStatus.IDLE}
        values: dict[str, Any] = {
            EPOCHS: proposal.epochs,
            INITIAL_EPOCH: 0,
            STAGE: proposal.stage,
        }
        if proposal.parent is None:
            return {
                "status": TrialStatus.RUNNING,
                "values": self.plan.cube.decode(proposal.point) | values,
            }
        parent = self.trials[proposal.parent].hyperparameters.values
        if self.plan.continues:
            values[INITIAL_EPOCH] = parent[EPOCHS]
        values[PARENT] = proposal.parent
        return {"status": TrialStatus.RUNNING, "values": {**parent, **values}}

    @keras_tuner.synchronized
    def update_trial(self, trial_id: str, metrics: Mapping[str, float], step: int = 0):
        trial = super().update_trial(trial_id, metrics, step)
        if self.median_rule and self._is_hopeless(trial):
            # Not the trial itself: whoever asks for it again would take the search to be over.
            trial = Trial.from_state(trial.get_state())
            trial.status = TrialStatus.STOPPED
        return trial

    def score_trial(self, trial):
        curve = own_curve(trial, self.objective)
        score = score_of(curve, trial.hyperparameters.values[EPOCHS], self.epoch)
        chosen = int(np.argmax(curve)) if self.epoch == "best" else -1
        trial.score = -score if self.objective.direction == "min" else score
        trial.best_step = trial.metrics.get_history(self.objective.name)[chosen].step

    def get_best_trials(self, num_trials: int = 1):
        """Returns the best trials: of the last stage that has any, then of the one before."""
        done = [t for t in self.tried() if t.score not in (None, -np.inf)]
        seen, best = set(), []
        for tried in sorted(done, key=lambda t: (t.stage, t.score), reverse=True):
            if tried.name not in seen:
                best.append(self.trials[tried.name])
            # What a survivor goes on from is the same choice, less trained.
            seen |= {tried.name, tried.parent}
        return best[:num_trials]

    def set_stages(self, stages: Sequence[Stage]) -> None:
        """Sets the stages, which must be those of the search that is resumed."""
        if self.stages is not None:
            self.check_same("stages", _written(self.stages), _written(stages))
        self.stages = tuple(stages)
        self._plan = None

    def get_state(self) -> dict[str, Any]:
        return super().get_state() | {"stages": _written(self.stages), "options": self.options}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Takes up a search where it was; raises a `ValueError` if it is another one."""
        if self.stages is not None and state["stages"]:
            self.check_same("stages", state["stages"], _written(self.stages))
        self.check_same("options", state["options"], self.options)
        super().set_state(state)
        stages = state["stages"] and stages_of(",".join(state["stages"]))
        self.stages, self._plan, self._ended = self.stages or stages, None, {}

    def nothing_left(self) -> bool:
        """Returns whether there is nothing left to try; not to be asked while it serves workers."""
        return not self.is_at_work and self._proposal(self.tried()) is None

    def check_outcome(self) -> None:
        """Raises a `ValueError` with the causes if trials have ended, and all of them failed."""
        causes = [self._cause(trial.name) for trial in self.tried() if trial.score == -np.inf]
        if causes and len(causes) == len(self.end_order):
            told = "; ".join(f"{n} x {cause}" for cause, n in Counter(causes).most_common(3))
            raise ValueError(
                f"Every trial failed ({told}): mend the cause, then search anew (`overwrite`). "
                f"Received: {self.folder}"
            )

    def _proposal(self, tried: Sequence[Tried]) -> Proposal | str | None:
        ended = [trial for trial in tried if trial.score is not None]
        if len(ended) >= FAILURES_AT_START and all(t.score == -np.inf for t in ended):
            return None
        return self.plan.next(tried)

    def _cause(self, name: str) -> str:
        path = self.folder / f"trial_{name}" / CAUSE
        return json.loads(path.read_text("utf-8"))["cause"] if path.is_file() else "unknown cause"

    def _is_hopeless(self, trial) -> bool:
        stage = trial.hyperparameters.values[STAGE]
        peers = [t for t in self.tried() if t.stage == stage]
        own = next(t for t in peers if t.name == trial.trial_id)
        return is_hopeless(own.curve, [t.curve for t in peers if t is not own], own.epochs)

    def _tried(self, trial) -> Tried:
        name = trial.trial_id
        if name in self._ended:
            return self._ended[name]
        parent = self.trials.get(trial.hyperparameters.values.get(PARENT))
        ended = name in self.end_order
        tried = as_tried(
            trial,
            self.objective,
            self.plan.cube,
            ended=ended,
            epoch=self.epoch,
            parent=parent and self._tried(parent),
        )
        if ended:
            self._ended[name] = tried
        return tried


def _written(stages: Sequence[Stage] | None) -> list[str] | None:
    return None if stages is None else [str(stage) for stage in stages]
