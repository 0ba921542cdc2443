"""A schedule times a factor."""

from typing import TypeAlias

import keras
from keras import ops

from kerasrecipes.checks import check_number

Schedule: TypeAlias = keras.optimizers.schedules.LearningRateSchedule


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ScaledSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Multiplies a schedule by a factor, and lowers no rate beyond a minimum.

        learning_rate = max(factor * schedule(t), min(schedule(t), minimum))

    `ReduceOnPlateau` puts it in the place of an optimizer's schedule.

    Args:
        schedule: A `LearningRateSchedule`.
        factor: Float in `(0, 1]`.
        minimum: Non-negative float. Rates of the schedule that are lower stay as they are.
    """

    def __init__(self, schedule: Schedule, factor: float, minimum: float = 0.0):
        super().__init__()
        check_number("factor", factor, above=0, at_most=1)
        check_number("minimum", minimum, at_least=0)
        self.schedule = schedule
        self.factor = factor
        self.minimum = minimum

    def __call__(self, step):
        rate = self.schedule(step)
        return ops.maximum(self.factor * rate, ops.minimum(rate, self.minimum))

    def get_config(self):
        return {
            "schedule": keras.saving.serialize_keras_object(self.schedule),
            "factor": self.factor,
            "minimum": self.minimum,
        }

    @classmethod
    def from_config(cls, config):
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(**{**config, "schedule": schedule})
