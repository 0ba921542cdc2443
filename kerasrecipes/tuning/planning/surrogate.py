"""Surrogate model of scores over the unit cube, for trials of several lengths."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import erfcx
from scipy.stats import norm

# The quantile below which scores are raised: all that matters of bad trials is that they are bad.
FLOOR_QUANTILE = 0.25
# A length is modelled if it has at least so many trials.
MIN_TRIALS = 4


@dataclass(frozen=True)
class _Level:
    """The scores of one length of trials: `slope` times the shorter ones plus a Gaussian process.

    The process models the scaled remainder; `center` and `scale` undo the scaling.
    """

    process: Any
    slope: float
    center: float
    scale: float


@dataclass
class Surrogate:
    """Multi-fidelity Gaussian process: one process for each length of trials.

    The score `y_k` of the `k`-th length builds on the predicted mean of the next shorter length:

        y_k(x) = rho_k * mean_{k-1}(x) + delta_k(x)

    The many short trials show where to look; the few long ones correct them. All kernels are Matern
    5/2 with noise and one length scale for each feature.

    Args:
        epochs: The lengths in ascending order.

    Reference:
        Kennedy and O'Hagan, 2000, https://doi.org/10.1093/biomet/87.1.1. Differs from it in: each
        level is fitted on the mean of the level below, as in Le Gratiet and Garnier, 2014,
        https://arxiv.org/abs/1210.0686; the variances of `delta` and of that level are added.
    """

    epochs: Sequence[int]
    levels: list[_Level] = field(default_factory=list)

    def fit(self, features: np.ndarray, scores: np.ndarray) -> "Surrogate":
        """Fits the levels from the shortest length up to the last that has enough trials.

        Args:
            features: Array `(n, features)`. One row for each point.
            scores: Array `(n, lengths)`. The score of each point at each length; higher is better,
                `nan` where there is no trial, `-inf` where the trial failed.

        Returns:
            The fitted model itself.
        """
        self.levels = []
        for number, column in enumerate(scores.T):
            known = ~np.isnan(column)
            if np.sum(known) < MIN_TRIALS:
                break
            self.levels.append(self._fitted(number, features[known], winsorized(column[known])))
        return self

    def predict(self, features: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns mean and standard deviation of a trial's score, noise included.

        Args:
            features: Array `(n, features)`.
            length: The length of the trial, in epochs. If no level is fitted for it, the score at
                the longest shorter length that has one is returned.
        """
        mean, variance = np.zeros(len(features)), np.zeros(len(features))
        for level, epochs in zip(self.levels, self.epochs, strict=False):
            if epochs > length and level is not self.levels[0]:
                break
            more, deviation = level.process.predict(features, return_std=True)
            mean = level.slope * mean + level.center + level.scale * more
            variance = level.slope**2 * variance + (level.scale * deviation) ** 2
        return mean, np.sqrt(variance)

    def noise(self, number: int) -> float:
        """Returns the standard deviation by which a score differs from the model's mean.

        It is what no smooth function of the values explains, such as the luck of a training.

        Args:
            number: The number of the length, from 0. If no level is fitted for it, the noise is 0.
        """
        if number >= len(self.levels):
            return 0.0
        level = self.levels[number]
        return level.scale * float(np.sqrt(level.process.kernel_.k2.noise_level))

    def improvement(self, features: np.ndarray, length: int, best: float) -> np.ndarray:
        """Returns the logarithm of the expected improvement over the score `best`."""
        mean, deviation = self.predict(features, length)
        deviation = np.maximum(deviation, 1e-9)
        return np.log(deviation) + _log_improvement((mean - best) / deviation)

    def _fitted(self, number: int, features: np.ndarray, scores: np.ndarray) -> _Level:
        """Returns a level that is fitted to the scores of the trials of its length."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor

        slope, base = 0.0, np.zeros(len(scores))
        if number > 0:
            base, _ = self.predict(features, self.epochs[number - 1])
            variance = float(np.var(base))
            # A few trials say little about the slope: it is shrunk to 1, with the weight of three
            # more trials.
            shrinkage = 3 * variance / len(scores)
            covariance = float(np.mean((base - base.mean()) * (scores - scores.mean())))
            regression = (covariance + shrinkage) / (variance + shrinkage) if variance else 1.0
            slope = max(0.0, regression)
        remainder = scores - slope * base
        center, scale = float(np.mean(remainder)), float(np.std(remainder)) or 1e-6
        process = GaussianProcessRegressor(_kernel(features.shape[1]), alpha=1e-8)
        with warnings.catch_warnings():
            # The warning is of a length scale at its bound: the feature does not matter.
            warnings.simplefilter("ignore", ConvergenceWarning)
            process.fit(features, (remainder - center) / scale)
        return _Level(process, slope, center, scale)


def _log_improvement(z: np.ndarray) -> np.ndarray:
    """Returns `log(z * cdf(z) + pdf(z))` of the standard normal distribution.

    Below 0 the two terms cancel. With `pdf(z)` taken out, what remains is exact for much longer,
    and then equal to the first terms of its series in `1 / z**2`.

    Reference:
        Ament et al., 2023, https://arxiv.org/abs/2310.20708, section 4.1.
    """
    above = np.maximum(z, -1.0)
    near = np.log(above * norm.cdf(above) + norm.pdf(above))
    below = np.clip(-z, 1.0, 1e3)
    middle = np.log1p(-np.sqrt(np.pi / 2) * below * erfcx(below / np.sqrt(2)))
    beyond = np.maximum(-z, 1e3)
    far = -2 * np.log(beyond) - 3 / beyond**2
    return np.where(z > -1, near, norm.logpdf(z) + np.where(z > -1e3, middle, far))


def winsorized(scores: np.ndarray) -> np.ndarray:
    """Returns scores in which those of bad and failed trials are raised to a common floor.

    The floor is the quartile, or the score that is as far below the median as the best is above it,
    whichever is lower.
    """
    finite = scores[np.isfinite(scores)]
    if len(finite) == 0:
        return np.zeros(len(scores))
    low, middle, high = np.quantile(finite, (FLOOR_QUANTILE, 0.5, 1.0))
    return np.maximum(scores, min(low, middle - (high - middle)))


def _kernel(lengths: int):
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    smooth = ConstantKernel(1.0, (0.05, 20.0)) * Matern(np.ones(lengths), (0.1, 20.0), nu=2.5)
    return smooth + WhiteKernel(0.05, (1e-4, 1.0))
