"""Region of the unit cube around the best trials of a search."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import mannwhitneyu

from kerasrecipes.tuning.planning.unit_cube import UnitCube

# The best trials of a rung, which define the region of the next one: this share, at least so many.
TOP_FRACTION, MIN_TOP = 0.25, 5
# The region spans these quantiles of the best trials' coordinates, plus a margin.
QUANTILES = (0.1, 0.9)
# A rung keeps at least this share of the width of each range: the scores of short trials are only a
# hint at those of long ones.
MIN_WIDTH = 0.5
# The best trials lie at a bound if their median is within this share of the width from it.
BOUND_FRACTION = 0.12
# An option is dropped if it is worse than the best one at this level of significance, and if it has
# at least so many trials.
SIGNIFICANCE, MIN_OPTION_TRIALS = 0.05, 4


@dataclass(frozen=True)
class Region:
    """A box in the unit cube, and the remaining options of each categorical hyperparameter.

    Args:
        cube: The search space.
        low: Array `(d,)`. The lower bounds of the coordinates.
        high: Array `(d,)`. The upper bounds of the coordinates.
        options: For each coordinate the indices of the remaining options, or `None` if the
            hyperparameter is not categorical.
        at_bounds: The hyperparameters whose best values lie at a bound of their ranges: from the
            name to `"low"` or `"high"`.
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
        """Maps points of the cube `[0, 1)^d`, `(count, d)`, into the region."""
        points = self.low + uniform * (self.high - self.low)
        for index, options in enumerate(self.options):
            if options is not None:
                chosen = np.floor(uniform[:, index] * len(options)).astype(int)
                points[:, index] = (np.array(options)[chosen] + 0.5) / self.cube.levels[index]
        return points


def whole(cube: UnitCube) -> Region:
    """Returns the region in which a search begins: the whole cube.

    The parts that widened ranges add beyond the cube are not in it.
    """
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

    For each coordinate, the region spans the 10% to the 90% quantile of the best trials, and a
    margin on both sides that leaves it at least half as wide as before. An option that is
    significantly worse than the best one (one-sided Mann-Whitney test) is dropped. The region does
    not follow the single best trial, because one score is noisy. Failed trials are never among the
    best ones: with fewer than five others, ranges stay as they are.

    Args:
        before: The region so far.
        points: Array `(n, d)`. The points of all trials of a rung.
        scores: Array `(n,)`. Their scores; higher is better, failed trials are `-inf`.
    """
    count = min(len(scores), max(MIN_TOP, round(TOP_FRACTION * len(scores))))
    ranked = np.argsort(-scores, kind="stable")
    top = points[ranked[np.isfinite(scores[ranked])][:count]]
    cube, options, at_bounds = before.cube, list(before.options), {}
    low, high = before.low.copy(), before.high.copy()
    lowest, highest = cube.bounds
    for index, hp in enumerate(cube):
        column = top[:, index][~np.isnan(top[:, index])]
        if (given := options[index]) is not None:
            levels = points[:, index] * cube.levels[index]
            options[index] = _remaining_options(given, levels, scores)
            continue
        if len(column) < MIN_TOP:
            continue
        start, end = np.quantile(column, QUANTILES)
        width = before.high[index] - before.low[index]
        margins = max(MIN_WIDTH * width - (end - start), 0.1 * width)
        start, end = start - margins / 2, end + margins / 2
        if np.median(column) < before.low[index] + BOUND_FRACTION * width:
            at_bounds[hp.name] = "low"
        elif np.median(column) > before.high[index] - BOUND_FRACTION * width:
            at_bounds[hp.name] = "high"
        low[index], high[index] = _shifted_inside(start, end, lowest[index], highest[index])
    return Region(cube, low, high, tuple(options), at_bounds)


def _remaining_options(
    options: Sequence[int], levels: np.ndarray, scores: np.ndarray
) -> tuple[int, ...]:
    """Returns the options that are not significantly worse than the best one."""
    chosen = np.floor(np.nan_to_num(levels, nan=-1.0)).astype(int)
    by_option = {option: scores[chosen == option] for option in options}
    tested = {o: values for o, values in by_option.items() if len(values) >= MIN_OPTION_TRIALS}
    if not tested:
        return tuple(options)
    best = max(tested, key=lambda option: np.median(tested[option]))
    worse = {
        option
        for option, values in tested.items()
        if option != best
        and mannwhitneyu(values, tested[best], alternative="less").pvalue < SIGNIFICANCE
    }
    return tuple(option for option in options if option not in worse)


def _shifted_inside(low: float, high: float, lowest: float, highest: float) -> tuple[float, float]:
    """Returns an interval shifted between two bounds, and cut off where it does not fit."""
    up = max(0.0, lowest - low)
    low, high = low + up, high + up
    down = max(0.0, high - highest)
    low, high = low - down, high - down
    return max(low, lowest), min(high, highest)
