"""Warmup in front of any schedule."""

from collections.abc import Mapping

import keras
from keras import ops

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.schedules.inner_schedule import (
    Schedule,
    check_schedule,
    from_config,
    length_of,
    rate_at,
    to_config,
)
from kerasrecipes.schedules.pieces import Piece, piecewise

MODES = ("linear", "constant")


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Warmup(keras.optimizers.schedules.LearningRateSchedule):
    """Starts any schedule with low learning rates.

    At step `t`, with `w = warmup_steps`:

        learning_rate = ramp(t) * schedule(t)                # overlapping
        learning_rate = ramp(t) * schedule(max(t - w, 0))    # shifted
        ramp(t) = initial_fraction + (1 - initial_fraction) * min(t / w, 1)      # linear
        ramp(t) = initial_fraction if t < w else 1                               # constant

    Step `w` is the first one at which the ramp is 1.

    When to use: with large batches and large learning rates, where the first steps from random
    weights do harm, and with optimizers whose second moments are poor estimates at first. A few
    epochs are enough.

    Args:
        schedule: A `LearningRateSchedule`, or a float for a constant learning rate.
        warmup_steps: Non-negative integer. Length of the warmup.
        initial_fraction: Float in `[0, 1]`. Factor of the first learning rate. Defaults to `0.1`.
            With `0` the first step changes no weight.
        mode: `"linear"` or `"constant"`. Defaults to `"linear"`.
        shifted: Boolean. If `True`, the schedule starts at the end of the warmup, as in Keras's
            `CosineDecay`. If `False`, the default, it starts at step 0 and the warmup overlaps its
            first part. In a recipe, a schedule whose length is left out ends with the run either
            way.

    Call arguments:
        step: Integer or float, or a tensor of one step; of several steps, if the inner schedules
            accept that, which not all of Keras's do.

    Returns:
        The learning rate, float32, of the shape of `step`.

    Raises:
        ValueError: If an argument is out of range, or the schedule would end within its warmup.

    Example:

    >>> schedule = Warmup(keras.optimizers.schedules.CosineDecay(0.1, 100), warmup_steps=20)
    >>> [round(float(schedule(step)), 6) for step in (0, 50, 100)]
    [0.01, 0.05, 0.0]
    >>> goyal = Warmup(0.8, warmup_steps=5, initial_fraction=1 / 8)
    >>> [round(float(goyal(step)), 6) for step in range(7)]
    [0.1, 0.24, 0.38, 0.52, 0.66, 0.8, 0.8]

    Reference:
        Goyal et al., 2017, https://arxiv.org/abs/1706.02677, section 2.2, for both modes. The
        paper's own is linear from `1 / k` for a batch `k` times as large, over 5 epochs, and
        overlaps.
    """

    def __init__(
        self,
        schedule: Schedule | float,
        warmup_steps: int,
        initial_fraction: float = 0.1,
        mode: str = "linear",
        shifted: bool = False,
    ):
        super().__init__()
        check_schedule("schedule", schedule)
        check_integer("warmup_steps", warmup_steps, at_least=0)
        check_number("initial_fraction", initial_fraction, at_least=0, at_most=1)
        check_choice("mode", mode, MODES)
        check_choice("shifted", shifted, (False, True))
        length = length_of(schedule)
        if not shifted and length is not None and length <= warmup_steps:
            raise ValueError(
                "The schedule must be longer than its warmup: warm up for less, or give "
                f"`shifted=True`. Received: a schedule of {length} steps, "
                f"warmup_steps={warmup_steps}"
            )
        self.schedule = schedule
        self.warmup_steps = warmup_steps
        self.initial_fraction = initial_fraction
        self.mode = mode
        self.shifted = shifted

    def __call__(self, step):
        step = ops.convert_to_tensor(step)
        inner = ops.maximum(step - self.warmup_steps, 0) if self.shifted else step
        rate = rate_at(inner, self.schedule)
        if self.warmup_steps == 0:
            return rate
        if self.mode == "constant":
            return ops.where(step < self.warmup_steps, self.initial_fraction * rate, rate)
        return rate * piecewise(step, [Piece(0, self.warmup_steps, self.initial_fraction, 1.0)])

    @staticmethod
    def inner_steps(options: Mapping, total_steps: int) -> dict[str, int]:
        """Returns the length of the inner schedule, by argument, in a run of `total_steps`.

        A recipe calls this to fill in a length that is left out.
        """
        warmup_steps = options["warmup_steps"]
        check_integer("warmup_steps", warmup_steps, at_least=0)
        if warmup_steps >= total_steps:
            raise ValueError(
                "The run must be longer than its warmup: warm up for less, or train for longer. "
                f"Received: a run of {total_steps} steps, warmup_steps={warmup_steps}"
            )
        return {"schedule": total_steps - warmup_steps if options.get("shifted") else total_steps}

    def get_config(self):
        return {
            "schedule": to_config(self.schedule),
            "warmup_steps": self.warmup_steps,
            "initial_fraction": self.initial_fraction,
            "mode": self.mode,
            "shifted": self.shifted,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "schedule": from_config(config["schedule"])})
