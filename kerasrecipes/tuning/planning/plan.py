"""Plan of a coarse-to-fine search: the next trial as a pure function of the trials so far."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from kerasrecipes.tuning.planning.observations import Observation, Proposal
from kerasrecipes.tuning.planning.region import Region, narrowed, whole
from kerasrecipes.tuning.planning.stopping import has_stalled
from kerasrecipes.tuning.planning.surrogate import MIN_TRIALS, Surrogate
from kerasrecipes.tuning.planning.unit_cube import UnitCube
from kerasrecipes.tuning.rungs import Rung

WAIT = "wait"
# The share of the first rung's trials that are spread over the space before a model chooses points.
SPREAD = 0.6
# Half of the candidates for a new point are drawn around the best points: around this many of them,
# this many around each, and with steps of these sizes. An optimizer of the acquisition function
# would end where the model is least certain, which is at the bounds.
CENTERS, DRAWS_PER_CENTER = 8, 32
STEP_SIZES = (0.02, 0.05, 0.1)
# A new point differs from every earlier one by at least this much in at least one coordinate: this
# much times the number of hyperparameters, but no more than the maximum. A space of more dimensions
# has more room, and a point far from the others teaches more.
MIN_DISTANCE, MAX_MIN_DISTANCE = 0.025, 0.15


@dataclass(frozen=True)
class Plan:
    """The rules by which a coarse-to-fine search chooses its next trial.

    Args:
        cube: The search space.
        rungs: The number of trials and their epochs, for each rung.
        seed: Non-negative integer.
        continues: Whether a promoted trial continues from its parent's weights, so that only the
            further epochs count as its cost. If `False`, it is trained from scratch.
        promoted_fraction: Float in `[0, 1]`. The share of a rung's trials that are promoted from
            the rung before. One more trial may be promoted to use up the rung's budget.
        exploration: Float in `[0, 1]`. The share of a rung's other trials that are drawn from the
            whole space.
        model: Whether a model of the scores chooses the points, from the end of the first six
            tenths of the first rung on. If `False`, points are drawn from the region.
        patience: Positive integer, or `None`. A rung ends after so many trials in a row without an
            improvement beyond noise; see `has_stalled`. The noise is that of the model of its
            scores.
        target: The search ends once a trial has this score, higher being better; or `None`.
    """

    cube: UnitCube
    rungs: Sequence[Rung]
    seed: int = 0
    continues: bool = True
    promoted_fraction: float = 0.2
    exploration: float = 0.1
    model: bool = True
    patience: int | None = None
    target: float | None = None

    def next(self, observations: Sequence[Observation]) -> Proposal | str | None:
        """Returns the next trial.

        Args:
            observations: All trials so far, in a fixed order.

        Returns:
            The next trial; `WAIT` while it depends on trials that run; `None` at the end.
        """
        if self.has_reached(observations):
            return WAIT if any(trial.score is None for trial in observations) else None
        for number in range(len(self.rungs)):
            proposal = self._in_rung(number, observations)
            if proposal is not None:
                return proposal
            # A later rung begins when all before it have ended. One that has ended goes on where
            # its number of trials was raised since.
            if any(t.score is None for t in observations if t.rung <= number):
                return WAIT
        return None

    def has_reached(self, observations: Sequence[Observation]) -> bool:
        """Returns whether a trial has the target's score."""
        target = math.inf if self.target is None else self.target
        return any(t.score is not None and t.score >= target for t in observations)

    def has_stalled(self, number: int, observations: Sequence[Observation]) -> bool:
        """Returns whether a rung, counted from 0, ends because its trials improve no more."""
        here = [t for t in observations if t.rung == number and t.score is not None]
        # Of another search's trials only the best counts, as what there is to improve upon.
        adopted = [trial.score for trial in here if trial.is_adopted and trial.score is not None]
        own = [trial.score for trial in here if not trial.is_adopted and trial.score is not None]
        scores = [*([max(adopted)] if adopted else []), *own]
        if self.patience is None or len(scores) <= self.patience:
            return False
        if has_stalled(scores, self.patience, 0.0):
            return True
        # Trials of later rungs do not count: a rung that has ended does not begin again.
        noise = self._model([t for t in observations if t.rung <= number]).noise(number)
        return has_stalled(scores, self.patience, noise)

    def region(self, rung: int, observations: Sequence[Observation]) -> Region:
        """Returns the region that a rung, counted from 0, searches."""
        region = whole(self.cube)
        for number in range(rung):
            ended = [t for t in observations if t.rung == number and t.score is not None]
            if ended:
                scores = np.array([t.score for t in ended], float)
                region = narrowed(region, np.stack([t.point for t in ended]), scores)
        return region

    def _in_rung(self, number: int, observations: Sequence[Observation]) -> Proposal | None:
        """Returns the next trial of a rung, or `None` if its budget allows no more."""
        rung = self.rungs[number]
        if self.has_stalled(number, observations):
            return None
        here = [trial for trial in observations if trial.rung == number]
        remaining = rung.budget_epochs - sum(trial.charged_epochs for trial in here)
        parents = {trial.parent for trial in here} - {None}
        promoted_here = sum(trial.parent is not None and not trial.is_adopted for trial in here)
        wanted = math.ceil(self.promoted_fraction * rung.trials)
        # At the end of a rung, epochs that do not suffice for a new trial may suffice for one more
        # promoted trial.
        if wanted and (promoted_here < wanted or remaining < rung.epochs):
            promoted = self._next_promoted(number, parents, observations)
            if promoted is not None:
                cost = rung.epochs - (promoted.epochs if self.continues else 0)
                if cost <= remaining:
                    return Proposal(promoted.point, number, rung.epochs, promoted.name)
        if rung.epochs > remaining or self._has_tried_all(here):
            return None
        point = self._untried(self._new_point(number, here, observations), here)
        return Proposal(point, number, rung.epochs)

    def _next_promoted(self, number: int, parents, observations) -> Observation | None:
        """Returns the best complete trial of the rung before that is not promoted yet."""
        before = [t for t in observations if t.rung == number - 1 and t.is_complete]
        candidates = [t for t in before if t.name not in parents]
        return max(candidates, key=lambda t: t.score, default=None)

    def _new_point(self, number: int, here, observations) -> np.ndarray:
        """Returns the point of a new trial of a rung, whose trials so far are `here`."""
        rng = np.random.default_rng([self.seed, len(observations)])
        new = sum(trial.parent is None for trial in here)
        everywhere = whole(self.cube)
        if number == 0 and not (self.model and self._can_model(new, observations)):
            uniform = _sobol_point(len(self.cube), self.seed, new)
            return self.cube.snapped(everywhere.place(uniform))[0]
        # The first rung already covers the whole space.
        explores = number > 0 and int((new + 1) * self.exploration) > int(new * self.exploration)
        region = everywhere if explores else self.region(number, observations)
        if explores or not self.model:
            return self._farthest(region.sample(64, rng), observations)
        return self._maximized_acquisition(region, self.rungs[number].epochs, observations, rng)

    def _has_tried_all(self, here: Sequence[Observation]) -> bool:
        """Returns whether the space is finite, and a rung has tried all of it."""
        grid = self.cube.grid
        return grid is not None and grid.keys() <= {self.cube.key(trial.point) for trial in here}

    def _untried(self, point: np.ndarray, here: Sequence[Observation]) -> np.ndarray:
        """Returns the point itself, or the nearest one that no trial of the rung has."""
        tried = {self.cube.key(trial.point) for trial in here}
        if self.cube.grid is None or self.cube.key(point) not in tried:
            return point
        remaining = [each for key, each in self.cube.grid.items() if key not in tried]
        features = self.cube.features(np.stack([point, *remaining]))
        return remaining[np.argmin(np.sum((features[1:] - features[0]) ** 2, axis=1))]

    def _can_model(self, new: int, observations) -> bool:
        """Returns whether the first rung has enough trials to fit a model to their scores."""
        scored = sum(trial.has_score for trial in observations)
        spread = math.ceil(SPREAD * self.rungs[0].trials)
        return new >= spread and scored >= max(MIN_TRIALS, len(self.cube) + 1)

    def _maximized_acquisition(self, region: Region, epochs: int, observations, rng) -> np.ndarray:
        """Returns the candidate with the greatest expected improvement for trials of a length."""
        model = self._model(observations)
        earlier = self.cube.features(np.stack([t.point for t in observations]))
        means, _ = model.predict(earlier, epochs)
        min_distance = min(MIN_DISTANCE * len(self.cube), MAX_MIN_DISTANCE)

        def acquisition(points):
            features = self.cube.features(points)
            distances = np.abs(features[:, None] - earlier).max(2).min(1)
            improvement = model.improvement(features, epochs, float(means.max()))
            # A trial next to an earlier one would show little but the noise.
            return np.where(distances >= min_distance, improvement, improvement - 1e6)

        ended = [t for t in observations if t.score is not None]
        # A failed trial is no good place, however long it was to be.
        ranked = sorted(ended, key=lambda t: (not t.has_score, -t.epochs, -t.score))
        near = _perturbed(np.stack([t.point for t in ranked[:CENTERS]]), rng)
        candidates = self.cube.snapped(np.concatenate([near, region.sample(len(near), rng)]))
        return candidates[np.argmax(acquisition(candidates))]

    def _model(self, observations) -> Surrogate:
        """Returns a model of all trials that ended.

        A trial and those that were promoted from it are one point with a score for each length.
        """
        lengths = [rung.epochs for rung in self.rungs]
        points: dict[str, np.ndarray] = {}
        scores: dict[str, np.ndarray] = {}
        # By trial, the name of the trial that it was first promoted from, or else its own.
        origins: dict[str, str] = {}
        for trial in observations:
            parent = trial.parent
            origin = trial.name if parent is None else origins.get(parent, parent)
            origins[trial.name] = origin
            if trial.score is None:
                continue
            points[origin] = trial.point
            row = scores.setdefault(origin, np.full(len(lengths), np.nan))
            row[trial.rung] = trial.score
            if self.continues and trial.has_score:
                shorter = lengths[: trial.rung]
                row[: len(shorter)] = [trial.curve[length - 1] for length in shorter]
        return Surrogate(lengths).fit(
            self.cube.features(np.stack([*points.values()])), np.stack([*scores.values()])
        )

    def _farthest(self, points: np.ndarray, observations) -> np.ndarray:
        """Returns the point that is farthest from the points of all earlier trials."""
        points = self.cube.snapped(points)
        earlier = self.cube.features(np.stack([t.point for t in observations]))
        differences = self.cube.features(points)[:, None] - earlier
        return points[np.argmax(np.min(np.sum(differences**2, axis=2), axis=1))]


def _perturbed(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns several points around each point: about half of the coordinates are changed."""
    start = np.repeat(np.nan_to_num(points, nan=0.5), DRAWS_PER_CENTER, axis=0)
    sizes = rng.choice(STEP_SIZES, (len(start), 1)) * (rng.random(start.shape) < 0.5)
    return start + sizes * rng.normal(size=start.shape)


@functools.cache
def _sobol_sequence(dimensions: int, seed: int, size: int) -> np.ndarray:
    return qmc.Sobol(dimensions, seed=seed).random(size)


def _sobol_point(dimensions: int, seed: int, number: int) -> np.ndarray:
    """Returns one point of a scrambled Sobol sequence, `(1, d)`."""
    size = 1 << max(6, number.bit_length())
    return _sobol_sequence(dimensions, seed, size)[number : number + 1]
