"""Oracle of a coarse-to-fine search, for keras-tuner."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras_tuner
import numpy as np
from keras_tuner.engine.trial import Trial, TrialStatus

from kerasrecipes.base.checks import check_choice
from kerasrecipes.tuning.keras_tuner.timed_oracle import TimedOracle
from kerasrecipes.tuning.keras_tuner.trial_files import (
    are_infeasible,
    check_one_succeeded,
    seconds_in,
)
from kerasrecipes.tuning.keras_tuner.trial_values import (
    EPOCHS,
    INITIAL_EPOCH,
    PARENT,
    RUNG,
    SCORED_EPOCHS,
    as_observation,
    own_curve,
    score_of,
)
from kerasrecipes.tuning.keras_tuner.warm_oracle import inherited
from kerasrecipes.tuning.objectives import with_direction
from kerasrecipes.tuning.planning.median_rule import should_stop_early
from kerasrecipes.tuning.planning.observations import Observation, Proposal, best_first
from kerasrecipes.tuning.planning.plan import Plan
from kerasrecipes.tuning.planning.region import Region
from kerasrecipes.tuning.planning.unit_cube import UnitCube
from kerasrecipes.tuning.rungs import Rung, longer_of, rungs_of

Rungs = tuple[Rung, ...]
# The search ends if at least so many trials have ended and all of them failed.
FAILURES_TO_GIVE_UP = 5


class CoarseToFineOracle(TimedOracle):
    """Chooses the trials of a coarse-to-fine search; see `CoarseToFine`.

    Args:
        objective: As in keras-tuner: the name of a metric, or `keras_tuner.Objective`.
        rungs: The rungs, or `None` until `set_rungs` is called.
        seed: Non-negative integer; see `Plan`. `None` for any.
        continues: Whether promoted trials continue from their parents' weights; see `Plan`.
        promoted_fraction: Float in `[0, 1]`; see `Plan`.
        exploration: Float in `[0, 1]`; see `Plan`.
        model: Whether a model of the scores chooses points; see `Plan`.
        widen: Names of hyperparameters whose ranges the search may leave.
        median_rule: Whether trials that are clearly worse than the others stop early.
        epoch: `"late"`, `"last"` or `"best"`: the epochs that a trial is scored by; see `score_of`.
        patience: See `Plan`.
        target: The objective that ends the search; or `None`.
        minutes: The time of the search; or `None`.
        **kwargs: As in `keras_tuner.Oracle`.
    """

    def __init__(
        self,
        objective=None,
        rungs: Sequence[Rung] | None = None,
        *,
        seed: int | None = 0,
        continues: bool = True,
        promoted_fraction: float = 0.2,
        exploration: float = 0.1,
        model: bool = True,
        widen: Sequence[str] = (),
        median_rule: bool = True,
        epoch: str = "late",
        patience: int | None = None,
        target: float | None = None,
        minutes: float | None = None,
        **kwargs,
    ):
        kwargs.setdefault("max_consecutive_failed_trials", None)
        super().__init__(objective=with_direction(objective), seed=seed, minutes=minutes, **kwargs)
        self._any_seed = seed is None
        check_choice("epoch", epoch, SCORED_EPOCHS)
        self.rungs = None if rungs is None else tuple(rungs)
        self.widen = tuple(widen)
        self.median_rule = median_rule
        self.epoch = epoch
        self.options: dict[str, Any] = {
            # keras-tuner draws a seed in the place of `None`, and of 0.
            "seed": self.seed if seed is None else seed,
            "continues": continues,
            "promoted_fraction": promoted_fraction,
            "exploration": exploration,
            "model": model,
        }
        # Where a search stops early may change whenever it goes on: these are not its settings.
        sign = -1.0 if getattr(self.objective, "direction", None) == "min" else 1.0
        self.stops: dict[str, Any] = {
            "patience": patience,
            "target": None if target is None else sign * target,
        }
        self.is_over = False
        self._plan: Plan | None = None
        # By name, the observations of trials that ended: these do not change any more.
        self._ended: dict[str, Observation] = {}

    @property
    def plan(self) -> Plan:
        """The plan that chooses the next trial, for the current hyperparameters and rungs."""
        space = self.hyperparameters.space
        if self._plan is None or len(self._plan.cube.all) != len(space):
            cube = UnitCube(space, self.widen)
            self._plan = Plan(cube, self.rungs or (), **self.options, **self.stops)
            self._ended = {}
        return self._plan

    def region(self, rung: int) -> Region:
        """Returns the region that a rung, counted from 0, searches."""
        return self.plan.region(rung, self.observations())

    def observations(self) -> list[Observation]:
        """Returns all trials as the plan sees them: first those that ended, in that order."""
        running = [name for name in self.start_order if name not in self.end_order]
        return [self._observation(self.trials[name]) for name in (*self.end_order, *running)]

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        proposal = self._proposal(self.observations())
        if proposal is None:
            self.is_over = True
            return {"status": TrialStatus.STOPPED}
        if isinstance(proposal, str):
            return {"status": TrialStatus.IDLE}
        values: dict[str, Any] = {EPOCHS: proposal.epochs, INITIAL_EPOCH: 0, RUNG: proposal.rung}
        if proposal.parent is None:
            own = self.next_enqueued() or self.plan.cube.decode(proposal.point)
            return {"status": TrialStatus.RUNNING, "values": own | values}
        parent = self.trials[proposal.parent].hyperparameters.values
        if self.plan.continues:
            values[INITIAL_EPOCH] = parent[EPOCHS]
        values[PARENT] = proposal.parent
        return {"status": TrialStatus.RUNNING, "values": {**inherited(parent), **values}}

    @keras_tuner.synchronized
    def update_trial(self, trial_id: str, metrics: Mapping[str, float], step: int = 0):
        trial = super().update_trial(trial_id, metrics, step)
        if (self.median_rule and self._should_stop(trial)) or self.is_late:
            # A copy is marked, because the trial itself still runs: a worker that asked for it
            # again would take the status for the end of the search.
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
        """Returns the best trials, those of later rungs before those of earlier ones."""
        names = best_first(self.observations())
        return [self.trials[name] for name in names[:num_trials]]

    def set_rungs(self, rungs: Sequence[Rung]) -> None:
        """Sets the rungs; those of a search that is resumed may go on."""
        self.rungs, self._plan = self._longer_rungs(self.rungs, tuple(rungs)), None

    def get_state(self) -> dict[str, Any]:
        return super().get_state() | {"rungs": _as_texts(self.rungs), "options": self.options}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Resumes a search from its state; raises a `ValueError` if its settings differ."""
        there = rungs_of(",".join(state["rungs"])) if state["rungs"] else None
        rungs = self._longer_rungs(there, self.rungs)
        if self._any_seed:
            self.options["seed"] = self.seed = state["options"]["seed"]
        # In one rung, no trial has continued another.
        free = {"continues": self.options["continues"]} if len(there or ()) == 1 else {}
        self.check_same("options", state["options"] | free, self.options)
        super().set_state(state)
        self.rungs, self._plan, self._ended = rungs, None, {}

    def _longer_rungs(self, there: Rungs | None, given: Rungs | None) -> Rungs | None:
        longer = longer_of(there, given) if there and given else there or given
        if longer is None:
            self.check_same("rungs", _as_texts(there), _as_texts(given))
        return longer

    def is_exhausted(self) -> bool:
        """Returns whether the search has no further trial. Do not call it while workers ask."""
        return not self.is_at_work and self._proposal(self.observations()) is None

    def check_results(self) -> None:
        """Raises a `ValueError` that names the causes if all trials failed."""
        failed = [each.name for each in self.observations() if each.score == -np.inf]
        check_one_succeeded(self.folder, failed, len(self.end_order))

    @property
    def stopped_by(self) -> str | None:
        """What ended the search before its rungs did: an option's name, or `None`."""
        observations = self.observations()
        if self.plan.has_reached(observations):
            return "target"
        if self.has_run_out(self.plan, observations):
            return "minutes"
        stalled = any(self.plan.has_stalled(n, observations) for n in range(len(self.plan.rungs)))
        return "patience" if stalled else None

    def _proposal(self, observations: Sequence[Observation]) -> Proposal | str | None:
        """Returns the next trial as `Plan.next` does; `None` if all trials so far have failed."""
        ended = [trial.name for trial in observations if trial.score is not None]
        failed = [trial.name for trial in observations if trial.score == -np.inf]
        # What breaks a constraint is no fault of the program's.
        gives_up = len(failed) == len(ended) >= FAILURES_TO_GIVE_UP
        if gives_up and not are_infeasible(self.folder, failed):
            return None
        return self.next_in_time(self.plan, observations)

    def _should_stop(self, trial) -> bool:
        """Applies the median rule to a trial and the others of its rung."""
        rung = trial.hyperparameters.values[RUNG]
        peers = [each for each in self.observations() if each.rung == rung]
        own = next(each for each in peers if each.name == trial.trial_id)
        others = [each.curve for each in peers if each is not own]
        return should_stop_early(own.curve, others, own.epochs)

    def _observation(self, trial) -> Observation:
        name = trial.trial_id
        if name in self._ended:
            return self._ended[name]
        parent = self.trials.get(trial.hyperparameters.values.get(PARENT))
        ended = name in self.end_order
        observation = as_observation(
            trial,
            self.objective,
            self.plan.cube,
            ended=ended,
            epoch=self.epoch,
            parent=parent and self._observation(parent),
            seconds=seconds_in(self.folder, name) if ended else None,
        )
        if ended:
            self._ended[name] = observation
        return observation


def _as_texts(rungs: Rungs | None) -> list[str] | None:
    return None if rungs is None else [str(rung) for rung in rungs]
