"""Momentum schedule of the 1cycle policy."""

import keras

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.schedules.pieces import Piece, phase_steps, piecewise

SHAPES = ("cosine", "linear")


@keras.saving.register_keras_serializable(package="kerasrecipes")
class OneCycleMomentum(keras.optimizers.schedules.LearningRateSchedule):
    """Lowers the momentum while `OneCycle` raises the learning rate, and raises it again.

        step 0 ... warmup_steps:                                    max_momentum -> min_momentum
        step warmup_steps ... total_steps - annihilation_steps:     min_momentum -> max_momentum

    Each phase follows half a cosine wave or a straight line. Afterwards the momentum stays at
    `max_momentum`.

    When to use: as the `momentum` of an optimizer whose learning rate is a `OneCycle` of the same
    lengths. `OneCycle.momentum` returns such a schedule. A recipe names this class instead.

    Args:
        total_steps: Positive integer. Length of the cycle. In a recipe it may be left out, and is
            then the length of the run.
        warmup_steps: Non-negative integer. Step of the lowest momentum.
        warmup_fraction: Float in `[0, 1)`. `warmup_steps` as a fraction of `total_steps`, rounded
            to the nearest step. Give one of the two. Defaults to `0.3`.
        annihilation_steps: Non-negative integer. Last steps, in which the momentum is highest.
            Defaults to `0`.
        max_momentum: Float in `[0, 1)`. Defaults to `0.95`.
        min_momentum: Float in `[0, max_momentum]`. Defaults to `0.85`.
        shape: `"cosine"` or `"linear"`. Defaults to `"cosine"`.

    Call arguments:
        step: Integer or float, or a tensor of one or several steps.

    Returns:
        The momentum, float32, of the shape of `step`.

    Raises:
        ValueError: If an argument is out of range, or nothing is left after the warmup.

    Example:

    >>> schedule = OneCycleMomentum(total_steps=100, warmup_steps=20, shape="linear")
    >>> [round(float(schedule(step)), 6) for step in (0, 10, 20, 60, 100)]
    [0.95, 0.9, 0.85, 0.9, 0.95]

    Reference:
        Smith, 2018, https://arxiv.org/abs/1803.09820, section 4.3. Differs from it in: the default
        shape is a cosine.
    """

    def __init__(
        self,
        total_steps: int,
        warmup_steps: int | None = None,
        warmup_fraction: float | None = None,
        annihilation_steps: int = 0,
        max_momentum: float = 0.95,
        min_momentum: float = 0.85,
        shape: str = "cosine",
    ):
        super().__init__()
        turning_points(total_steps, warmup_steps, warmup_fraction, annihilation_steps)
        check_number("max_momentum", max_momentum, at_least=0, below=1)
        check_number("min_momentum", min_momentum, at_least=0, at_most=max_momentum)
        check_choice("shape", shape, SHAPES)
        self.total_steps = total_steps
        self.warmup_steps = warmup_steps
        self.warmup_fraction = warmup_fraction
        self.annihilation_steps = annihilation_steps
        self.max_momentum = max_momentum
        self.min_momentum = min_momentum
        self.shape = shape

    def __call__(self, step):
        top, bottom, _ = turning_points(
            self.total_steps, self.warmup_steps, self.warmup_fraction, self.annihilation_steps
        )
        high, low = self.max_momentum, self.min_momentum
        return piecewise(
            step, [Piece(0, top, high, low, self.shape), Piece(top, bottom, low, high, self.shape)]
        )

    def get_config(self):
        return {
            "total_steps": self.total_steps,
            "warmup_steps": self.warmup_steps,
            "warmup_fraction": self.warmup_fraction,
            "annihilation_steps": self.annihilation_steps,
            "max_momentum": self.max_momentum,
            "min_momentum": self.min_momentum,
            "shape": self.shape,
        }


def turning_points(
    total_steps: int,
    warmup_steps: int | None,
    warmup_fraction: float | None,
    annihilation_steps: int,
) -> tuple[int, int, int]:
    """Returns the steps at which the learning rate is at its peak, back at its start, and final.

    Raises:
        ValueError: If a length is out of range, or the second step is not after the first one.
    """
    check_integer("total_steps", total_steps, at_least=1)
    top = phase_steps("warmup", total_steps, warmup_steps, warmup_fraction, default=0.3)
    check_integer("annihilation_steps", annihilation_steps, at_least=0)
    bottom = total_steps - annihilation_steps
    if top >= bottom:
        raise ValueError(
            "The warmup must end before `total_steps - annihilation_steps`: warm up for less, or "
            f"train for longer. Received: a warmup of {top} steps, total_steps={total_steps}, "
            f"annihilation_steps={annihilation_steps}"
        )
    return top, bottom, total_steps
