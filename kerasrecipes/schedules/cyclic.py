"""Cyclical learning rates."""

import math

import keras
from keras import ops

from kerasrecipes.base.checks import check_choice, check_integer, check_number

MODES = ("triangular", "triangular2", "exp_range")


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Cyclic(keras.optimizers.schedules.LearningRateSchedule):
    """Moves the learning rate up and down between two bounds, without end.

    At step `t`, with `s = half_cycle_steps`:

        cycle = floor(1 + t / (2 s))
        x = |t / s - 2 cycle + 1|
        learning_rate = base_learning_rate
                        + (max_learning_rate - base_learning_rate) * max(0, 1 - x) * scale
        scale = 1                      # triangular
        scale = 1 / 2 ** (cycle - 1)   # triangular2
        scale = gamma ** t             # exp_range

    When to use: for an ensemble of snapshots, which are taken at the ends of cycles, or where the
    best learning rate is only known to lie in some range. For a single run of known length,
    `OneCycle` does better.

    Args:
        base_learning_rate: Non-negative float. Lower bound, and learning rate at step 0.
        max_learning_rate: Positive float, not below `base_learning_rate`. Upper bound of the first
            cycle.
        half_cycle_steps: Positive integer. Steps from one bound to the other, the paper's
            `stepsize`; it advises 2 to 10 epochs.
        mode: `"triangular"`, `"triangular2"` or `"exp_range"`. Defaults to `"triangular"`.
        gamma: Float in `(0, 1]`. Factor of the amplitude in every step of `"exp_range"`. The other
            modes do not use it. Defaults to `0.99994`, as in the paper's example.

    Call arguments:
        step: Integer or float, or a tensor of one or several steps.

    Returns:
        The learning rate, float32, of the shape of `step`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> schedule = Cyclic(0.001, 0.006, half_cycle_steps=2000, mode="triangular2")
    >>> [round(float(schedule(step)), 6) for step in (0, 1000, 2000, 4000, 6000)]
    [0.001, 0.0035, 0.006, 0.001, 0.0035]

    Reference:
        Smith, 2017, https://arxiv.org/abs/1506.01186. The paper says of `exp_range` that both
        bounds decline; in its formula and code, as here, the lower bound is fixed and the amplitude
        above it shrinks.
    """

    def __init__(
        self,
        base_learning_rate: float,
        max_learning_rate: float,
        half_cycle_steps: int,
        mode: str = "triangular",
        gamma: float = 0.99994,
    ):
        super().__init__()
        check_number("base_learning_rate", base_learning_rate, at_least=0)
        check_number("max_learning_rate", max_learning_rate, above=0)
        if max_learning_rate < base_learning_rate:
            raise ValueError(
                "`max_learning_rate` must not be below `base_learning_rate`. Received: "
                f"base_learning_rate={base_learning_rate}, max_learning_rate={max_learning_rate}"
            )
        check_integer("half_cycle_steps", half_cycle_steps, at_least=1)
        check_choice("mode", mode, MODES)
        check_number("gamma", gamma, above=0, at_most=1)
        self.base_learning_rate = base_learning_rate
        self.max_learning_rate = max_learning_rate
        self.half_cycle_steps = half_cycle_steps
        self.mode = mode
        self.gamma = gamma

    def __call__(self, step):
        # Steps keep their own dtype: float32 cannot tell those beyond 2**24 apart.
        step = ops.convert_to_tensor(step)
        period = 2 * self.half_cycle_steps
        position = ops.mod(step, period)
        height = ops.cast(ops.minimum(position, period - position), "float32")
        weight = height / self.half_cycle_steps * self._scale(step, period)
        return self.base_learning_rate * (1 - weight) + self.max_learning_rate * weight

    def _scale(self, step, period: int):
        if self.mode == "triangular2":
            return ops.exp2(-ops.cast(ops.floor_divide(step, period), "float32"))
        if self.mode == "exp_range":
            # The logarithm is taken in float64: a rounded gamma would be off by 3e-8 in each step.
            return ops.exp(math.log(self.gamma) * ops.cast(step, "float32"))
        return 1.0

    def get_config(self):
        return {
            "base_learning_rate": self.base_learning_rate,
            "max_learning_rate": self.max_learning_rate,
            "half_cycle_steps": self.half_cycle_steps,
            "mode": self.mode,
            "gamma": self.gamma,
        }
