"""Temperature scaling: one number that makes probabilities mean what they say."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_softmax, softmax

from kerasrecipes.metrics.calibration.checked_probabilities import checked

# Beyond these, probabilities are certain or uniform to all digits that matter.
LOWEST, HIGHEST = 0.01, 100.0

# Half of the 95% quantile of chi-squared with one degree of freedom, for twice the log-likelihood.
_HALF_QUANTILE = 3.841458820694124 / 2

# What float32 rounds to 0 counts as the smallest number that it does not.
_SMALLEST = float(np.finfo("float32").tiny)


@dataclass(frozen=True)
class Temperature:
    """A temperature that was fitted to labelled samples.

    Args:
        value: What logits are divided by. Above 1, the model was overconfident.
        low: Lower bound of the 95% interval of `value`, by the profile of the likelihood.
        high: Upper bound.
        n: The number of samples that it was fitted to.
        log_loss_before: Their log loss without it.
        log_loss_after: Their log loss with it.
    """

    value: float
    low: float
    high: float
    n: int
    log_loss_before: float
    log_loss_after: float

    def apply(self, probabilities: ArrayLike) -> np.ndarray:
        """Returns probabilities at this temperature; no sample changes its class.

        Args:
            probabilities: As in `fit_temperature`.

        Returns:
            float64 array of shape `(samples, classes)`.
        """
        return softmax(_logits(np.asarray(probabilities, "float64")) / self.value, axis=-1)


def fit_temperature(labels: ArrayLike, probabilities: ArrayLike) -> Temperature:
    """Returns the temperature at which probabilities have the lowest log loss.

    Fit it on validation samples, never on training ones, on which networks are overconfident
    without being wrong. It suits networks whose confidence is off everywhere in the same direction:
    long trainings (above 1); label smoothing, mixed labels, strong augmentation (below 1). Class
    weights shift the probabilities of classes against each other, which no temperature undoes.

    Args:
        labels: Integers of shape `(samples,)`.
        probabilities: Numbers of shape `(samples, classes)`, such as the softmax of logits: their
            logarithms are logits too.

    Raises:
        ValueError: If rows are no distributions, or all samples are classified correctly: the loss
            then falls with the temperature down to 0, and none is the best.

    Example:

    >>> random = np.random.default_rng(0)
    >>> honest = random.dirichlet(np.ones(3), 5000)
    >>> labels = (random.random((5000, 1)) > honest.cumsum(-1)).sum(-1)
    >>> boastful = honest**2 / (honest**2).sum(-1, keepdims=True)
    >>> found = fit_temperature(labels, boastful)
    >>> round(found.value), found.low < 2 < found.high
    (2, True)

    Reference:
        Guo et al., 2017, https://arxiv.org/abs/1706.04599, section 4.2.
    """
    from scipy.optimize import brentq, minimize_scalar  # Slow imports.

    predicted = checked(labels, probabilities)
    n, logits = len(predicted.labels), _logits(predicted.probabilities)
    if predicted.correct.all():
        raise ValueError(
            "A temperature needs mistakes to be fitted to: give more samples. Received: "
            f"{n:,} samples, all of which are classified correctly"
        )

    def loss(logarithm: float) -> float:
        scaled = log_softmax(logits / np.exp(logarithm), axis=-1)
        return -float(scaled[np.arange(n), predicted.labels].mean())

    # The loss is convex in the inverse of the temperature, and so has one minimum.
    lowest, highest = np.log([LOWEST, HIGHEST])
    best = minimize_scalar(
        loss, bounds=(lowest, highest), method="bounded", options={"xatol": 1e-9}
    )

    def beyond(logarithm: float) -> float:
        return n * (loss(logarithm) - best.fun) - _HALF_QUANTILE

    bounds = [
        brentq(beyond, *sorted((end, best.x))) if beyond(end) > 0 else end
        for end in (lowest, highest)
    ]
    low, high = map(float, np.exp(bounds))
    return Temperature(float(np.exp(best.x)), low, high, n, loss(0.0), float(best.fun))


def _logits(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probabilities, _SMALLEST))
