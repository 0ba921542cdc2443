"""Gradient descent with momentum, the learning rate outside the velocity."""

from typing import TypeAlias

import keras
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.optimizers._base import step_numbers
from kerasrecipes.optimizers._base.base_optimizer import BaseOptimizer, dense

Schedule: TypeAlias = keras.optimizers.schedules.LearningRateSchedule


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Momentum(BaseOptimizer):
    """Gradient descent with momentum, the learning rate outside the velocity.

    At each step, with gradient `g`, all elementwise:

        v = momentum * v + (1 - dampening) * g
        w -= learning_rate * v                      # or, if nesterov,
        w -= learning_rate * (g + momentum * v)

    `keras.optimizers.SGD` multiplies each gradient by the learning rate before it adds it to the
    velocity. The two optimizers agree while the learning rate is constant. After the learning rate
    was lowered, the steps of this one are short at once, while SGD's velocity still holds its old,
    long steps. Use this one with schedules of the learning rate or of the momentum.

    The velocity is a sum: a constant gradient `g` leads to a velocity of `g / (1 - momentum)`. With
    `dampening=momentum` it is an exponential average, and steps are shorter by that factor.

    With `nesterov`, `w` is the point at which the gradient is evaluated. It lies ahead of the
    iterate `x`: `w = x - learning_rate * momentum * v`. Some lecture notes that define `v` by `+g`
    evaluate the gradient at `x + momentum * v`. That looks back instead of ahead, and diverges.

    Memory: one number a weight. Time: as SGD.

    Args:
        learning_rate: Float, or a `LearningRateSchedule`. Defaults to `0.01`.
        momentum: Float in `[0, 1)`, or a `LearningRateSchedule` with such values, which is called
            with the same step as that of the learning rate. Decay per step of the velocity.
        nesterov: Boolean. Whether to evaluate the gradient ahead. Not together with `dampening`.
        dampening: Float in `[0, 1)`. The fraction of a gradient that does not enter the velocity.
        **kwargs: As `BaseOptimizer`, which says what all optimizers of this package do with weight
            decay, with gradients that are not finite, and when layers are unfrozen.

    Raises:
        ValueError: If `momentum` or `dampening` is outside `[0, 1)`, or both `nesterov` and
            `dampening` are given; and as `BaseOptimizer`.

    Example:

    >>> w = keras.Variable([1.0])
    >>> optimizer = Momentum(learning_rate=0.1, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.apply([ops.array([1.0])], [w])
    >>> print(np.round(ops.convert_to_numpy(w), 4))  # 1 - 0.1 * 1 - 0.1 * 1.5
    [0.75]

    Reference:
        Sutskever et al., 2013, https://proceedings.mlr.press/v28/sutskever13.html. Differs from it
        in: the learning rate stands outside the velocity, as in `torch.optim.SGD`. There the first
        velocity is the whole gradient, whatever `dampening` is.
    """

    def __init__(
        self,
        learning_rate=0.01,
        momentum: float | Schedule = 0.9,
        nesterov: bool = False,
        dampening: float = 0.0,
        **kwargs,
    ):
        if not isinstance(momentum, keras.optimizers.schedules.LearningRateSchedule):
            check_number("momentum", momentum, at_least=0, below=1)
        check_number("dampening", dampening, at_least=0, below=1)
        if nesterov and dampening:
            raise ValueError(
                "`nesterov` needs `dampening=0`. "
                f"Received: nesterov={nesterov!r}, dampening={dampening!r}"
            )
        super().__init__(learning_rate, **kwargs)
        self.momentum = momentum
        self.nesterov = nesterov
        self.dampening = dampening

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")

    def update_step(self, gradient, variable, learning_rate):
        velocity = self._velocities[self._get_variable_index(variable)]
        gradient = dense(gradient, variable.dtype)
        momentum = self._current_momentum(step_numbers.step_dtype(variable))
        momentum = ops.cast(momentum, variable.dtype)
        v = momentum * velocity + (1 - self.dampening) * gradient
        self.assign(velocity, v)
        direction = gradient + momentum * v if self.nesterov else v
        self.assign_sub(variable, ops.cast(learning_rate, variable.dtype) * direction)

    def update_foreach(self, gradients, variables, learning_rate):
        """Updates all variables as `update_step` would, on PyTorch."""
        import torch

        dtype = max(map(step_numbers.step_dtype, variables))
        velocities = [self._velocities[self._get_variable_index(v)].value for v in variables]
        momentum = self._current_momentum(dtype)
        torch._foreach_mul_(velocities, momentum)
        torch._foreach_add_(velocities, gradients, alpha=1 - self.dampening)
        directions = velocities
        if self.nesterov:
            directions = torch._foreach_mul(velocities, momentum)
            torch._foreach_add_(directions, gradients)
        weights = [variable.value for variable in variables]
        rate = ops.cast(learning_rate, dtype)
        if step_numbers.is_readable(rate):
            torch._foreach_add_(weights, directions, alpha=-rate.item())
        else:
            torch._foreach_sub_(weights, torch._foreach_mul(directions, rate))

    def _current_momentum(self, dtype):
        if not isinstance(self.momentum, keras.optimizers.schedules.LearningRateSchedule):
            return ops.convert_to_tensor(self.momentum, dtype)
        step = step_numbers.last_gradient(self.iterations, self.gradient_accumulation_steps)
        return ops.cast(self.momentum(step), dtype)

    def get_config(self):
        momentum = self.momentum
        if isinstance(momentum, keras.optimizers.schedules.LearningRateSchedule):
            momentum = keras.optimizers.schedules.serialize(momentum)
        return {
            **super().get_config(),
            "momentum": momentum,
            "nesterov": self.nesterov,
            "dampening": self.dampening,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        if isinstance(config["momentum"], dict):
            config["momentum"] = keras.optimizers.schedules.deserialize(
                config["momentum"], custom_objects=custom_objects
            )
        return super().from_config(config, custom_objects=custom_objects)
