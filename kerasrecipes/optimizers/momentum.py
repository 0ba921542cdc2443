"""Gradient descent with momentum, as lectures write it."""

from typing import TypeAlias

import keras
from keras import ops

from kerasrecipes.base import private
from kerasrecipes.base.checks import check_number
from kerasrecipes.optimizers._base.base_optimizer import BaseOptimizer, dense
from kerasrecipes.optimizers._base.step_numbers import step_dtype

Schedule: TypeAlias = keras.optimizers.schedules.LearningRateSchedule


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Momentum(BaseOptimizer):
    """Gradient descent with momentum, the learning rate outside the velocity.

    At each step, with gradient `g`, all elementwise:

        v = momentum * v + (1 - dampening) * g
        w -= learning_rate * v                      # or, if nesterov,
        w -= learning_rate * (g + momentum * v)

    The velocity of `keras.optimizers.SGD` contains the learning rates of its steps. The two agree
    while the learning rate is constant; after a cut this one is slow at once, where SGD's old large
    steps linger. Use this one with schedules, and with a momentum that has one.

    The velocity is a sum: a constant gradient makes it `1 / (1 - momentum)` times as large.
    `dampening=momentum` makes it an exponential average, whose steps are as much shorter.

    With `nesterov`, `w` is the point that the gradient is evaluated at, ahead of the iterate `x` by
    `w = x - learning_rate * momentum * v`. Lectures that accumulate `+g` and subtract must look
    ahead in that direction too, and by as much: `x + momentum * v`, as some print it, diverges.

    Memory: one number a weight. Time: as SGD.

    A gradient that is not finite makes the weights that it belongs to, and their velocity, NaN for
    good. `keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1.0)` skips such steps.

    Args:
        learning_rate: Float, or a `LearningRateSchedule`. Defaults to `0.01`.
        momentum: Float in `[0, 1)`, or a schedule of such, called with the same step as a schedule
            of the learning rate. Decay per step of the velocity.
        nesterov: Boolean. Whether to evaluate the gradient ahead. Not with `dampening`.
        dampening: Float in `[0, 1)`. The part of a gradient that does not enter the velocity.
        **kwargs: As `keras.optimizers.Optimizer`, and `decay_kernels_only`, a Boolean that
            defaults to `True`: whether `weight_decay`, which is decoupled, leaves biases and
            normalization scales alone.

    Raises:
        ValueError: If `momentum` or `dampening` is outside `[0, 1)`, both `nesterov` and
            `dampening` are given, or `learning_rate` is an integer; when it is applied to variables
            that it was not built with, as after layers were unfrozen: make a new one and compile
            again.

    Example:

    >>> w = keras.Variable([1.0])
    >>> optimizer = Momentum(learning_rate=0.1, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.apply([ops.array([1.0])], [w])
    >>> print(np.round(ops.convert_to_numpy(w), 4))  # 1 - 0.1 * 1 - 0.1 * 1.5
    [0.75]

    Reference:
        Sutskever et al., 2013, https://proceedings.mlr.press/v28/sutskever13.html. Differs from it
        in: the learning rate outside the velocity, as in `torch.optim.SGD`, which differs from this
        in: its first velocity is the whole gradient, whatever `dampening`.
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
        momentum = ops.cast(self._current_momentum(step_dtype(variable)), variable.dtype)
        v = momentum * velocity + (1 - self.dampening) * gradient
        self.assign(velocity, v)
        direction = gradient + momentum * v if self.nesterov else v
        self.assign_sub(variable, ops.cast(learning_rate, variable.dtype) * direction)

    def update_foreach(self, gradients, variables, learning_rate):
        """Does what `update_step` does, for all variables, on PyTorch."""
        import torch

        dtype = max(map(step_dtype, variables))
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
        if private.is_on_cpu(rate):
            torch._foreach_add_(weights, directions, alpha=-rate.item())
        else:
            torch._foreach_sub_(weights, torch._foreach_mul(directions, rate))

    def _current_momentum(self, dtype):
        if not isinstance(self.momentum, keras.optimizers.schedules.LearningRateSchedule):
            return ops.convert_to_tensor(self.momentum, dtype)
        step = self.iterations
        if self.gradient_accumulation_steps:
            # What Keras gives a schedule of the learning rate: gradients, not updates, so far.
            step = (step + 1) * self.gradient_accumulation_steps - 1
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
