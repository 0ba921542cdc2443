"""The 1cycle policy."""

import keras

from kerasrecipes.base.checks import check_choice, check_number
from kerasrecipes.schedules.one_cycle_momentum import SHAPES, OneCycleMomentum, turning_points
from kerasrecipes.schedules.pieces import Piece, piecewise


@keras.saving.register_keras_serializable(package="kerasrecipes")
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Raises the learning rate to a peak, then lowers it almost to 0: the 1cycle policy.

    With `peak`, `initial = initial_fraction * peak` and `final = final_fraction * peak`:

        step 0 ... warmup_steps:              initial -> peak
        step warmup_steps ... total_steps:    peak -> final

    With `annihilation_steps` there are three phases, as in the paper:

        step 0 ... warmup_steps:                                      initial -> peak
        step warmup_steps ... total_steps - annihilation_steps:       peak -> initial
        step total_steps - annihilation_steps ... total_steps:        initial -> final

    Each phase follows half a cosine wave or a straight line. After `total_steps` the rate stays at
    `final`.

    When to use: this is a strong default wherever the length of the run is known. With a peak as
    high as training allows, some tasks reach the accuracy of a step decay in a fraction of the
    epochs. The policy also lowers the momentum while the learning rate rises; the method `momentum`
    returns the schedule for that.

    Args:
        peak_learning_rate: Positive float. Highest learning rate.
        total_steps: Positive integer. Length of the cycle. In a recipe it may be left out, and is
            then the length of the run.
        warmup_steps: Non-negative integer. Step of the peak.
        warmup_fraction: Float in `[0, 1)`. `warmup_steps` as a fraction of `total_steps`, rounded
            to the nearest step. Give one of the two. Defaults to `0.3`.
        annihilation_steps: Non-negative integer. Length of the third phase. Defaults to `0`.
        initial_fraction: Float in `[0, 1]`. First learning rate over the peak. Defaults to `0.04`.
        final_fraction: Float in `[0, 1]`. Last learning rate over the peak. Defaults to `4e-6`.
        shape: `"cosine"` or `"linear"`. Defaults to `"cosine"`.

    Call arguments:
        step: Integer or float, or a tensor of one or several steps.

    Returns:
        The learning rate, float32, of the shape of `step`.

    Raises:
        ValueError: If an argument is out of range, or nothing is left after the warmup.

    Example:

    >>> schedule = OneCycle(0.1, total_steps=100, warmup_steps=20)
    >>> [round(float(schedule(step)), 6) for step in (0, 20, 60, 100)]
    [0.004, 0.1, 0.05, 0.0]
    >>> momentum = schedule.momentum()
    >>> [round(float(momentum(step)), 6) for step in (0, 20, 60, 100)]
    [0.95, 0.85, 0.9, 0.95]

    Reference:
        Smith, 2018, https://arxiv.org/abs/1803.09820; Smith and Topin, 2018,
        https://arxiv.org/abs/1708.07120. Differs from them in: by default there are two phases
        along cosines, as is usual since fastai and PyTorch. The paper's own policy is
        `shape="linear", initial_fraction=0.1` with `annihilation_steps`. The defaults are those of
        `torch.optim.lr_scheduler.OneCycleLR`, which reaches the peak and the end one step earlier:
        its `total_steps=T` is `total_steps=T - 1, warmup_steps=0.3 * T - 1` here.
    """

    def __init__(
        self,
        peak_learning_rate: float,
        total_steps: int,
        warmup_steps: int | None = None,
        warmup_fraction: float | None = None,
        annihilation_steps: int = 0,
        initial_fraction: float = 0.04,
        final_fraction: float = 4e-6,
        shape: str = "cosine",
    ):
        super().__init__()
        check_number("peak_learning_rate", peak_learning_rate, above=0)
        turning_points(total_steps, warmup_steps, warmup_fraction, annihilation_steps)
        check_number("initial_fraction", initial_fraction, at_least=0, at_most=1)
        check_number("final_fraction", final_fraction, at_least=0, at_most=1)
        check_choice("shape", shape, SHAPES)
        self.peak_learning_rate = peak_learning_rate
        self.total_steps = total_steps
        self.warmup_steps = warmup_steps
        self.warmup_fraction = warmup_fraction
        self.annihilation_steps = annihilation_steps
        self.initial_fraction = initial_fraction
        self.final_fraction = final_fraction
        self.shape = shape

    def momentum(self, max_momentum: float = 0.95, min_momentum: float = 0.85) -> OneCycleMomentum:
        """Returns a schedule of the momentum that is lowest where the learning rate is highest.

        Args:
            max_momentum: Float in `[0, 1)`. Defaults to `0.95`.
            min_momentum: Float in `[0, max_momentum]`. Defaults to `0.85`.
        """
        return OneCycleMomentum(
            self.total_steps,
            self.warmup_steps,
            self.warmup_fraction,
            self.annihilation_steps,
            max_momentum,
            min_momentum,
            self.shape,
        )

    def __call__(self, step):
        top, bottom, end = turning_points(
            self.total_steps, self.warmup_steps, self.warmup_fraction, self.annihilation_steps
        )
        peak = self.peak_learning_rate
        initial, final = peak * self.initial_fraction, peak * self.final_fraction
        return piecewise(
            step,
            [
                Piece(0, top, initial, peak, self.shape),
                Piece(top, bottom, peak, initial if bottom < end else final, self.shape),
                Piece(bottom, end, initial, final, self.shape),
            ],
        )

    def get_config(self):
        return {
            "peak_learning_rate": self.peak_learning_rate,
            "total_steps": self.total_steps,
            "warmup_steps": self.warmup_steps,
            "warmup_fraction": self.warmup_fraction,
            "annihilation_steps": self.annihilation_steps,
            "initial_fraction": self.initial_fraction,
            "final_fraction": self.final_fraction,
            "shape": self.shape,
        }
