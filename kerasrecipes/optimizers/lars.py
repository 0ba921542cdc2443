"""Layerwise adaptive rate scaling."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.base.kernels import is_kernel
from kerasrecipes.base.private.optimizers import DecaysWithinItsStep
from kerasrecipes.optimizers._base.base_optimizer import BaseOptimizer, dense


@keras.saving.register_keras_serializable(package="kerasrecipes")
class LARS(BaseOptimizer, DecaysWithinItsStep):
    """Momentum whose steps are proportional to the norm of the weights, for very large batches.

    At each step, for each weight tensor `w` with gradient `g` (norms are of the whole tensor):

        rate = trust_coefficient * norm(w) / (norm(g) + weight_decay * norm(w))
        v = momentum * v + learning_rate * rate * (g + weight_decay * w)
        w -= v

    `rate` is 1 where a norm is 0. With `adapt_kernels_only` it is also 1 for biases and
    normalization scales, whose norm says nothing about how far they may move. Use LARS with a
    linear warmup and with batches of several thousand images. For small batches SGD is as good and
    simpler.

    Memory: one number a weight. Time: as SGD, and two norms.

    One entry of a gradient that is not finite turns its whole weight tensor into NaN; see
    `BaseOptimizer`.

    Args:
        learning_rate: Float, or a `LearningRateSchedule`. Defaults to `1.0`, since `rate` is small.
        momentum: Float in `[0, 1)`. Decay per step of the velocity.
        trust_coefficient: Positive float. Length of a step as a fraction of the weights' norm, at a
            learning rate of 1 and without momentum.
        adapt_kernels_only: Boolean. Whether `rate` is 1 for biases and normalization scales.
        weight_decay: Float of at least 0, or `None`. It is not decoupled: it stands in the formula
            above. The paper has `5e-4`.
        decay_kernels_only: Boolean. Whether `weight_decay` leaves biases and normalization scales
            alone.
        **kwargs: As `BaseOptimizer`.

    Raises:
        ValueError: If an argument is out of range; and as `BaseOptimizer`.

    Example:

    >>> kernel = keras.Variable([[3.0], [4.0]], name="kernel")
    >>> LARS(learning_rate=1.0, trust_coefficient=0.1).apply([ops.array([[0.0], [2.0]])], [kernel])
    >>> print(np.round(ops.convert_to_numpy(kernel), 4).ravel())  # 4 - 0.1 * (5 / 2) * 2
    [3.  3.5]

    Reference:
        You et al., 2017, https://arxiv.org/abs/1708.03888, algorithm 1. Differs from it in: `rate`
        is 1 in the cases above. `optax.lars` divides by `norm(g + weight_decay * w)`.
    """

    def __init__(
        self,
        learning_rate=1.0,
        momentum: float = 0.9,
        trust_coefficient: float = 0.001,
        adapt_kernels_only: bool = True,
        weight_decay: float | None = None,
        decay_kernels_only: bool = True,
        **kwargs,
    ):
        check_number("momentum", momentum, at_least=0, below=1)
        check_number("trust_coefficient", trust_coefficient, above=0)
        super().__init__(learning_rate, weight_decay, decay_kernels_only, **kwargs)
        self.momentum = momentum
        self.trust_coefficient = trust_coefficient
        self.adapt_kernels_only = adapt_kernels_only

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        self._kernels = [is_kernel(variable) for variable in variables]

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        gradient = dense(gradient, variable.dtype)
        decay = self.weight_decay if self.decays(index) else 0.0
        rate = ops.cast(learning_rate, variable.dtype)
        if self._kernels[index] or not self.adapt_kernels_only:
            rate = rate * self._adapted(gradient, variable, decay)
        velocity = self._velocities[index]
        v = self.momentum * velocity + rate * (gradient + decay * variable)
        self.assign(velocity, v)
        self.assign_sub(variable, v)

    def _adapted(self, gradient, variable, decay):
        gradient_norm = _norm(gradient)
        weight_norm = _norm(variable)
        divisor = gradient_norm + decay * weight_norm
        usable = (gradient_norm > 0) & (weight_norm > 0)
        rate = self.trust_coefficient * weight_norm / ops.where(usable, divisor, 1.0)
        return ops.where(usable, rate, 1.0)

    def get_config(self):
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "trust_coefficient": self.trust_coefficient,
            "adapt_kernels_only": self.adapt_kernels_only,
        }


def _norm(x):
    return ops.sqrt(ops.sum(ops.square(x)))
