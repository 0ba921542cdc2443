"""Stochastic weight averaging (SWA): the mean of the weights of a training's tail."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.optimizers.averages.weight_average import WeightAverage


@keras.saving.register_keras_serializable(package="kerasrecipes")
class UniformAverage(WeightAverage):
    """Stochastic weight averaging (SWA): the mean of the weights of a training's tail.

    With `start = (1 - tail_fraction) * total_steps`, the weights after the updates `start + p`,
    `start + 2 p` and so on, with `p = period_steps`, count the same. Until the first of them, the
    average is the present weights.

    It suits a learning rate that stays high enough in the tail for the weights to move around: a
    constant one, or one with cycles of `period_steps`. Under a rate that falls to 0, the last
    weights have moved little, and the mean is close to them.

    Args:
        total_steps: Positive integer. The number of updates of the whole training. In a recipe that
            does not set it, the length of the run.
        tail_fraction: Float in `(0, 1]`. The part of the training that is averaged. Defaults to
            `0.25`, as in the paper.
        period_steps: Positive integer. Updates between two weights that are averaged, such as those
            of an epoch or of a cycle. Defaults to `1`.

    Raises:
        ValueError: If an argument is out of its range, or the tail is shorter than a period.

    Example:

    >>> average = UniformAverage(total_steps=8, tail_fraction=0.5)
    >>> [float(average.coefficient(ops.array(float(t)))) for t in (4, 5, 6, 8)]
    [1.0, 1.0, 0.5, 0.25]

    Reference:
        Izmailov et al., 2018, https://arxiv.org/abs/1803.05407. Differs from it in: weights can be
        averaged after every update, not only after each cycle.
    """

    def __init__(self, total_steps: int, tail_fraction: float = 0.25, period_steps: int = 1):
        check_integer("total_steps", total_steps, at_least=1)
        check_number("tail_fraction", tail_fraction, above=0, at_most=1)
        check_integer("period_steps", period_steps, at_least=1)
        self.total_steps = total_steps
        self.tail_fraction = tail_fraction
        self.period_steps = period_steps
        if total_steps - self.start_steps < period_steps:
            raise ValueError(
                "The tail must be at least one period long, or nothing is averaged. Received: "
                f"period_steps={period_steps}, and a tail of {total_steps - self.start_steps} of "
                f"{total_steps} steps: tail_fraction={tail_fraction}"
            )

    @property
    def label(self):
        return f"SWA {self.tail_fraction:g}"

    @property
    def start_steps(self) -> int:
        """The number of updates before the tail."""
        return round((1 - self.tail_fraction) * self.total_steps)

    def coefficient(self, step):
        into = step - self.start_steps
        count = ops.floor(into / self.period_steps)
        due = ops.equal(into - count * self.period_steps, 0)
        later = ops.where(due, 1 / ops.maximum(count, 1), ops.zeros_like(step))
        return ops.where(into <= self.period_steps, ops.ones_like(step), later)

    def get_config(self):
        return {
            "total_steps": self.total_steps,
            "tail_fraction": self.tail_fraction,
            "period_steps": self.period_steps,
        }
