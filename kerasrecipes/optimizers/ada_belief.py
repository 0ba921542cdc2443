"""AdaBelief."""

import keras
from keras import ops

from kerasrecipes.optimizers._base.moment_optimizer import MomentOptimizer
from kerasrecipes.optimizers._base.step_numbers import bias_correction
from kerasrecipes.optimizers.radam import rectified_coefficients

# In the authors' code; see `RAdam`.
RECTIFICATION_THRESHOLD = 5.0


@keras.saving.register_keras_serializable(package="kerasrecipes")
class AdaBelief(MomentOptimizer):
    """Adam that takes large steps where gradients are as expected and small ones elsewhere.

    At step `t`, with gradient `g`, all elementwise:

        m = beta_1 * m + (1 - beta_1) * g
        s = beta_2 * s + (1 - beta_2) * (g - m) ** 2 + epsilon
        w -= learning_rate * m_hat / (sqrt(s_hat) + epsilon)

    with `m_hat = m / (1 - beta_1 ** t)` and `s_hat = s / (1 - beta_2 ** t)`.

    Choose `epsilon` far below the squares of your gradients: it is added to `s` at every step, and
    accumulates to `epsilon / (1 - beta_2)`, a thousand times as much. With Adam's usual `1e-8` this
    optimizer becomes SGD with momentum. float16 cannot hold `1e-16`: where the weights themselves
    are float16, use `1e-7`.

    Memory: two numbers a weight. Time: as Adam.

    Args:
        learning_rate: Float, or a `LearningRateSchedule`. Defaults to `0.001`.
        beta_1: Float in `[0, 1)`. Decay per step of the first moment.
        beta_2: Float in `[0, 1)`. Decay per step of the second moment.
        epsilon: Positive float, added both to a squared gradient and to a gradient.
        rectify: Boolean. Whether to rectify the step size as `RAdam` does with `threshold=5`. In
            the first steps, where that is impossible, `w -= learning_rate * m_hat`.
        **kwargs: As `BaseOptimizer`, which says what all optimizers of this package do with weight
            decay, with gradients that are not finite, and when layers are unfrozen.

    Raises:
        ValueError: If a beta is outside `[0, 1)` or `epsilon` is not positive; and as
            `BaseOptimizer`.

    Example:

    >>> w = keras.Variable([1.0, 1.0])
    >>> AdaBelief(learning_rate=0.1).apply([ops.array([1.0, 0.0])], [w])
    >>> print(np.round(ops.convert_to_numpy(w), 4))  # 1 - 0.1 / 0.9
    [0.8889 1.    ]

    Reference:
        Zhuang et al., 2020, https://arxiv.org/abs/2010.07468, algorithm 2. Differs from it in:
        `epsilon` is `1e-16`, as in its authors' code for images and in `optax.adabelief`, where the
        paper has `1e-8`. `rectify` comes from that code, and is not in the paper.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-16,
        rectify: bool = False,
        **kwargs,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        self.rectify = rectify

    def coefficients(self, step, learning_rate):
        if self.rectify:
            return rectified_coefficients(self, step, learning_rate, RECTIFICATION_THRESHOLD)
        size = learning_rate / bias_correction(self.beta_1, step)
        return size, 1 / ops.sqrt(bias_correction(self.beta_2, step)), self.epsilon

    def _moments(self, index, gradient):
        m, s = self._first_moments[index], self._second_moments[index]
        m = m + (1 - self.beta_1) * (gradient - m)
        # With the terms grouped otherwise, XLA copies both moments on CPUs: twice the time.
        s = s + ((1 - self.beta_2) * (ops.square(gradient - m) - s) + self.epsilon)
        return m, s

    def _moments_foreach(self, gradients, m, s):
        import torch

        torch._foreach_lerp_(m, gradients, 1 - self.beta_1)
        surprises = torch._foreach_sub(gradients, m)
        torch._foreach_mul_(s, self.beta_2)
        torch._foreach_addcmul_(s, surprises, surprises, value=1 - self.beta_2)
        torch._foreach_add_(s, self.epsilon)

    def get_config(self):
        return {**super().get_config(), "rectify": self.rectify}
