"""Rectified Adam."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.optimizers._base.moment_optimizer import MomentOptimizer
from kerasrecipes.optimizers._base.step_numbers import bias_correction, rectification


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RAdam(MomentOptimizer):
    """Adam that starts as momentum and turns adaptive as its second moment becomes reliable.

    At step `t`, with Adam's bias-corrected moments `m` and `v`, elementwise:

        rho_inf = 2 / (1 - beta_2) - 1
        rho = rho_inf - 2 t beta_2 ** t / (1 - beta_2 ** t)
        r = sqrt((rho - 4) (rho - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho))
        w -= learning_rate * (r * m / (sqrt(v) + epsilon) if rho > threshold else m)

    With `beta_2=0.999`, `r` rises from 0.03 at the sixth step to 0.65 at the thousandth: a warmup
    whose length follows from `beta_2`. Use this optimizer where Adam needs a warmup that you do not
    want to tune. The first five steps are those of momentum, as long as the gradients are: clip
    gradients where long steps can do harm.

    Memory: two numbers a weight. Time: as Adam.

    Args:
        learning_rate: Float, or a `LearningRateSchedule`. Defaults to `0.001`.
        beta_1: Float in `[0, 1)`. Decay per step of the first moment.
        beta_2: Float in `[0, 1)`. Decay per step of the second moment.
        epsilon: Positive float, in units of a gradient.
        threshold: Float of at least 4. Steps are adaptive where `rho`, the approximate number of
            gradients in the second moment, is above it. The paper has 4, its authors' code 5. With
            `beta_2=0.999` the two differ in the fifth step only, where `rho` is 4.996.
        **kwargs: As `BaseOptimizer`, which says what all optimizers of this package do with weight
            decay, with gradients that are not finite, and when layers are unfrozen.

    Raises:
        ValueError: If a beta is outside `[0, 1)`, `epsilon` is not positive, or `threshold` is
            below 4; and as `BaseOptimizer`.

    Example:

    >>> w = keras.Variable([1.0, 1.0])
    >>> RAdam(learning_rate=0.1).apply([ops.array([1.0, 0.5])], [w])
    >>> print(np.round(ops.convert_to_numpy(w), 4))
    [0.9  0.95]

    Reference:
        Liu et al., 2020, https://arxiv.org/abs/1908.03265, algorithm 2. Differs from it in: there
        is an `epsilon`, and `threshold` is 5 where the algorithm has 4. `torch.optim.RAdam` adds
        `epsilon` to the root of the second moment before the bias is corrected, not afterwards.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        threshold: float = 5.0,
        **kwargs,
    ):
        check_number("threshold", threshold, at_least=4)
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        self.threshold = threshold

    def coefficients(self, step, learning_rate):
        return rectified_coefficients(self, step, learning_rate, self.threshold)

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


def rectified_coefficients(optimizer: MomentOptimizer, step, learning_rate, threshold: float):
    """Returns the coefficients of rectified Adam, or those of momentum while it is intractable."""
    tractable, factor = rectification(optimizer.beta_2, step, threshold)
    size = learning_rate * factor / bias_correction(optimizer.beta_1, step)
    scale = 1 / ops.sqrt(bias_correction(optimizer.beta_2, step))
    epsilon = ops.convert_to_tensor(optimizer.epsilon, step.dtype)
    return size, ops.where(tractable, scale, 0.0), ops.where(tractable, epsilon, 1.0)
