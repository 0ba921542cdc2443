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
from kerasrecipes.tuning.rungs import Rung


@dataclass(frozen=True)
class Observation:
    """A trial as the plan sees it.

    Args:
        name: Its name.
        point: Array `(d,)`. Where it is in the unit cube.
        rung: The number of its rung, from 0.
        epochs: How many epochs it was to have.
        cost_epochs: How many of them were its own, where it went on from another trial.
        score: Higher is better, `-inf` where it failed, `None` while it runs.
        parent: The name of the trial that it goes on from, or repeats at greater length.
        curve: Its scores after 1, 2, ... epochs; where it was stopped, the last one is repeated.
        initial_epoch: How many of its epochs were another trial's.
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
    def is_whole(self) -> bool:
        """Whether it ended, neither failed nor stopped early."""
        ended = self.score is not None and self.score != -np.inf
        return ended and self.initial_epoch + self.cost_epochs >= self.epochs


@dataclass(frozen=True)
class Proposal:
    """A trial to come; see `Observation`."""

    point: np.ndarray
    rung: int
    epochs: int
    parent: str | None = None


WAIT = "wait"
# The share of the first rung's trials that are spread over the space before a model chooses.
SPREAD = 0.6
# Half of the candidates are drawn around the best points: around how many, how many, and how far.
# A longer search for the greatest acquisition ends where the model knows least, at the at_bounds.
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
        rungs: Trials and epochs.
        seed: Non-negative integer.
        continues: Whether a promoted trial goes on from its weights, and costs only its further
            epochs.
        promoted_fraction: Float in `[0, 1]`. The share of a rung's trials that repeat the best of
            the rung before, at the length of this one; one more may fill up a rung's epochs.
        exploration: Float in `[0, 1]`. The share of a rung's other trials that are drawn from the
            whole space.
        model: Whether points are chosen by a model of the scores so far, after the first six tenths
            of the first rung; else they are drawn from the region.
    """

    cube: UnitCube
    rungs: Sequence[Rung]
    seed: int = 0
    continues: bool = True
    promoted_fraction: float = 0.2
    exploration: float = 0.1
    model: bool = True

    def next(self, tried: Sequence[Observation]) -> Proposal | str | None:
        """Returns the next trial, `WAIT` while it depends on trials that run, `None` at the end."""
        rung = max((trial.rung for trial in tried), default=0)
        proposal = self._in_rung(rung, tried)
        if proposal is None and any(trial.score is None for trial in tried):
            return WAIT
        if proposal is None and rung + 1 < len(self.rungs):
            return self._in_rung(rung + 1, tried)
        return proposal

    def region(self, rung: int, tried: Sequence[Observation]) -> Region:
        """Returns the region that a rung searches."""
        region = whole(self.cube)
        for number in range(rung):
            there = [t for t in tried if t.rung == number and t.score is not None]
            if there:
                points, scores = np.stack([t.point for t in there]), _scores(there)
                region = narrowed(region, points, scores)
        return region

    def _in_rung(self, number: int, tried: Sequence[Observation]) -> Proposal | None:
        rung = self.rungs[number]
        here = [trial for trial in tried if trial.rung == number]
        left = rung.budget_epochs - sum(trial.cost_epochs for trial in here)
        repeated = {trial.parent for trial in here} - {None}
        # At the end, what is too little for a new trial may do for one more promoted.
        wanted = math.ceil(self.promoted_fraction * rung.trials)
        if wanted and (len(repeated) < wanted or left < rung.epochs):
            promoted = self._promoted(number, repeated, tried)
            if promoted is not None:
                cost = rung.epochs - (promoted.epochs if self.continues else 0)
                if cost <= left:
                    return Proposal(promoted.point, number, rung.epochs, promoted.name)
        if rung.epochs > left:
            return None
        return Proposal(self._new_point(number, here, tried), number, rung.epochs)

    def _promoted(self, number: int, repeated, tried) -> Observation | None:
        """Returns the best whole trial of the rung before that is not repeated in this one."""
        before = [t for t in tried if t.rung == number - 1 and t.is_whole]
        left = [t for t in before if t.name not in repeated]
        return max(left, key=lambda t: t.score, default=None)

    def _new_point(self, number: int, here, tried) -> np.ndarray:
        rng = np.random.default_rng([self.seed, len(tried)])
        new = sum(trial.parent is None for trial in here)
        everywhere = whole(self.cube)
        if number == 0 and not (self.model and self._can_model(new, tried)):
            return self.cube.snapped(everywhere.place(_spread(len(self.cube), self.seed, new)))[0]
        # The first rung has been spread over all.
        explores = number > 0 and int((new + 1) * self.exploration) > int(new * self.exploration)
        region = everywhere if explores else self.region(number, tried)
        if explores or not self.model:
            return self._unlike(region.sample(64, rng), tried)
        return self._promising(region, self.rungs[number].epochs, tried, rng)

    def _can_model(self, new: int, tried) -> bool:
        """Returns whether the first rung has been spread enough for a model of it."""
        done = sum(trial.score not in (None, -np.inf) for trial in tried)
        spread = math.ceil(SPREAD * self.rungs[0].trials)
        return new >= spread and done >= max(LEAST_TRIALS, len(self.cube) + 1)

    def _promising(self, region: Region, epochs: int, tried, rng) -> np.ndarray:
        """Returns the point that promises to improve most on the best of a length."""
        model = self._model(tried)
        there = self.cube.features(np.stack([t.point for t in tried]))
        known, _ = model.predict(there, epochs)
        apart = min(APART * len(self.cube), APART_AT_MOST)

        def acquisition(points):
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
        return candidates[np.argmax(acquisition(candidates))]

    def _model(self, tried) -> Surrogate:
        """Returns the model of all that ended; a promoted and what it repeats are one point."""
        lengths = [rung.epochs for rung in self.rungs]
        points: dict[str, np.ndarray] = {}
        scores: dict[str, np.ndarray] = {}
        first: dict[str, str] = {}
        for trial in tried:
            name = first[trial.name] = first.get(trial.parent or "", trial.parent) or trial.name
            if trial.score is None:
                continue
            points[name] = trial.point
            row = scores.setdefault(name, np.full(len(lengths), np.nan))
            row[trial.rung] = trial.score
            if self.continues and trial.score != -np.inf:
                shorter = lengths[: trial.rung]
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


def _scores(trials: Sequence[Observation]) -> np.ndarray:
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
