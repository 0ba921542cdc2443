"""Callback that lowers the learning rate when a quantity stops improving."""

from typing import TypeAlias

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.callbacks.monitored import MODES, better_in, monitored_value
from kerasrecipes.callbacks.rates import schedule_of, separate_optimizers


class ReduceOnPlateau(keras.callbacks.Callback):
    """Multiplies the learning rate by a factor whenever a quantity stops improving.

    After `patience` epochs without a value that is better than the best by more than `min_delta`:

        learning_rate = max(factor * learning_rate, min_lr)

    If the optimizer has a schedule, the schedule continues, with all later rates multiplied.

    When to use: if the length of the run is not known in advance, or in addition to a schedule, to
    be safe. Each reduction of a schedule compiles the training step again, which takes seconds to
    minutes.

    Differs from `keras.callbacks.ReduceLROnPlateau` in: schedules work, whereas Keras raises an
    error at the plateau; NaN is never an improvement, and a NaN of the first epoch is not kept as
    the best value; an unknown `monitor` is an error; counts and reductions are resumed by
    `ResumableCheckpoint`. There is no `verbose`: `LearningRateLogger` adds the rates to the
    history.

    Args:
        monitor: A logged quantity. Defaults to `"val_loss"`.
        factor: Float in `(0, 1)`. Defaults to `0.1`.
        patience: Positive integer, in epochs. Defaults to `10`.
        mode: `"min"` if smaller values are better, `"max"` if larger ones are, or `"auto"` for
            what the metric says that logs the quantity. Defaults to `"auto"`.
        min_delta: Non-negative float. Smaller changes are no improvement. Defaults to `1e-4`.
        cooldown: Non-negative integer. Epochs after a reduction that do not count. Defaults to `0`.
        min_lr: Non-negative float. No rate is reduced below it. A schedule's own rates may be
            lower. Defaults to `0`.

    Raises:
        ValueError: If an argument is out of range; or, at the end of the first epoch, if `monitor`
            is not logged, or `mode` is `"auto"` and the metric does not say which values are
            better.
        TypeError: When training begins, if the learning rate is neither a number nor a schedule.

    Example:

    >>> from kerasrecipes.callbacks import LearningRateLogger
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> cosine = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=8)
    >>> model.compile(keras.optimizers.SGD(cosine), "mse")
    >>> x = np.zeros((4, 1))  # Nothing to learn: the loss stays at 0.
    >>> plateau = ReduceOnPlateau("loss", factor=0.5, patience=1)
    >>> fit = model.fit(x, x, epochs=3, callbacks=[LearningRateLogger(), plateau], verbose=0)
    >>> [round(rate, 4) for rate in fit.history["learning_rate"]]
    [0.1, 0.0962, 0.0427]
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ):
        super().__init__()
        check_number("factor", factor, above=0, below=1)
        check_integer("patience", patience, at_least=1)
        check_choice("mode", mode, MODES)
        check_number("min_delta", min_delta, at_least=0)
        check_integer("cooldown", cooldown, at_least=0)
        check_number("min_lr", min_lr, at_least=0)
        self.monitor = monitor
        self.factor = factor
        self.patience = patience
        self.mode = mode
        self.min_delta = min_delta
        self.cooldown = cooldown
        self.min_lr = min_lr
        # These are plain values, so that `ResumableCheckpoint` saves and restores them.
        self.best: float | None = None
        self.wait = 0
        self.cooldown_left = 0
        self.scale = 1.0

    def on_train_begin(self, logs=None):
        self.best, self.wait, self.cooldown_left = None, 0, 0
        for _, schedule in self._scheduled():
            if isinstance(schedule, ScaledSchedule):
                self.scale = schedule.factor
        # If a checkpoint has restored the scale, the optimizer does not have it yet.
        self._scale_schedules()

    def on_train_end(self, logs=None):
        # The optimizer has the scale; the next `fit` may be of another model.
        self.scale = 1.0

    def on_epoch_end(self, epoch, logs=None):
        value = monitored_value(self.monitor, logs)
        if self.cooldown_left > 0:
            self.cooldown_left -= 1
            self.wait = 0
        smaller = better_in(self.model, self.monitor, self.mode) == "min"
        if self._is_improvement(value, smaller):
            self.best, self.wait = value, 0
        elif self.cooldown_left == 0:
            self.wait += 1
            if self.wait >= self.patience and self._reduce():
                self.cooldown_left, self.wait = self.cooldown, 0

    def _is_improvement(self, value: float, smaller: bool) -> bool:
        if np.isnan(value) or self.best is None:
            return not np.isnan(value)
        gain = self.best - value if smaller else value - self.best
        return gain > self.min_delta

    def _reduce(self) -> bool:
        """Lowers the learning rates, and returns whether any of them was above the minimum."""
        optimizers = separate_optimizers(self.model.optimizer)
        rates = [float(keras.ops.convert_to_numpy(o.learning_rate)) for o in optimizers]
        if max(rates) <= np.float32(self.min_lr):
            return False
        scheduled = [optimizer for optimizer, _ in self._scheduled()]
        for optimizer, rate in zip(optimizers, rates, strict=True):
            if optimizer not in scheduled and rate > self.min_lr:
                optimizer.learning_rate = max(self.factor * rate, self.min_lr)
        self.scale *= self.factor
        self._scale_schedules()
        return True

    def _scale_schedules(self) -> None:
        stale = [(o, s) for o, s in self._scheduled() if _scale_of(s) != self.scale]
        for optimizer, schedule in stale:
            unscaled = schedule.schedule if isinstance(schedule, ScaledSchedule) else schedule
            optimizer.learning_rate = ScaledSchedule(unscaled, self.scale, self.min_lr)
        if stale:
            # A compiled step would continue with the schedule that it was compiled with.
            self.model.make_train_function(force=True)

    def _scheduled(self):
        """Returns pairs of an optimizer and its schedule, for optimizers that have one."""
        pairs = [(o, schedule_of(o)) for o in separate_optimizers(self.model.optimizer)]
        return [(optimizer, schedule) for optimizer, schedule in pairs if schedule is not None]


def _scale_of(schedule) -> float:
    return schedule.factor if isinstance(schedule, ScaledSchedule) else 1.0


Schedule: TypeAlias = keras.optimizers.schedules.LearningRateSchedule


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ScaledSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Multiplies a schedule by a factor, without lowering any rate below a minimum.

        learning_rate = max(factor * schedule(t), min(schedule(t), minimum))

    `ReduceOnPlateau` replaces an optimizer's schedule by it.

    Args:
        schedule: A `LearningRateSchedule`.
        factor: Float in `(0, 1]`.
        minimum: Non-negative float. Lower rates of the schedule are not changed.
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
