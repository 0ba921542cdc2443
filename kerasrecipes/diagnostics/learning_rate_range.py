"""What a learning rate range test found."""

import functools
from dataclasses import dataclass

import numpy as np

# Standard deviation of the Gaussian that smooths the losses, as a share of the test's steps.
SMOOTHING_FRACTION = 0.03

# Share of a diverged test's rates, at its end, that suggest nothing.
LEFT_OUT_FRACTION = 0.05

LEAST_STEPS = 10


@dataclass(frozen=True)
class LearningRateRange:
    """Losses of a learning rate range test, and the learning rates that they suggest.

    Args:
        learning_rates: Array `(steps,)`, float64, rising. The learning rate of each step.
        losses: Array `(steps,)`, float64. The loss of each step's batch before its update.
        diverged: Boolean. Whether the test ended because the loss did not stay in bounds.

    Example:

    >>> rates = np.geomspace(1e-4, 1.0, 41)
    >>> found = LearningRateRange(rates, 1 + (np.log10(rates) + 1) ** 2, diverged=False)
    >>> round(float(found.minimum), 2), round(found.suggestion, 3)
    (0.1, 0.01)

    Reference:
        Smith, 2017, https://arxiv.org/abs/1506.01186, section 3.3. Differs from it in: the rates
        rise geometrically and the loss is read, not the accuracy, as in fastai; unlike there, the
        average looks to both sides and does not lag behind.
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
        """The learning rate at which the smoothed loss was lowest."""
        rates, losses = self._telling()
        return float(rates[np.argmin(losses)])

    @property
    def steepest(self) -> float:
        """The learning rate at which the smoothed loss fell fastest against the rate's logarithm.

        Against the rate itself, as in Lightning, small rates would win.
        """
        rates, losses = self._telling()
        return float(rates[np.argmin(np.gradient(losses, np.log(rates)))])

    @property
    def suggestion(self) -> float:
        """A tenth of `minimum`: a rate to train with, or the middle of a search."""
        return self.minimum / 10

    def _telling(self) -> tuple[np.ndarray, np.ndarray]:
        steps = len(self.losses)
        told = steps - round(LEFT_OUT_FRACTION * steps) if self.diverged else steps
        return self.learning_rates[:told], self.smoothed_losses[:told]
