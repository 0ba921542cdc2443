"""Plan of a search that has so much time: as many trials and finalists as fit into it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kerasrecipes.tuning.planning.observations import Observation
from kerasrecipes.tuning.rungs import Rung

# No more than this share of the time is kept for the finalists.
FINALS_SHARE = 1 / 3


@dataclass(frozen=True)
class TimePlan:
    """What fits into the time of a search, by what its trials have cost so far.

    Args:
        rungs: The most that the search would train.
        seconds: The time for all of it, finalists included.
        finals: How many trainings of finalists follow the trials.
        workers: How many trials run at a time.
    """

    rungs: Sequence[Rung]
    seconds: float
    finals: int = 0
    workers: int = 1

    def fitting(self, observations: Sequence[Observation], spent: float) -> tuple[Rung, ...]:
        """Returns the rungs with as many trials, in the same proportions, as the time allows.

        Each rung keeps at least one trial. Before any trial has ended nothing is known of their
        cost, and the rungs are those that were given.

        Args:
            observations: All trials so far.
            spent: The time that has passed, in seconds.
        """
        if self.seconds_per_epoch(observations, 0) is None:
            return tuple(self.rungs)
        left = self.workers * (self.seconds - spent - self.reserve(observations))
        scaled = tuple(self.rungs)
        for share in sorted({n / r.trials for r in self.rungs for n in range(r.trials + 1)})[::-1]:
            scaled = tuple(
                replace(rung, trials=max(1, math.floor(share * rung.trials + 1e-9)))
                for rung in self.rungs
            )
            if sum(self._remaining(n, rung, observations) for n, rung in enumerate(scaled)) <= left:
                break
        return scaled

    def fits(
        self, rung: int, epochs: int, observations: Sequence[Observation], spent: float
    ) -> bool:
        """Returns whether one more trial fits into the time that is left before the finalists.

        The first trial always does: what it costs is not known yet.

        Args:
            rung: The number of its rung, from 0.
            epochs: How many epochs it trains itself.
            observations: All trials so far.
            spent: The time that has passed, in seconds.
        """
        pace = self.seconds_per_epoch(observations, rung)
        if pace is None:
            return True
        return epochs * pace <= self.seconds - spent - self.reserve(observations)

    def reserve(self, observations: Sequence[Observation]) -> float:
        """Returns the time that is kept for the finalists, in seconds."""
        longest = len(self.rungs) - 1
        pace = self.seconds_per_epoch(observations, longest) or 0.0
        return min(self.finals * self.rungs[longest].epochs * pace, FINALS_SHARE * self.seconds)

    def seconds_per_epoch(self, observations: Sequence[Observation], rung: int) -> float | None:
        """Returns what an epoch of a rung's trials costs; `None` before any trial has ended.

        A trial has a cost that does not depend on its length, so that epochs of short trials cost
        more. Of a rung without trials, it is the cost in the nearest rung that has some, of two the
        one with the shorter trials.
        """
        costs: dict[int, tuple[float, int]] = {}
        for trial in observations:
            if trial.seconds is not None and not trial.is_adopted:
                seconds, epochs = costs.get(trial.rung, (0.0, 0))
                costs[trial.rung] = seconds + trial.seconds, epochs + trial.cost_epochs
        if not costs:
            return None
        seconds, epochs = costs[min(costs, key=lambda each: (abs(each - rung), each))]
        return seconds / epochs

    def _remaining(self, number: int, rung: Rung, observations: Sequence[Observation]) -> float:
        """Returns the seconds that the rest of a rung's budget costs."""
        done = sum(trial.charged_epochs for trial in observations if trial.rung == number)
        pace = self.seconds_per_epoch(observations, number) or 0.0
        return max(0, rung.budget_epochs - done) * pace


def fitting_finals(finalists: int, seeds: int, trainings: int) -> tuple[int, int]:
    """Returns how many finalists, with how many seeds, fit into a number of trainings.

    As many trainings as possible; of two ways the one with more seeds, without which a difference
    between finalists has no interval.

    Example:

    >>> fitting_finals(3, 3, 20), fitting_finals(3, 3, 7), fitting_finals(3, 3, 0)
    ((3, 3), (2, 3), (0, 0))
    """
    fitting = [
        (count, each)
        for count in range(1, finalists + 1)
        for each in range(1, seeds + 1)
        if count * each <= trainings
    ]
    return max(fitting, key=lambda pair: (pair[0] * pair[1], pair[1]), default=(0, 0))
