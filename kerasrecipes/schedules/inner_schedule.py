"""Inner schedules: constants, or any schedules, inside of other ones."""

from typing import TypeAlias

import keras
from keras import ops

from kerasrecipes.base.checks import check_number

Schedule: TypeAlias = keras.optimizers.schedules.LearningRateSchedule

# Their `decay_steps` is a unit of time, not a length.
_ENDLESS = (
    keras.optimizers.schedules.ExponentialDecay,
    keras.optimizers.schedules.InverseTimeDecay,
)


def check_schedule(name: str, schedule: object) -> None:
    """Raises an error unless `schedule` is a non-negative number or a `LearningRateSchedule`."""
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
    """Returns the step at which a schedule ends, or `None` if it has no end or does not tell it."""
    if isinstance(schedule, _ENDLESS):
        return None
    decay_steps = getattr(schedule, "decay_steps", None)
    if decay_steps is not None:
        # Keras's `decay_steps` do not include the warmup.
        return decay_steps + (getattr(schedule, "warmup_steps", None) or 0)
    return getattr(schedule, "total_steps", None)


def to_config(schedule: Schedule | float):
    """Returns an inner schedule as `get_config` holds it."""
    return keras.saving.serialize_keras_object(schedule)


def from_config(config) -> Schedule | float:
    """Returns the inner schedule that `to_config` was given."""
    return keras.saving.deserialize_keras_object(config)
