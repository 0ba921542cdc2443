"""DiffGrad."""

import keras
from keras import ops

from kerasrecipes.optimizers._base.moment_optimizer import MomentOptimizer
from kerasrecipes.optimizers._base.step_numbers import bias_correction


@keras.saving.register_keras_serializable(package="kerasrecipes")
class DiffGrad(MomentOptimizer):
    """Adam with a friction coefficient on each parameter.

    At step `t`, with gradient `g` and Adam's bias-corrected moments `m`, `v`, all elementwise:

        xi = sigmoid(|g[t-1] - g[t]|)            # in [0.5, 1)
        w -= learning_rate * xi * m / (sqrt(v) + epsilon)

    The friction depends on the scale of the gradients. Where they are far below 1, as in most
    trained networks, `xi` is always about 0.5: this optimizer is then Adam at half the learning
    rate.

    Memory: three numbers a weight, one more than Adam. Time: as Adam, and a sigmoid.

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

    >>> w = keras.Variable([1.0, 1.0])
    >>> DiffGrad(learning_rate=0.1).apply([ops.array([1.0, 0.0])], [w])
    >>> print(np.round(ops.convert_to_numpy(w), 4))  # 1 - 0.1 sigmoid(1)
    [0.9269 1.    ]

    Reference:
        Dubey et al., 2020, https://arxiv.org/abs/1909.11015. Differs from it in: `g[0] = 0`;
        `epsilon` is `1e-7` and is added after the bias was corrected, where the authors' code adds
        `1e-8` before. An early version of that code compared each gradient with itself, so that
        `xi` was 0.5 after the first step.
    """

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._previous_gradients = self.add_optimizer_variables(variables, "previous_gradient")

    def coefficients(self, step, learning_rate):
        size = learning_rate / bias_correction(self.beta_1, step)
        return size, 1 / ops.sqrt(bias_correction(self.beta_2, step)), self.epsilon

    def _numerator(self, index, gradient, m):
        previous = self._previous_gradients[index]
        friction = ops.sigmoid(ops.abs(previous - gradient))
        self.assign(previous, gradient)
        return friction * m

    def update_foreach(self, gradients, variables, learning_rate):
        import torch

        super().update_foreach(gradients, variables, learning_rate)
        indices = [self._get_variable_index(variable) for variable in variables]
        torch._foreach_copy_([self._previous_gradients[i].value for i in indices], gradients)

    def _numerators_foreach(self, indices, gradients, m):
        import torch

        # In place: `update_foreach` overwrites these with the gradients once it has used the
        # numerators. To allocate memory would take longer than to compute them.
        numerators = [self._previous_gradients[index].value for index in indices]
        torch._foreach_sub_(numerators, gradients)
        torch._foreach_abs_(numerators)
        torch._foreach_sigmoid_(numerators)
        torch._foreach_mul_(numerators, m)
        return numerators
