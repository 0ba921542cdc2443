"""Adam as lectures first show it."""

import keras

from kerasrecipes.optimizers._base.moment_optimizer import MomentOptimizer


@keras.saving.register_keras_serializable(package="kerasrecipes")
class UncorrectedAdam(MomentOptimizer):
    """Adam without bias correction, to show what the correction is for.

    At each step, with gradient `g`, all elementwise:

        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g ** 2
        w -= learning_rate * m / (sqrt(v) + epsilon)

    `v` starts at 0 and fills more slowly than `m` does. With the default betas the first step is
    therefore `(1 - beta_1) / sqrt(1 - beta_2)`, that is 3.162, learning rates long whatever the
    gradient, and under a constant gradient the twelfth is the longest, at 6.57. Train with
    `keras.optimizers.Adam` instead.

    Memory: two numbers a weight. Time: as Adam.

    A gradient that is not finite makes the weights that it belongs to, and their moments, NaN for
    good. `keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1.0)` skips such steps.

    Args:
        learning_rate: Float, or a `LearningRateSchedule`. Defaults to `0.001`.
        beta_1: Float in `[0, 1)`. Decay per step of the first moment.
        beta_2: Float in `[0, 1)`. Decay per step of the second moment.
        epsilon: Positive float, in units of a gradient.
        **kwargs: As `keras.optimizers.Optimizer`, and `decay_kernels_only`, a Boolean that
            defaults to `True`: whether `weight_decay`, which is decoupled, leaves biases and
            normalization scales alone.

    Raises:
        ValueError: If a beta is outside `[0, 1)`, `epsilon` is not positive, or `learning_rate` is
            an integer; when it is applied to variables that it was not built with, as after layers
            were unfrozen: make a new one and compile again.

    Example:

    >>> w = keras.Variable([1.0])
    >>> UncorrectedAdam(learning_rate=0.1).apply([ops.array([0.01])], [w])
    >>> print(np.round(ops.convert_to_numpy(w), 3))  # 1 - 3.162 * 0.1
    [0.684]

    Reference:
        Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980, section 3. Differs from it in: no
        bias correction.
    """

    def coefficients(self, step, learning_rate):
        return learning_rate, 1.0, self.epsilon
