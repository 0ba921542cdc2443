"""Trials as the plan of a search sees them, and as it proposes them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Observation:
    """A trial as the plan sees it.

    Args:
        name: The name of the trial.
        point: Array `(d,)`. The trial's point in the unit cube.
        rung: The number of its rung, from 0.
        epochs: The length that was planned for the trial, in epochs.
        cost_epochs: How many epochs the trial trained itself. The epochs of its parent do not count
            where it continues from the parent's weights.
        score: Higher is better; `-inf` if the trial failed, `None` while it runs.
        parent: The name of the shorter trial that this one continues or repeats, if it is promoted.
        curve: The scores after 1, 2, ... epochs. Where the trial was stopped early, its last score
            fills the remaining epochs.
        initial_epoch: How many of its epochs its parent trained.
        seconds: How long it took; `None` while it runs, or if that is unknown.
        is_adopted: Whether it is a trial of another search. It counts as an observation, and costs
            this search nothing.
    """

    name: str
    point: np.ndarray
    rung: int
    epochs: int
    cost_epochs: int
    score: float | None
    parent: str | None = None
    curve: tuple[float, ...] = ()
    initial_epoch: int = 0
    seconds: float | None = None
    is_adopted: bool = False

    @property
    def charged_epochs(self) -> int:
        """How many epochs of its rung's budget the trial uses up."""
        return 0 if self.is_adopted else self.cost_epochs

    @property
    def has_score(self) -> bool:
        """Whether the trial ended and did not fail."""
        return self.score not in (None, -np.inf)

    @property
    def is_complete(self) -> bool:
        """Whether the trial ended with all of its epochs: it neither failed nor stopped early."""
        return self.has_score and self.initial_epoch + self.cost_epochs >= self.epochs


@dataclass(frozen=True)
class Proposal:
    """The next trial; its fields are those of `Observation`."""

    point: np.ndarray
    rung: int
    epochs: int
    parent: str | None = None


def best_first(observations: Sequence[Observation]) -> list[str]:
    """Returns the names of the trials with a score: those of later rungs first, then the best.

    The parent of a promoted trial, which has the same values and is trained less, is left out.
    """
    scored = [each for each in observations if each.has_score]
    seen: set[str | None] = set()
    names = []
    for each in sorted(scored, key=lambda trial: (trial.rung, trial.score), reverse=True):
        if each.name not in seen:
            names.append(each.name)
        seen |= {each.name, each.parent}
    return names
