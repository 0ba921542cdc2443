"""What a coarse-to-fine search tries next: a pure function of what it has tried."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from kerasrecipes.tuning.planning.region import Region, narrowed, whole
from kerasrecipes.tuning.planning.surrogate import LEAST_TRIALS, Surrogate
from kerasrecipes.tuning.planning.unit_cube import UnitCube
from kerasrecipes.tuning.rungs import Stage


@dataclass(frozen=True)
class Tried:
    """A trial as the plan sees it.

    Args:
        name: Its name.
        point: Array `(d,)`. Where it is in the unit cube.
        stage: The number of its stage, from 0.
        epochs: How many epochs it was to have.
        cost_epochs: How many of them were its own, where it went on from another trial.
        score: Higher is better, `-inf` where it failed, `None` while it runs.
        parent: The name of the trial that it goes on from, or repeats at greater length.
        curve: Its scores after 1, 2, ... epochs; where it was stopped, the last one is repeated.
        initial_epoch: How many of its epochs were another trial's.
    """

    name: str
    point: np.ndarray
    stage: int
    epochs: int
    cost_epochs: int
    score: float | None
    parent: str | None = None
    curve: tuple[float, ...] = ()
    initial_epoch: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it ended, neither failed nor stopped early."""
        ended = self.score is not None and self.score != -np.inf
        return ended and self.initial_epoch + self.cost_epochs >= self.epochs


@dataclass(frozen=True)
class Proposal:
    """A trial to come; see `Tried`."""

    point: np.ndarray
    stage: int
    epochs: int
    parent: str | None = None


WAIT = "wait"
# The share of the first stage's trials that are spread over the space before a model chooses.
SPREAD = 0.6
# Half of the candidates are drawn around the best points: around how many, how many, and how far.
# A longer search for the greatest promise ends where the model knows least, at the borders.
CENTERS, DRAWN = 8, 32
STEPS = (0.02, 0.05, 0.1)
# A new point differs from those that were tried by so much in at least one coordinate: for each
# hyperparameter, and at most. More of them leave more room, and more to learn elsewhere.
APART, APART_AT_MOST = 0.025, 0.15


@dataclass(frozen=True)
class Plan:
    """How a coarse-to-fine search goes on.

    Args:
        cube: The search space.
        stages: Trials and epochs.
        seed: Non-negative integer.
        continues: Whether a survivor goes on from its weights, and costs only its further epochs.
        survivors: Float in `[0, 1]`. The share of a stage's trials that repeat the best of the
            stage before, at the length of this one; one more may fill up a stage's epochs.
        exploration: Float in `[0, 1]`. The share of a stage's other trials that are drawn from the
            whole space.
        model: Whether points are chosen by a model of the scores so far, after the first six tenths
            of the first stage; else they are drawn from the region.
    """

    cube: UnitCube
    stages: Sequence[Stage]
    seed: int = 0
    continues: bool = True
    survivors: float = 0.2
    exploration: float = 0.1
    model: bool = True

    def next(self, tried: Sequence[Tried]) -> Proposal | str | None:
        """Returns the next trial, `WAIT` while it depends on trials that run, `None` at the end."""
        stage = max((trial.stage for trial in tried), default=0)
        proposal = self._in_stage(stage, tried)
        if proposal is None and any(trial.score is None for trial in tried):
            return WAIT
        if proposal is None and stage + 1 < len(self.stages):
            return self._in_stage(stage + 1, tried)
        return proposal

    def region(self, stage: int, tried: Sequence[Tried]) -> Region:
        """Returns the region that a stage searches."""
        region = whole(self.cube)
        for number in range(stage):
            there = [t for t in tried if t.stage == number and t.score is not None]
            if there:
                points, scores = np.stack([t.point for t in there]), _scores(there)
                region = narrowed(region, points, scores)
        return region

    def _in_stage(self, number: int, tried: Sequence[Tried]) -> Proposal | None:
        stage = self.stages[number]
        here = [trial for trial in tried if trial.stage == number]
        left = stage.budget_epochs - sum(trial.cost_epochs for trial in here)
        repeated = {trial.parent for trial in here} - {None}
        # At the end, what is too little for a new trial may do for one more survivor.
        wanted = math.ceil(self.survivors * stage.trials)
        if wanted and (len(repeated) < wanted or left < stage.epochs):
            survivor = self._survivor(number, repeated, tried)
            if survivor is not None:
                cost = stage.epochs - (survivor.epochs if self.continues else 0)
                if cost <= left:
                    return Proposal(survivor.point, number, stage.epochs, survivor.name)
        if stage.epochs > left:
            return None
        return Proposal(self._new_point(number, here, tried), number, stage.epochs)

    def _survivor(self, number: int, repeated, tried) -> Tried | None:
        """Returns the best whole trial of the stage before that is not repeated in this one."""
        before = [t for t in tried if t.stage == number - 1 and t.is_whole]
        left = [t for t in before if t.name not in repeated]
        return max(left, key=lambda t: t.score, default=None)

    def _new_point(self, number: int, here, tried) -> np.ndarray:
        rng = np.random.default_rng([self.seed, len(tried)])
        new = sum(trial.parent is None for trial in here)
        everywhere = whole(self.cube)
        if number == 0 and not (self.model and self._can_model(new, tried)):
            return self.cube.snapped(everywhere.place(_spread(len(self.cube), self.seed, new)))[0]
        # The first stage has been spread over all.
        explores = number > 0 and int((new + 1) * self.exploration) > int(new * self.exploration)
        region = everywhere if explores else self.region(number, tried)
        if explores or not self.model:
            return self._unlike(region.sample(64, rng), tried)
        return self._promising(region, self.stages[number].epochs, tried, rng)

    def _can_model(self, new: int, tried) -> bool:
        """Returns whether the first stage has been spread enough for a model of it."""
        done = sum(trial.score not in (None, -np.inf) for trial in tried)
        spread = math.ceil(SPREAD * self.stages[0].trials)
        return new >= spread and done >= max(LEAST_TRIALS, len(self.cube) + 1)

    def _promising(self, region: Region, epochs: int, tried, rng) -> np.ndarray:
        """Returns the point that promises to improve most on the best of a length."""
        model = self._model(tried)
        there = self.cube.features(np.stack([t.point for t in tried]))
        known, _ = model.predict(there, epochs)
        apart = min(APART * len(self.cube), APART_AT_MOST)

        def promise(points):
            features = self.cube.features(points)
            gap = np.abs(features[:, None] - there).max(2).min(1)
            promised = model.improvement(features, epochs, float(known.max()))
            # Next to what was tried there is little to learn but the noise.
            return np.where(gap >= apart, promised, promised - 1e6)

        done = [t for t in tried if t.score is not None]
        points = np.stack(
            [t.point for t in sorted(done, key=lambda t: (-t.epochs, -t.score))[:CENTERS]]
        )
        near = _steps(points, rng)
        candidates = self.cube.snapped(np.concatenate([near, region.sample(len(near), rng)]))
        return candidates[np.argmax(promise(candidates))]

    def _model(self, tried) -> Surrogate:
        """Returns the model of all that ended; a survivor and what it repeats are one point."""
        lengths = [stage.epochs for stage in self.stages]
        points: dict[str, np.ndarray] = {}
        scores: dict[str, np.ndarray] = {}
        first: dict[str, str] = {}
        for trial in tried:
            name = first[trial.name] = first.get(trial.parent or "", trial.parent) or trial.name
            if trial.score is None:
                continue
            points[name] = trial.point
            row = scores.setdefault(name, np.full(len(lengths), np.nan))
            row[trial.stage] = trial.score
            if self.continues and trial.score != -np.inf:
                shorter = lengths[: trial.stage]
                row[: len(shorter)] = [trial.curve[length - 1] for length in shorter]
        return Surrogate(lengths).fit(
            self.cube.features(np.stack([*points.values()])), np.stack([*scores.values()])
        )

    def _unlike(self, points: np.ndarray, tried) -> np.ndarray:
        """Returns the point that is farthest from all that were tried."""
        points = self.cube.snapped(points)
        there = self.cube.features(np.stack([t.point for t in tried]))
        distances = self.cube.features(points)[:, None] - there
        return points[np.argmax(np.min(np.sum(distances**2, axis=2), axis=1))]


def _scores(trials: Sequence[Tried]) -> np.ndarray:
    return np.array([t.score for t in trials], float)


def _steps(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns points some steps away from each, in some of the coordinates."""
    start = np.repeat(np.nan_to_num(points, nan=0.5), DRAWN, axis=0)
    sizes = rng.choice(STEPS, (len(start), 1)) * (rng.random(start.shape) < 0.5)
    return start + sizes * rng.normal(size=start.shape)


@functools.cache
def _sequence(dimensions: int, seed: int, size: int) -> np.ndarray:
    return qmc.Sobol(dimensions, seed=seed).random(size)


def _spread(dimensions: int, seed: int, number: int) -> np.ndarray:
    """Returns a point of a scrambled Sobol sequence, `(1, d)`."""
    size = 1 << max(6, number.bit_length())
    return _sequence(dimensions, seed, size)[number : number + 1]
