"""Exponential moving average of weights (EMA)."""

import math

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.optimizers.averages.weight_average import WeightAverage


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ExponentialAverage(WeightAverage):
    """Exponential moving average (EMA) of weights, debiased, with a decay that warms up.

    After update `t`, counted from 1, with the weights `w`:

        d = min(decay, (1 + t) / (10 + t))          # decay, without warmup
        a = (d * n * a + (1 - d) * w) / (d * n + 1 - d),  n = 1 - (product of all d before)

    The divisor is what debiases it: the weights of all steps add up to 1, and the initial weights
    are not among them. Without `debias`, `a = d * a + (1 - d) * w` begins with the weights after
    the first update, which keep `1 / (1 - d)` times the weight of the others, as in
    `keras.optimizers.Optimizer` with `use_ema` and in `torch.optim.swa_utils`.

    The average reaches back over about `1 / (1 - decay)` updates. Over a few epochs, 0.95 or 0.99
    suit; 0.999 is for trainings of many thousand steps.

    Args:
        decay: Float in `[0, 1)`. What an update leaves of the average. Defaults to `0.999`.
        warmup: Boolean. Whether the decay is smaller in the beginning, so that weights of the first
            steps, which are far from where the training leads, are forgotten sooner. Defaults to
            `True`.
        debias: Boolean. Defaults to `True`.

    Raises:
        ValueError: If `decay` is outside `[0, 1)`.

    Example:

    >>> average = ExponentialAverage(0.5, warmup=False)
    >>> [round(float(average.coefficient(ops.array(float(t)))), 4) for t in (1, 2, 3)]
    [1.0, 0.6667, 0.5714]

    Reference:
        Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980, section 7.2, for the debiased average
        of weights; the warmup is that of TensorFlow's `ExponentialMovingAverage`.
    """

    def __init__(self, decay: float = 0.999, warmup: bool = True, debias: bool = True):
        check_number("decay", decay, at_least=0, below=1)
        self.decay = decay
        self.warmup = warmup
        self.debias = debias

    @property
    def label(self):
        return f"EMA {self.decay:g}"

    def coefficient(self, step):
        decay = ops.cast(self.decay, step.dtype)
        if self.warmup:
            decay = ops.minimum(decay, (1 + step) / (10 + step))
        if not self.debias:
            return ops.where(step <= 1, ops.ones_like(step), 1 - decay)
        return (1 - decay) / -ops.expm1(self._log_of_product(step))

    def _log_of_product(self, step):
        """Returns the logarithm of the product of the decays of updates 1 to `step`."""
        log_decay = math.log(self.decay) if self.decay > 0 else -math.inf
        # The updates at which the decay is still below its value in the end.
        warming = math.floor((10 * self.decay - 1) / (1 - self.decay)) if self.warmup else 0
        if warming < 1:
            return step * log_decay
        warm = ops.minimum(step, ops.cast(float(warming), step.dtype))
        # The product of (1 + i) / (10 + i) for i from 1 to t is 10! / ((t + 2) ... (t + 10)).
        k = ops.convert_to_tensor(np.arange(2.0, 11.0), step.dtype)
        return (step - warm) * log_decay - ops.sum(ops.log((warm + k) / k))

    def get_config(self):
        return {"decay": self.decay, "warmup": self.warmup, "debias": self.debias}
