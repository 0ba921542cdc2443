"""Adam without bias correction."""

import keras

from kerasrecipes.optimizers._base.moment_optimizer import MomentOptimizer


@keras.saving.register_keras_serializable(package="kerasrecipes")
class UncorrectedAdam(MomentOptimizer):
    """Adam without bias correction, to show why Adam needs it.

    At each step, with gradient `g`, all elementwise:

        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g ** 2
        w -= learning_rate * m / (sqrt(v) + epsilon)

    Both moments start at 0, and `v` grows more slowly than `m`. Whatever the gradient, the first
    step is therefore `(1 - beta_1) / sqrt(1 - beta_2)` times as long as the learning rate, which is
    3.162 for the default betas. Under a constant gradient the twelfth step is the longest, 6.57
    times the learning rate. To train networks, use `keras.optimizers.Adam`.

    Memory: two numbers a weight. Time: as Adam.

    Args:
        learning_rate: Float, or a `LearningRateSchedule`. Defaults to `0.001`.
        beta_1: Float in `[0, 1)`. Decay per step of the first moment.
        beta_2: Float in `[0, 1)`. Decay per step of the second moment.
        epsilon: Positive float, in units of a gradient.
        **kwargs: As `BaseOptimizer`, which says what all optimizers of this package do with weight
            decay, with gradients that are not finite, and when layers are unfrozen.

    Raises:
        ValueError: If a beta is outside `[0, 1)` or `epsilon` is not positive; and as
            `BaseOptimizer`.

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
