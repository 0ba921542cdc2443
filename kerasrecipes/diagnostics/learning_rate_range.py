"""Result of a learning rate range test."""

import functools
from dataclasses import dataclass

import numpy as np

# Standard deviation of the Gaussian that smooths the losses, as a fraction of the test's steps.
SMOOTHING_FRACTION = 0.03

# The fraction of the last steps that is left out if the test diverged.
LEFT_OUT_FRACTION = 0.05

LEAST_STEPS = 10


@dataclass(frozen=True)
class LearningRateRange:
    """Losses of a learning rate range test, and the learning rates that they suggest.

    Args:
        learning_rates: Array `(steps,)`, float64, increasing. The learning rate of each step.
        losses: Array `(steps,)`, float64. The loss on each step's batch before its update.
        diverged: Boolean. Whether the test ended early because of the loss.

    Example:

    >>> rates = np.geomspace(1e-4, 1.0, 41)
    >>> found = LearningRateRange(rates, 1 + (np.log10(rates) + 1) ** 2, diverged=False)
    >>> round(float(found.minimum), 2), round(found.suggestion, 3)
    (0.1, 0.01)

    Reference:
        Smith, 2017, https://arxiv.org/abs/1506.01186, section 3.3. Differs from it in: the rates
        increase geometrically, and the loss is used instead of the accuracy, both as in fastai; the
        losses are averaged over later steps too, so that the average does not lag behind.
    """

    learning_rates: np.ndarray
    losses: np.ndarray
    diverged: bool

    @functools.cached_property
    def smoothed_losses(self) -> np.ndarray:
        """The losses, averaged over their neighbours on both sides."""
        from scipy.ndimage import gaussian_filter1d

        return gaussian_filter1d(self.losses, SMOOTHING_FRACTION * len(self.losses), mode="nearest")

    @property
    def minimum(self) -> float:
        """The learning rate at which the smoothed loss is lowest."""
        rates, losses = self._usable()
        return float(rates[np.argmin(losses)])

    @property
    def steepest(self) -> float:
        """The learning rate where the smoothed loss falls fastest over the logarithm of the rate.

        Over the rate itself, as in Lightning, the loss always falls fastest at small rates.
        """
        rates, losses = self._usable()
        return float(rates[np.argmin(np.gradient(losses, np.log(rates)))])

    @property
    def suggestion(self) -> float:
        """A tenth of `minimum`: a rate to train with, or the centre of a search."""
        return self.minimum / 10

    def _usable(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns learning rates and smoothed losses without the end of a diverged test."""
        steps = len(self.losses)
        usable = steps - round(LEFT_OUT_FRACTION * steps) if self.diverged else steps
        return self.learning_rates[:usable], self.smoothed_losses[:usable]
