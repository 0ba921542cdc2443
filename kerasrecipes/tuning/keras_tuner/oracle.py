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
    as_observation,
    own_curve,
    score_of,
)
from kerasrecipes.tuning.planning.median_rule import should_stop_early
from kerasrecipes.tuning.planning.plan import Observation, Plan, Proposal
from kerasrecipes.tuning.planning.region import Region
from kerasrecipes.tuning.planning.unit_cube import UnitCube
from kerasrecipes.tuning.rungs import Rung, rungs_of

# So many trials that all failed are no accident.
FAILURES_AT_START = 5
# Beside a trial's files, why it failed.
CAUSE = "cause.json"


class CoarseToFineOracle(ResumableOracle):
    """Chooses the trials of a coarse-to-fine search; see `CoarseToFine`.

    Args:
        objective: As in keras-tuner: the name of a metric, or `keras_tuner.Objective`.
        rungs: Rungs, or `None` until `set_rungs` is called.
        seed: Non-negative integer.
        continues: Whether the trials that a rung takes over go on from their weights.
        promoted_fraction: Float in `[0, 1]`; see `Plan`.
        exploration: Float in `[0, 1]`; see `Plan`.
        model: Whether a model of the scores chooses points.
        widen: Names of hyperparameters whose ranges may be left.
        median_rule: Whether clearly worse trials are stopped.
        epoch: `"late"`, `"last"` or `"best"`: which epoch's score is the trial's.
        hyperparameters: As in keras-tuner.
        tune_new_entries: As in keras-tuner.
        allow_new_entries: As in keras-tuner.
    """

    def __init__(
        self,
        objective=None,
        rungs: Sequence[Rung] | None = None,
        *,
        seed: int = 0,
        continues: bool = True,
        promoted_fraction: float = 0.2,
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
        self.rungs = None if rungs is None else tuple(rungs)
        self.widen = tuple(widen)
        self.median_rule = median_rule
        self.epoch = epoch
        self.options: dict[str, Any] = {
            "seed": seed,
            "continues": continues,
            "promoted_fraction": promoted_fraction,
            "exploration": exploration,
            "model": model,
        }
        self.over = False
        self._plan: Plan | None = None
        self._ended: dict[str, Observation] = {}

    @property
    def plan(self) -> Plan:
        """What decides how the search goes on."""
        space = self.hyperparameters.space
        if self._plan is None or len(self._plan.cube.all) != len(space):
            self._plan = Plan(UnitCube(space, self.widen), self.rungs or (), **self.options)
            self._ended = {}
        return self._plan

    def region(self, rung: int) -> Region:
        """Returns the region that a rung searches, counted from 0."""
        return self.plan.region(rung, self.tried())

    def tried(self) -> list[Observation]:
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
            STAGE: proposal.rung,
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
        """Returns the best trials: of the last rung that has any, then of the one before."""
        done = [t for t in self.tried() if t.score not in (None, -np.inf)]
        seen, best = set(), []
        for tried in sorted(done, key=lambda t: (t.rung, t.score), reverse=True):
            if tried.name not in seen:
                best.append(self.trials[tried.name])
            # What a promoted goes on from is the same choice, less trained.
            seen |= {tried.name, tried.parent}
        return best[:num_trials]

    def set_rungs(self, rungs: Sequence[Rung]) -> None:
        """Sets the rungs, which must be those of the search that is resumed."""
        if self.rungs is not None:
            self.check_same("rungs", _written(self.rungs), _written(rungs))
        self.rungs = tuple(rungs)
        self._plan = None

    def get_state(self) -> dict[str, Any]:
        return super().get_state() | {"rungs": _written(self.rungs), "options": self.options}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Takes up a search where it was; raises a `ValueError` if it is another one."""
        if self.rungs is not None and state["rungs"]:
            self.check_same("rungs", state["rungs"], _written(self.rungs))
        self.check_same("options", state["options"], self.options)
        super().set_state(state)
        rungs = state["rungs"] and rungs_of(",".join(state["rungs"]))
        self.rungs, self._plan, self._ended = self.rungs or rungs, None, {}

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

    def _proposal(self, tried: Sequence[Observation]) -> Proposal | str | None:
        ended = [trial for trial in tried if trial.score is not None]
        if len(ended) >= FAILURES_AT_START and all(t.score == -np.inf for t in ended):
            return None
        return self.plan.next(tried)

    def _cause(self, name: str) -> str:
        path = self.folder / f"trial_{name}" / CAUSE
        return json.loads(path.read_text("utf-8"))["cause"] if path.is_file() else "unknown cause"

    def _is_hopeless(self, trial) -> bool:
        rung = trial.hyperparameters.values[STAGE]
        peers = [t for t in self.tried() if t.rung == rung]
        own = next(t for t in peers if t.name == trial.trial_id)
        return should_stop_early(own.curve, [t.curve for t in peers if t is not own], own.epochs)

    def _tried(self, trial) -> Observation:
        name = trial.trial_id
        if name in self._ended:
            return self._ended[name]
        parent = self.trials.get(trial.hyperparameters.values.get(PARENT))
        ended = name in self.end_order
        tried = as_observation(
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


def _written(rungs: Sequence[Rung] | None) -> list[str] | None:
    return None if rungs is None else [str(rung) for rung in rungs]
