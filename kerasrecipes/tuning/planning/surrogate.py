"""A model of scores over the unit cube, from short trials to long ones."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import norm

# What is far below the middling trials is only known to be bad: how bad is drawn in.
FLOOR_QUANTILE = 0.25
# Trials of a length that a model of them needs.
LEAST_TRIALS = 4


@dataclass(frozen=True)
class _Level:
    """A Gaussian process of what trials of one length add to `slope` times the shorter ones."""

    process: Any
    slope: float
    center: float
    scale: float


@dataclass
class Surrogate:
    """Gaussian processes, one for each length of trials, each on top of the shorter one's.

        y_k(x) = rho_k * mean_{k-1}(x) + delta_k(x)

    Short trials are many and tell where to look; long ones are few and correct them. All kernels
    are Matern 5/2 with noise, and a length for each feature.

    Args:
        epochs: The lengths, rising.

    Reference:
        Kennedy and O'Hagan, 2000, https://doi.org/10.1093/biomet/87.1.1. Differs from it in: each
        level is fitted on the mean of the one below, as in Le Gratiet and Garnier, 2014,
        https://arxiv.org/abs/1210.0686, with the uncertainty of `delta` and of that level added.
    """

    epochs: Sequence[int]
    levels: list[_Level] = field(default_factory=list)

    def fit(self, features: np.ndarray, scores: np.ndarray) -> "Surrogate":
        """Fits all levels that have trials enough.

        Args:
            features: Array `(n, features)`.
            scores: Array `(n, lengths)`, higher is better; `nan` where there is none, `-inf` where
                a trial failed.
        """
        self.levels = []
        for number, column in enumerate(scores.T):
            there = ~np.isnan(column)
            if np.sum(there) < LEAST_TRIALS:
                break
            self.levels.append(self._level(number, features[there], drawn_in(column[there])))
        return self

    def predict(self, features: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns mean and deviation of a run's score after so many epochs, noise included.

        Where there is no model of that length, those of the longest one that has.
        """
        mean, variance = np.zeros(len(features)), np.zeros(len(features))
        for level, epochs in zip(self.levels, self.epochs, strict=False):
            if epochs > length and level is not self.levels[0]:
                break
            more, deviation = level.process.predict(features, return_std=True)
            mean = level.slope * mean + level.center + level.scale * more
            variance = level.slope**2 * variance + (level.scale * deviation) ** 2
        return mean, np.sqrt(variance)

    def improvement(self, features: np.ndarray, length: int, best: float) -> np.ndarray:
        """Returns the logarithm of the expected improvement over a score."""
        mean, deviation = self.predict(features, length)
        deviation = np.maximum(deviation, 1e-9)
        z = (mean - best) / deviation
        # For z far below 0 the difference cancels: there its asymptote is used.
        near = np.log(np.maximum(z * norm.cdf(z) + norm.pdf(z), 1e-300))
        far = norm.logpdf(z) - 2 * np.log(np.maximum(-z, 1.0))
        return np.log(deviation) + np.where(z > -5, near, far)

    def _level(self, number: int, features: np.ndarray, scores: np.ndarray) -> _Level:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor

        slope, base = 0.0, np.zeros(len(scores))
        if number > 0:
            base, _ = self.predict(features, self.epochs[number - 1])
            spread = float(np.var(base))
            # A few trials say little of the slope: it is drawn to 1 as by three more of them.
            pull = 3 * spread / len(scores)
            covariance = float(np.mean((base - base.mean()) * (scores - scores.mean())))
            slope = max(0.0, (covariance + pull) / (spread + pull)) if spread > 0 else 1.0
        rest = scores - slope * base
        center, scale = float(np.mean(rest)), float(np.std(rest)) or 1e-6
        process = GaussianProcessRegressor(_kernel(features.shape[1]), alpha=1e-8)
        with warnings.catch_warnings():
            # A length at its bound is no failure: the feature does not matter.
            warnings.simplefilter("ignore", ConvergenceWarning)
            process.fit(features, (rest - center) / scale)
        return _Level(process, slope, center, scale)


def drawn_in(scores: np.ndarray) -> np.ndarray:
    """Returns scores with those of bad and failed trials at the bottom of the middling ones."""
    finite = scores[np.isfinite(scores)]
    if len(finite) == 0:
        return np.zeros(len(scores))
    low, middle, high = np.quantile(finite, (FLOOR_QUANTILE, 0.5, 1.0))
    return np.maximum(scores, min(low, middle - (high - middle)))


def _kernel(lengths: int):
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    smooth = ConstantKernel(1.0, (0.05, 20.0)) * Matern(np.ones(lengths), (0.1, 20.0), nu=2.5)
    return smooth + WhiteKernel(0.05, (1e-4, 1.0))
