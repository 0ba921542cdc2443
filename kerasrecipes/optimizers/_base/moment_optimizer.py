"""Base class of Adam's relatives: one update rule, of which each replaces a part."""

from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.optimizers._base import step_numbers
from kerasrecipes.optimizers._base.base_optimizer import BaseOptimizer, dense


class MomentOptimizer(BaseOptimizer):
    """Base class of optimizers that divide a first moment by the root of a second moment.

    At step `t`, with gradient `g`, all elementwise:

        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g ** 2
        w -= size * m / (scale * sqrt(v) + offset)

    A subclass writes `coefficients`, which returns `size`, `scale` and `offset`. It may replace the
    moments (the first two lines) or the numerator `m`, too. It then writes two methods for each:
    one for a single variable on any backend, and one whose name ends in `_foreach` for all
    variables at once on PyTorch.

    Args:
        learning_rate: Float, or a `LearningRateSchedule`.
        beta_1: Float in `[0, 1)`. Decay per step of the first moment.
        beta_2: Float in `[0, 1)`. Decay per step of the second moment.
        epsilon: Positive float, in units of a gradient.
        **kwargs: As `BaseOptimizer`.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **kwargs,
    ):
        check_number("beta_1", beta_1, at_least=0, below=1)
        check_number("beta_2", beta_2, at_least=0, below=1)
        check_number("epsilon", epsilon, above=0)
        super().__init__(learning_rate, **kwargs)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._first_moments, self._second_moments = self.add_optimizer_variables(
            variables, ["momentum", "velocity"]
        )

    def coefficients(self, step, learning_rate):
        """Returns `size`, `scale` and `offset` at a step, which is counted from 1."""
        raise NotImplementedError

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        gradient = dense(gradient, variable.dtype)
        m, v = self._moments(index, gradient)
        self.assign(self._first_moments[index], m)
        self.assign(self._second_moments[index], v)
        numbers = self._coefficients(step_numbers.step_dtype(variable), learning_rate)
        size, scale, offset = (ops.cast(number, variable.dtype) for number in numbers)
        numerator = size * self._numerator(index, gradient, m)
        self.assign_sub(variable, numerator / (scale * ops.sqrt(v) + offset))

    def _moments(self, index, gradient):
        m, v = self._first_moments[index], self._second_moments[index]
        m = m + (1 - self.beta_1) * (gradient - m)
        v = v + (1 - self.beta_2) * (ops.square(gradient) - v)
        return m, v

    def _numerator(self, index, gradient, m):
        return m

    def _coefficients(self, dtype, learning_rate):
        step = ops.cast(self.iterations + 1, dtype)
        numbers = self.coefficients(step, ops.cast(learning_rate, dtype))
        return [ops.convert_to_tensor(number, dtype) for number in numbers]

    def update_foreach(self, gradients, variables, learning_rate):
        """Updates all variables as `update_step` would, on PyTorch."""
        import torch

        indices = [self._get_variable_index(variable) for variable in variables]
        weights = [variable.value for variable in variables]
        m = [self._first_moments[index].value for index in indices]
        v = [self._second_moments[index].value for index in indices]
        dtype = max(map(step_numbers.step_dtype, variables))
        size, scale, offset = self._coefficients(dtype, learning_rate)
        self._moments_foreach(gradients, m, v)
        divisors = torch._foreach_sqrt(v)
        torch._foreach_mul_(divisors, scale)
        torch._foreach_add_(divisors, offset)
        numerators = self._numerators_foreach(indices, gradients, m)
        if step_numbers.is_readable(size):
            torch._foreach_addcdiv_(weights, numerators, divisors, value=-size.item())
        else:
            torch._foreach_reciprocal_(divisors)
            torch._foreach_mul_(divisors, -size)
            torch._foreach_addcmul_(weights, numerators, divisors)

    def _moments_foreach(self, gradients, m, v):
        import torch

        torch._foreach_lerp_(m, gradients, 1 - self.beta_1)
        torch._foreach_mul_(v, self.beta_2)
        torch._foreach_addcmul_(v, gradients, gradients, value=1 - self.beta_2)

    def _numerators_foreach(self, indices, gradients, m):
        return m

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
