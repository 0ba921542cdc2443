"""Learning rate and momentum of an optimizer, with any schedules and wrappers."""

from typing import TypeAlias

import keras
from keras import ops

from kerasrecipes.optimizers._base.step_numbers import last_gradient

Optimizer: TypeAlias = keras.optimizers.Optimizer
Schedule: TypeAlias = keras.optimizers.schedules.LearningRateSchedule

# Names of the attribute, and of the configuration's key, in which wrappers hold another optimizer.
_HOLDERS = ("inner_optimizer", "optimizer")


def separate_optimizers(optimizer: Optimizer) -> list[Optimizer]:
    """Returns the optimizers that have a learning rate of their own.

    That is the optimizer itself, unless it is a `MultiOptimizer` or wraps one. A wrapper has the
    learning rate of the optimizer that it wraps.
    """
    if hasattr(optimizer, "optimizers"):
        return [part for inner in optimizer.optimizers for part in separate_optimizers(inner)]
    held = _held(optimizer)
    parts = [] if held is None else separate_optimizers(held)
    return parts if len(parts) > 1 else [optimizer]


def optimizer_rates(optimizer: Optimizer) -> dict[str, float]:
    """Returns the `learning_rate` of the next step, and the `momentum` if the optimizer has one.

    The optimizers of a `keras.optimizers.MultiOptimizer` have a value each, named
    `learning_rate_{name}`.
    """
    parts = separate_optimizers(optimizer)
    rates = {}
    for part in parts:
        suffix = f"_{part.name}" if len(parts) > 1 else ""
        rates[f"learning_rate{suffix}"] = _plain(part.learning_rate)
        inner = _innermost(part)
        momentum = getattr(inner, "momentum", None)
        if isinstance(momentum, keras.optimizers.schedules.LearningRateSchedule):
            step = last_gradient(part.iterations, inner.gradient_accumulation_steps)
            rates[f"momentum{suffix}"] = _plain(momentum(step))
        elif momentum:
            rates[f"momentum{suffix}"] = _plain(momentum)
    return rates


def schedule_of(optimizer: Optimizer) -> Schedule | None:
    """Returns a copy of an optimizer's schedule, or `None` if its learning rate is a number.

    Raises:
        TypeError: If the learning rate is another callable, or a schedule that Keras cannot
            serialize.
    """
    # The configuration is used, because an optimizer has no public attribute for its schedule.
    config = optimizer.get_config()
    while "learning_rate" not in config:
        config = next(config[holder]["config"] for holder in _HOLDERS if holder in config)
    if not isinstance(config["learning_rate"], dict):
        return None
    schedule = keras.saving.deserialize_keras_object(config["learning_rate"])
    if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        raise TypeError(
            "The learning rate must be a number or a `LearningRateSchedule`. "
            f"Received: learning_rate={schedule!r}"
        )
    return schedule


def _held(optimizer: Optimizer) -> Optimizer | None:
    held = (getattr(optimizer, holder, None) for holder in _HOLDERS)
    return next((inner for inner in held if inner is not None), None)


def _innermost(optimizer: Optimizer) -> Optimizer:
    held = _held(optimizer)
    return optimizer if held is None else _innermost(held)


def _plain(value) -> float:
    """Returns a float32 as the shortest equal decimal: 0.1 instead of 0.10000000149."""
    return float(str(ops.convert_to_numpy(value).astype("float32")))
