"""Step decay of the learning rate."""

from collections.abc import Sequence

import keras
from keras import ops

from kerasrecipes.base.checks import check_choice, check_integer, check_number

# Factors and periods in epochs that lectures on training networks teach.
PRESETS = {
    "half_every_5_epochs": (0.5, 5),
    "half_every_10_epochs": (0.5, 10),
    "tenth_every_20_epochs": (0.1, 20),
    "tenth_every_30_epochs": (0.1, 30),
}


@keras.saving.register_keras_serializable(package="kerasrecipes")
class StepDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Multiplies the learning rate by a factor at given steps.

    At step `t`, counted from 0, after `k(t)` cuts:

        learning_rate = initial_learning_rate * factor ** k(t)
        k(t) = floor(t / period_steps)   or   k(t) = number of boundaries <= t

    A boundary is the first step with the lower rate. Keras's own schedules disagree here:
    `ExponentialDecay(staircase=True)` cuts at the boundary, too; `PiecewiseConstantDecay` cuts one
    step later.

    Args:
        initial_learning_rate: Positive float. Learning rate at step 0.
        factor: Float in `(0, 1]`. Each cut multiplies the learning rate by it.
        period_steps: Positive integer. There is a cut every `period_steps` steps, without end.
        boundaries_steps: Increasing positive integers. The steps at which there are cuts.
        boundaries_fraction: Increasing floats in `(0, 1)`. `boundaries_steps` as fractions of
            `total_steps`, rounded to the nearest step.
        total_steps: Positive integer. Length of the run, which a recipe fills in. It is needed for
            `boundaries_fraction` only.

    Call arguments:
        step: Integer or float, or a tensor of one or several steps.

    Returns:
        The learning rate, float32, of the shape of `step`.

    Raises:
        ValueError: If an argument is out of range, or not exactly one of `period_steps`,
            `boundaries_steps` and `boundaries_fraction` is given; in a call, if `total_steps` is
            needed and was not given.

    Example:

    >>> schedule = StepDecay(0.1, boundaries_fraction=[0.5, 0.75], total_steps=64_000)
    >>> [round(float(schedule(step)), 6) for step in (0, 31_999, 32_000, 48_000, 64_000)]
    [0.1, 0.1, 0.01, 0.001, 0.001]

    Reference:
        He et al., 2016, https://arxiv.org/abs/1512.03385, section 4.2, for cuts at 50% and 75%.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        factor: float = 0.1,
        period_steps: int | None = None,
        boundaries_steps: Sequence[int] | None = None,
        boundaries_fraction: Sequence[float] | None = None,
        total_steps: int | None = None,
    ):
        super().__init__()
        check_number("initial_learning_rate", initial_learning_rate, above=0)
        check_number("factor", factor, above=0, at_most=1)
        _check_cuts(period_steps, boundaries_steps, boundaries_fraction)
        if total_steps is not None:
            check_integer("total_steps", total_steps, at_least=1)
        self.initial_learning_rate = initial_learning_rate
        self.factor = factor
        self.period_steps = period_steps
        self.boundaries_steps = boundaries_steps
        self.boundaries_fraction = boundaries_fraction
        self.total_steps = total_steps

    @classmethod
    def from_preset(cls, name: str, initial_learning_rate: float, steps_per_epoch: int):
        """Returns a schedule with a factor and a period that lectures teach.

        Args:
            name: One of `"half_every_5_epochs"`, `"half_every_10_epochs"`,
                `"tenth_every_20_epochs"` and `"tenth_every_30_epochs"`.
            initial_learning_rate: Positive float. Learning rate at step 0.
            steps_per_epoch: Positive integer. Length of an epoch.

        Example:

        >>> schedule = StepDecay.from_preset("half_every_5_epochs", 0.1, steps_per_epoch=100)
        >>> schedule.factor, schedule.period_steps
        (0.5, 500)
        """
        check_choice("name", name, PRESETS)
        check_integer("steps_per_epoch", steps_per_epoch, at_least=1)
        factor, period_epochs = PRESETS[name]
        return cls(initial_learning_rate, factor, period_steps=period_epochs * steps_per_epoch)

    def __call__(self, step):
        cuts = ops.cast(self._cuts(ops.convert_to_tensor(step)), "float32")
        return self.initial_learning_rate * ops.power(self.factor, cuts)

    def _cuts(self, step):
        # Steps are compared in their own dtype: float32 cannot tell those beyond 2**24 apart.
        if self.period_steps is not None:
            return ops.floor_divide(step, self.period_steps)
        boundaries = ops.cast(ops.array(self._boundaries_in_steps()), step.dtype)
        return ops.sum(ops.cast(ops.expand_dims(step, -1) >= boundaries, "int32"), axis=-1)

    def _boundaries_in_steps(self):
        if self.boundaries_fraction is None:
            return self.boundaries_steps
        if self.total_steps is None:
            raise ValueError(
                "`boundaries_fraction` needs `total_steps`, the length of the run. "
                "Received: total_steps=None"
            )
        return [round(fraction * self.total_steps) for fraction in self.boundaries_fraction]

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "factor": self.factor,
            "period_steps": self.period_steps,
            "boundaries_steps": self.boundaries_steps,
            "boundaries_fraction": self.boundaries_fraction,
            "total_steps": self.total_steps,
        }


def _check_cuts(period_steps, boundaries_steps, boundaries_fraction):
    given = {
        "period_steps": period_steps,
        "boundaries_steps": boundaries_steps,
        "boundaries_fraction": boundaries_fraction,
    }
    if sum(value is not None for value in given.values()) != 1:
        received = ", ".join(f"{name}={value!r}" for name, value in given.items())
        raise ValueError(
            "Exactly one of `period_steps`, `boundaries_steps` and `boundaries_fraction` must be "
            f"given. Received: {received}"
        )
    if period_steps is not None:
        check_integer("period_steps", period_steps, at_least=1)
    for index, step in enumerate(boundaries_steps or ()):
        check_integer(f"boundaries_steps[{index}]", step, at_least=1)
    for index, fraction in enumerate(boundaries_fraction or ()):
        check_number(f"boundaries_fraction[{index}]", fraction, above=0, below=1)
    for name in ("boundaries_steps", "boundaries_fraction"):
        boundaries = given[name]
        if boundaries is not None and list(boundaries) != sorted(set(boundaries)):
            raise ValueError(f"`{name}` must increase. Received: {name}={boundaries!r}")
