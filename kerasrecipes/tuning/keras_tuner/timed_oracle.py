"""Oracle of a search that may have only so much time, over all processes that it runs in."""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import Any

from kerasrecipes.tuning.keras_tuner.warm_oracle import WarmOracle
from kerasrecipes.tuning.planning.observations import Observation, Proposal
from kerasrecipes.tuning.planning.plan import WAIT, Plan
from kerasrecipes.tuning.planning.time_plan import TimePlan


class Clock:
    """Counts the seconds that a search has worked.

    Args:
        minutes: Positive number: the time of the whole search.
    """

    def __init__(self, minutes: float):
        self.seconds = 60.0 * minutes
        self._earlier = 0.0
        self._began: float | None = None

    @property
    def spent(self) -> float:
        """The seconds that have passed while the search worked, in earlier processes too."""
        running = 0.0 if self._began is None else time.monotonic() - self._began
        return self._earlier + running

    @property
    def left(self) -> float:
        """The seconds that are left; negative if more have passed."""
        return self.seconds - self.spent

    def begin(self) -> None:
        """Starts counting; once."""
        self._began = time.monotonic() if self._began is None else self._began

    def resume(self, seconds: float) -> None:
        """Takes over the seconds of earlier processes."""
        self._earlier = float(seconds)


class TimedOracle(WarmOracle):
    """A warm oracle whose search may have only so much time.

    Args:
        minutes: Positive number, or `None` for as much time as it needs.
        **kwargs: As in `WarmOracle`.
    """

    rungs: Any

    def __init__(self, minutes: float | None = None, **kwargs):
        super().__init__(**kwargs)
        self.clock = None if minutes is None else Clock(minutes)
        # How many trainings of finalists, which take time too, follow the trials.
        self.finals = 0

    def next_in_time(self, plan: Plan, observations: Sequence[Observation]) -> Any:
        """Returns the next trial as `Plan.next` does, of those that were enqueued before others.

        With a clock, the rungs of the plan have as many trials as fit into the time, and there is
        no next trial where that would not fit.
        """
        if self.clock is not None:
            fitting = self.time_plan(self.clock).fitting(observations, self.clock.spent)
            plan = dataclasses.replace(plan, rungs=fitting)
        proposal: Proposal | str | None = None
        first = self.next_enqueued()
        if first is not None and plan.rungs:
            proposal = Proposal(plan.cube.encode(first), 0, plan.rungs[0].epochs)
        proposal = proposal or plan.next(observations)
        if not isinstance(proposal, Proposal) or self._fits(proposal, plan, observations):
            return proposal
        return WAIT if any(trial.score is None for trial in observations) else None

    def has_run_out(self, plan: Plan, observations: Sequence[Observation]) -> bool:
        """Returns whether only the time has ended the search."""
        return (
            self.clock is not None
            and self.next_in_time(plan, observations) is None
            and plan.next(observations) is not None
        )

    def _fits(self, proposal: Proposal, plan: Plan, observations: Sequence[Observation]) -> bool:
        if self.clock is None:
            return True
        epochs = proposal.epochs
        if proposal.parent is not None and plan.continues:
            epochs -= next(each.epochs for each in observations if each.name == proposal.parent)
        time_plan = self.time_plan(self.clock)
        return time_plan.fits(proposal.rung, epochs, observations, self.clock.spent)

    def time_plan(self, clock: Clock) -> TimePlan:
        """Returns the plan of the time."""
        workers = max(1, len(self.tuner_ids))
        return TimePlan(self.rungs or (), clock.seconds, self.finals, workers)

    @property
    def is_late(self) -> bool:
        """Whether the time is over before any trial has ended.

        A later trial is only begun if it fits, and trained to its end: a score of fewer epochs
        would be compared with scores of more.
        """
        return self.clock is not None and self.clock.left <= 0 and not self.end_order

    def get_state(self) -> dict[str, Any]:
        spent = {} if self.clock is None else {"seconds_spent": round(self.clock.spent, 3)}
        return super().get_state() | spent

    def set_state(self, state: Mapping[str, Any]) -> None:
        super().set_state(state)
        if self.clock is not None:
            self.clock.resume(state.get("seconds_spent", 0.0))
