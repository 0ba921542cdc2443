"""Schedules that stand inside others: a constant, or any schedule."""

from typing import TypeAlias

import keras
from keras import ops

from kerasrecipes.base.checks import check_number

Schedule: TypeAlias = keras.optimizers.schedules.LearningRateSchedule

# Their `decay_steps` is a unit of time, not an end.
_ENDLESS = (
    keras.optimizers.schedules.ExponentialDecay,
    keras.optimizers.schedules.InverseTimeDecay,
)


def check_schedule(name: str, schedule: object) -> None:
    """Raises unless `schedule` is a non-negative number or a `LearningRateSchedule`."""
    if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return
    if isinstance(schedule, bool) or not isinstance(schedule, int | float):
        raise TypeError(
            f"`{name}` must be a number or a `LearningRateSchedule`. Received: {name}={schedule!r}"
        )
    check_number(name, schedule, at_least=0)


def rate_at(step, schedule: Schedule | float):
    """Returns the learning rate at `step`, a tensor, in float32 and the shape of `step`."""
    if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return ops.cast(schedule(step), "float32")
    return ops.full_like(ops.cast(step, "float32"), schedule)


def length_of(schedule: Schedule | float) -> int | None:
    """Returns the step at which a schedule ends, or `None` where it has no end or tells none."""
    if isinstance(schedule, _ENDLESS):
        return None
    decay_steps = getattr(schedule, "decay_steps", None)
    if decay_steps is not None:
        # Keras counts a decay from the end of its warmup.
        return decay_steps + (getattr(schedule, "warmup_steps", None) or 0)
    return getattr(schedule, "total_steps", None)


def to_config(schedule: Schedule | float):
    """Returns what `get_config` holds for a schedule inside."""
    return keras.saving.serialize_keras_object(schedule)


def from_config(config) -> Schedule | float:
    """Returns the schedule inside that `to_config` has written."""
    return keras.saving.deserialize_keras_object(config)
