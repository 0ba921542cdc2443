"""The WSD schedule: a warmup, a constant learning rate and a short decay."""

import keras

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.schedules.pieces import SHAPES, Piece, phase_steps, piecewise


@keras.saving.register_keras_serializable(package="kerasrecipes")
class WarmupStableDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Warms up, holds the learning rate, and lowers it only at the end: the WSD schedule.

    `x`, in `[0, 1]`, is the elapsed fraction of a phase:

        peak * (initial_fraction + (1 - initial_fraction) * x)    # warmup
        peak                                                      # until the cooldown
        peak * (end_fraction + (1 - end_fraction) * (1 - f(x)))   # cooldown, up to total_steps
        f(x) = x                            # linear
        f(x) = (1 - cos(pi x)) / 2          # cosine
        f(x) = sqrt(x)                      # one_minus_sqrt

    After `total_steps` the rate is constant.

    When to use: where the length of the run is still open. Up to the cooldown, runs of all lengths
    are the same. A checkpoint from the constant phase can therefore be continued to several
    lengths, and the cooldown may start once the loss is flat.

    Args:
        peak_learning_rate: Positive float. Learning rate of the constant phase.
        total_steps: Positive integer. Length of the schedule. In a recipe it may be left out, and
            is then the length of the run.
        warmup_steps: Non-negative integer. Defaults to `0`.
        cooldown_steps: Positive integer. Length of the decay.
        cooldown_fraction: Float in `(0, 1)`. `cooldown_steps` as a fraction of `total_steps`,
            rounded to the nearest step. Give one of the two. Defaults to `0.2`.
        initial_fraction: Float in `[0, 1]`. First learning rate over the peak. Defaults to `0.1`.
        end_fraction: Float in `[0, 1]`. Last learning rate over the peak. Defaults to `0`.
        shape: `"linear"`, `"cosine"` or `"one_minus_sqrt"`: the shape of the cooldown. Defaults to
            `"one_minus_sqrt"`, the best one in the reference.

    Call arguments:
        step: Integer or float, or a tensor of one or several steps.

    Returns:
        The learning rate, float32, of the shape of `step`.

    Raises:
        ValueError: If an argument is out of range, or the phases are longer than the schedule.

    Example:

    >>> schedule = WarmupStableDecay(0.1, total_steps=1000, warmup_steps=100, shape="linear")
    >>> [round(float(schedule(step)), 6) for step in (0, 100, 800, 900, 1000)]
    [0.01, 0.1, 0.1, 0.05, 0.0]

    Reference:
        Hägele et al., 2024, https://arxiv.org/abs/2405.18392; the name comes from Hu et al., 2024,
        https://arxiv.org/abs/2404.06395. Differs from them in: the warmup starts at a tenth, so
        that the first step is not lost; there is no exponential cooldown.
    """

    def __init__(
        self,
        peak_learning_rate: float,
        total_steps: int,
        warmup_steps: int = 0,
        cooldown_steps: int | None = None,
        cooldown_fraction: float | None = None,
        initial_fraction: float = 0.1,
        end_fraction: float = 0.0,
        shape: str = "one_minus_sqrt",
    ):
        super().__init__()
        check_number("peak_learning_rate", peak_learning_rate, above=0)
        check_integer("total_steps", total_steps, at_least=1)
        check_integer("warmup_steps", warmup_steps, at_least=0)
        check_number("initial_fraction", initial_fraction, at_least=0, at_most=1)
        check_number("end_fraction", end_fraction, at_least=0, at_most=1)
        check_choice("shape", shape, SHAPES)
        self.peak_learning_rate = peak_learning_rate
        self.total_steps = total_steps
        self.warmup_steps = warmup_steps
        self.cooldown_steps = cooldown_steps
        self.cooldown_fraction = cooldown_fraction
        self.initial_fraction = initial_fraction
        self.end_fraction = end_fraction
        self.shape = shape
        cooldown = self._cooldown()
        check_integer("cooldown_steps", cooldown, at_least=1)
        if warmup_steps + cooldown > total_steps:
            raise ValueError(
                "Warmup and cooldown must fit into `total_steps`. Received: "
                f"warmup_steps={warmup_steps}, a cooldown of {cooldown} steps, "
                f"total_steps={total_steps}"
            )

    def __call__(self, step):
        peak, cools_from = self.peak_learning_rate, self.total_steps - self._cooldown()
        end = peak * self.end_fraction
        return piecewise(
            step,
            [
                Piece(0, self.warmup_steps, peak * self.initial_fraction, peak),
                Piece(cools_from, self.total_steps, peak, end, self.shape),
            ],
        )

    def _cooldown(self) -> int:
        return phase_steps(
            "cooldown", self.total_steps, self.cooldown_steps, self.cooldown_fraction, default=0.2
        )

    def get_config(self):
        return {
            "peak_learning_rate": self.peak_learning_rate,
            "total_steps": self.total_steps,
            "warmup_steps": self.warmup_steps,
            "cooldown_steps": self.cooldown_steps,
            "cooldown_fraction": self.cooldown_fraction,
            "initial_fraction": self.initial_fraction,
            "end_fraction": self.end_fraction,
            "shape": self.shape,
        }
