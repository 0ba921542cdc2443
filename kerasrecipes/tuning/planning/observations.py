"""Trials as the plan of a search sees them, and as it proposes them."""

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
