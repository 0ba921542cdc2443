"""Schedules one after another."""

from collections.abc import Mapping, Sequence

import keras
from keras import ops

from kerasrecipes.base.checks import check_integer
from kerasrecipes.schedules.inner_schedule import (
    Schedule,
    check_schedule,
    from_config,
    rate_at,
    to_config,
)


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Chain(keras.optimizers.schedules.LearningRateSchedule):
    """Runs schedules one after another, each from its own step 0.

    At step `t`, with the boundaries `b[1] < b[2] < ...` and `b[0] = 0`:

        learning_rate = schedules[i](t - b[i])     where b[i] <= t < b[i + 1]

    A boundary is the first step of the next schedule. The last schedule goes on without end.

    When to use: where no single schedule will do, such as for a constant learning rate and then a
    cosine, for restarts with smaller peaks, or for phases of progressive resizing.

    Args:
        schedules: `LearningRateSchedule`s, or floats for constant learning rates.
        boundaries_steps: Increasing positive integers, one fewer than schedules: the steps at which
            the second schedule starts, the third, and so on. In a recipe, an inner schedule whose
            length is left out ends at the next boundary; the last one ends with the run.

    Call arguments:
        step: Integer or float, or a tensor of one step; of several steps, if the inner schedules
            accept that, which not all of Keras's do.

    Returns:
        The learning rate, float32, of the shape of `step`.

    Raises:
        ValueError: If the boundaries do not increase, or are not one fewer than the schedules.

    Example:

    >>> decay = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=50)
    >>> schedule = Chain([0.1, decay], boundaries_steps=[50])
    >>> [round(float(schedule(step)), 6) for step in (0, 49, 50, 75, 100)]
    [0.1, 0.1, 0.1, 0.05, 0.0]
    """

    def __init__(self, schedules: Sequence[Schedule | float], boundaries_steps: Sequence[int]):
        super().__init__()
        for index, schedule in enumerate(schedules):
            check_schedule(f"schedules[{index}]", schedule)
        _check_boundaries(schedules, boundaries_steps)
        self.schedules = schedules
        self.boundaries_steps = boundaries_steps

    def __call__(self, step):
        step = ops.convert_to_tensor(step)
        first, *others = self.schedules
        rate = rate_at(step, first)
        for begin, schedule in zip(self.boundaries_steps, others, strict=True):
            # Each schedule is evaluated at all steps, but may not be defined before its first.
            own = rate_at(ops.maximum(step - begin, 0), schedule)
            rate = ops.where(step >= begin, own, rate)
        return rate

    @staticmethod
    def inner_steps(options: Mapping, total_steps: int) -> dict[str, list[int]]:
        """Returns the lengths of the inner schedules, by argument, in a run of `total_steps`.

        A recipe calls this to fill in lengths that are left out.
        """
        boundaries = options["boundaries_steps"]
        _check_boundaries(options["schedules"], boundaries)
        if boundaries and boundaries[-1] >= total_steps:
            raise ValueError(
                "`boundaries_steps` must lie within the run, or its last schedule never starts. "
                f"Received: a run of {total_steps} steps, boundaries_steps={list(boundaries)}"
            )
        edges = [0, *boundaries, total_steps]
        lengths = [end - begin for begin, end in zip(edges, edges[1:], strict=False)]
        return {"schedules": lengths}

    def get_config(self):
        return {
            "schedules": [to_config(schedule) for schedule in self.schedules],
            "boundaries_steps": self.boundaries_steps,
        }

    @classmethod
    def from_config(cls, config):
        return cls(
            [from_config(inner) for inner in config["schedules"]], config["boundaries_steps"]
        )


def _check_boundaries(schedules: Sequence, boundaries_steps: Sequence[int]) -> None:
    for index, step in enumerate(boundaries_steps):
        check_integer(f"boundaries_steps[{index}]", step, at_least=1)
    if list(boundaries_steps) != sorted(set(boundaries_steps)):
        raise ValueError(
            f"`boundaries_steps` must increase. Received: boundaries_steps={boundaries_steps!r}"
        )
    if len(schedules) != len(boundaries_steps) + 1:
        raise ValueError(
            "`schedules` must be one more than `boundaries_steps`. Received: "
            f"{len(schedules)} schedules, boundaries_steps={boundaries_steps!r}"
        )
