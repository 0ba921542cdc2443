"""Cycles of a learning rate schedule: the steps and the epochs at which they end."""

import keras
import numpy as np
from keras import ops

from kerasrecipes.callbacks.rates import schedule_of, separate_optimizers

# A rise of so much of the fall before it ends a cycle; less may be rounding.
_RISE = 0.01
# A cycle ends with an epoch if no more than this part of it lies between.
_BETWEEN = 0.05


def cycle_ends(schedule, steps: int) -> list[int]:
    """Returns the numbers of steps after which the cycles of a schedule end.

    A cycle ends with the step of its lowest learning rate, before the rate rises again. Where the
    run ends in the middle of a cycle, that one has no end.

    Args:
        schedule: A `LearningRateSchedule`.
        steps: The number of steps of the run.

    Example:

    >>> restarts = keras.optimizers.schedules.CosineDecayRestarts
    >>> cycle_ends(restarts(0.1, first_decay_steps=10, t_mul=2.0), steps=70)
    [10, 30, 70]
    >>> cycle_ends(keras.optimizers.schedules.CosineDecay(0.1, decay_steps=70), steps=70)
    []
    """
    # One more, because the rate rises after the last step of the last cycle.
    ends, peak, low, place = [], -np.inf, np.inf, 0
    for step, rate in enumerate(_rates(schedule, steps + 1)):
        if rate > low + _RISE * (peak - low) and peak > low:
            ends.append(place + 1)
            peak, low = rate, rate
        if rate > peak:
            # On the way up nothing has fallen yet.
            peak, low = rate, rate
        if rate <= low:
            low, place = rate, step
    return ends


def cycle_epochs(
    optimizer: keras.optimizers.Optimizer, steps_per_epoch: int, epochs: int
) -> list[int]:
    """Returns the numbers of the epochs, from 1, with which cycles of the learning rate end.

    A cycle counts if an epoch ends within a twentieth of its length from where it does. There are
    none if the rate has no cycles, is no schedule, or is not the same for all weights.

    Args:
        optimizer: The optimizer.
        steps_per_epoch: Positive integer.
        epochs: The number of epochs of the run.

    Example:

    >>> restarts = keras.optimizers.schedules.CosineDecayRestarts(0.1, 20, t_mul=1.0)
    >>> cycle_epochs(keras.optimizers.SGD(restarts), steps_per_epoch=10, epochs=7)
    [2, 4, 6]
    """
    try:
        schedules = [schedule_of(part) for part in separate_optimizers(optimizer)]
    except TypeError:  # Another callable, of which nothing is known.
        return []
    if len(schedules) > 1 or schedules[0] is None:
        return []
    found, begin = [], 0
    for end in cycle_ends(schedules[0], steps_per_epoch * epochs):
        epoch = round(end / steps_per_epoch)
        if epoch and abs(epoch * steps_per_epoch - end) <= _BETWEEN * (end - begin):
            found.append(epoch)
        begin = end
    return found


def _rates(schedule, count: int) -> np.ndarray:
    """Returns the learning rates of the first steps, float64."""
    steps = np.arange(count, dtype="int32")
    try:
        rates = ops.convert_to_numpy(schedule(ops.convert_to_tensor(steps)))
    except (TypeError, ValueError, RuntimeError):  # A user's own schedule may take single steps.
        rates = np.empty(0)
    if rates.shape != steps.shape:
        rates = np.array([float(ops.convert_to_numpy(schedule(int(step)))) for step in steps])
    return rates.astype("float64")
