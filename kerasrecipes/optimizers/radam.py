"""Adam with the variance of its step size rectified."""

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

    `r` rises from 0.02 at the sixth step to 0.87 at the thousandth (`beta_2=0.999`): a warmup whose
    length follows from `beta_2`. Use it where Adam needs a warmup that you do not want to tune.
    The first five steps take the gradient as it is, however large: clip it where that can hurt.

    Memory: two numbers a weight. Time: as Adam.

    A gradient that is not finite makes the weights that it belongs to, and their moments, NaN for
    good. `keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1.0)` skips such steps.

    Args:
        learning_rate: Float, or a `LearningRateSchedule`. Defaults to `0.001`.
        beta_1: Float in `[0, 1)`. Decay per step of the first moment.
        beta_2: Float in `[0, 1)`. Decay per step of the second moment.
        epsilon: Positive float, in units of a gradient.
        threshold: Float of at least 4. The approximated number of gradients in the second moment
            above which steps are adaptive. The paper says 4, its authors' code 5; with
            `beta_2=0.999` they differ in the fifth step only, where `rho` is 4.996.
        **kwargs: As `keras.optimizers.Optimizer`, and `decay_kernels_only`, a Boolean that
            defaults to `True`: whether `weight_decay`, which is decoupled, leaves biases and
            normalization scales alone.

    Raises:
        ValueError: If a beta is outside `[0, 1)`, `epsilon` is not positive, `threshold` is below
            4, or `learning_rate` is an integer; when it is applied to variables that it was not
            built with, as after layers were unfrozen: make a new one and compile again.

    Example:

    >>> w = keras.Variable([1.0, 1.0])
    >>> RAdam(learning_rate=0.1).apply([ops.array([1.0, 0.5])], [w])
    >>> print(np.round(ops.convert_to_numpy(w), 4))
    [0.9  0.95]

    Reference:
        Liu et al., 2020, https://arxiv.org/abs/1908.03265, algorithm 2. Differs from it in:
        `epsilon`, and `threshold=5.0` where the algorithm has 4. `torch.optim.RAdam` adds `epsilon`
        to the root of the second moment before, not after, its bias is corrected.
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
    """Returns Adam's coefficients, rectified; where that is impossible, momentum's."""
    tractable, factor = rectification(optimizer.beta_2, step, threshold)
    size = learning_rate * factor / bias_correction(optimizer.beta_1, step)
    scale = 1 / ops.sqrt(bias_correction(optimizer.beta_2, step))
    epsilon = ops.convert_to_tensor(optimizer.epsilon, step.dtype)
    return size, ops.where(tractable, scale, 0.0), ops.where(tractable, epsilon, 1.0)
