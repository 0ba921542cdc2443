"""Where in the unit cube a search goes on: the region of its best trials."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import mannwhitneyu

from kerasrecipes.tuning.planning.unit_cube import UnitCube

# Of the trials of a rung, those whose region the next rung searches; at least so many.
TOP_FRACTION, LEAST_TOP = 0.25, 5
# The region holds what is between these quantiles of the best, and a margin.
QUANTILES = (0.1, 0.9)
# A rung leaves at least this share of each range: short trials only hint at what long ones do.
LEAST_WIDTH = 0.5
# The best lie at a bound if their median is no farther from it than this.
BORDER = 0.12
# An option that is worse than the best one by chance alone is that improbable.
SIGNIFICANCE = 0.05
LEAST_OF_OPTION = 4


@dataclass(frozen=True)
class Region:
    """A box in the unit cube, and the options that are left of each categorical choice.

    Args:
        cube: The search space.
        low: Array `(d,)`. The least coordinates.
        high: Array `(d,)`. The greatest coordinates.
        options: For each coordinate the numbers of the options that are left, or `None` where the
            hyperparameter is not categorical.
        at_bounds: Names of the hyperparameters whose best values lie at a bound of their ranges,
            with `"low"` or `"high"`.
    """

    cube: UnitCube
    low: np.ndarray
    high: np.ndarray
    options: tuple[tuple[int, ...] | None, ...]
    at_bounds: dict[str, str]

    def sample(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Returns points drawn from the region, `(count, d)`."""
        return self.place(rng.random((count, len(self.low))))

    def place(self, uniform: np.ndarray) -> np.ndarray:
        """Returns points of the cube `[0, 1)^d` moved into the region."""
        points = self.low + uniform * (self.high - self.low)
        for index, options in enumerate(self.options):
            if options is not None:
                chosen = np.floor(uniform[:, index] * len(options)).astype(int)
                points[:, index] = (np.array(options)[chosen] + 0.5) / self.cube.levels[index]
        return points


def whole(cube: UnitCube) -> Region:
    """Returns the region in which a search begins: the whole cube, without what is widened."""
    return Region(
        cube=cube,
        low=np.zeros(len(cube)),
        high=np.ones(len(cube)),
        options=tuple(
            tuple(range(levels or 1)) if categorical else None
            for levels, categorical in zip(cube.levels, cube.categorical, strict=True)
        ),
        at_bounds={},
    )


def narrowed(before: Region, points: np.ndarray, scores: np.ndarray) -> Region:
    """Returns the region around the best trials.

    For each coordinate, the region reaches from the 10% to the 90% quantile of the best trials,
    and half of the gap that so few points would leave beyond; an option that the trials show to be
    worse (Mann-Whitney, one-sided) is left out. Not the best trial alone: one score is noise.

    Args:
        before: The region so far.
        points: Array `(n, d)`.
        scores: Array `(n,)`, higher is better; failed trials are `-inf`.
    """
    count = min(len(scores), max(LEAST_TOP, round(TOP_FRACTION * len(scores))))
    top = points[np.argsort(-scores, kind="stable")[:count]]
    cube, options, at_bounds = before.cube, list(before.options), {}
    low, high = before.low.copy(), before.high.copy()
    least, greatest = cube.bounds
    for index, hp in enumerate(cube):
        column = top[:, index][~np.isnan(top[:, index])]
        if (left := options[index]) is not None:
            options[index] = _options_left(left, points[:, index] * cube.levels[index], scores)
            continue
        if len(column) < LEAST_TOP:
            continue
        bottom, top_end = np.quantile(column, QUANTILES)
        width = before.high[index] - before.low[index]
        short = max(LEAST_WIDTH * width - (top_end - bottom), 0.1 * width)
        bottom, top_end = bottom - short / 2, top_end + short / 2
        if np.median(column) < before.low[index] + BORDER * width:
            at_bounds[hp.name] = "low"
        elif np.median(column) > before.high[index] - BORDER * width:
            at_bounds[hp.name] = "high"
        low[index], high[index] = _fitted(bottom, top_end, least[index], greatest[index])
    return Region(cube, low, high, tuple(options), at_bounds)


def _options_left(
    options: Sequence[int], coordinates: np.ndarray, scores: np.ndarray
) -> tuple[int, ...]:
    """Returns the options that are not clearly worse than the best one."""
    chosen = np.floor(np.nan_to_num(coordinates, nan=-1.0)).astype(int)
    found = {option: scores[chosen == option] for option in options}
    tried = {option: values for option, values in found.items() if len(values) >= LEAST_OF_OPTION}
    if not tried:
        return tuple(options)
    best = max(tried, key=lambda option: np.median(tried[option]))
    worse = {
        option
        for option, values in tried.items()
        if option != best
        and mannwhitneyu(values, tried[best], alternative="less").pvalue < SIGNIFICANCE
    }
    return tuple(option for option in options if option not in worse)


def _fitted(low: float, high: float, least: float, greatest: float) -> tuple[float, float]:
    """Returns an interval of the same width, if it fits, moved inside the bounds."""
    low, high = low + max(0.0, least - low), high + max(0.0, least - low)
    low, high = low - max(0.0, high - greatest), high - max(0.0, high - greatest)
    return max(low, least), min(high, greatest)
