"""End of a training whose loss is NaN or infinite."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kerasrecipes.callbacks.best_weights import BestWeights
from kerasrecipes.callbacks.model_state import assign, state_variables, to_arrays
from kerasrecipes.training.resumable_checkpoint import ResumableCheckpoint


class DivergenceWarning(RuntimeWarning):
    """The loss of a run became NaN or infinite."""


class EpochDiverged(Exception):
    """The loss of a training is NaN or infinite.

    Args:
        epoch: The epoch, counted from 0.
        step: The first step, counted from 1, after which the epoch's mean loss was not finite. In
            the rest of an interrupted epoch, it is counted from where the rest begins.
        logs: What was logged of the epoch.
    """

    def __init__(self, epoch: int, step: int, logs: Mapping[str, Any]):
        super().__init__(f"The loss is {logs['loss']} at epoch {epoch + 1}, step {step}.")
        self.epoch, self.step, self.logs = epoch, step, dict(logs)


class StopWhenDiverged(keras.callbacks.Callback):
    """Ends an epoch whose loss is not finite, and raises `EpochDiverged` in the place of its end.

    Place it first, so that no other callback takes the epoch for a finished one.

    Differs from `keras.callbacks.TerminateOnNaN` in: the loss is looked at beside the training, not
    between its steps, so that no step waits for it, and some more steps may run; no checkpoint of
    the epoch is written.

    Args:
        model: The model with its initial weights, which are kept until the end of an epoch.
    """

    # Keras then calls `on_train_batch_end` in another thread, where it waits for the loss anyway.
    async_safe = True

    def __init__(self, model: keras.Model):
        super().__init__()
        # There is no checkpoint of whole epochs before the end of the first one.
        self.initial = to_arrays(state_variables(model))
        self._steps: list[int] = []

    def set_model(self, model):
        super().set_model(model)
        # On JAX, `self.model` gives the model its state back, which another thread must not do
        # between two steps.
        self._without_sync = model

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]):
            self._steps.append(batch + 1)
            self._without_sync.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        if self._steps:
            raise EpochDiverged(epoch, min(self._steps), logs)
        self.initial = []


def restore_finite(
    model: keras.Model,
    best: Sequence[BestWeights],
    checkpoint: ResumableCheckpoint,
    initial: Sequence[np.ndarray],
) -> int:
    """Gives a model the weights of its best epoch, its last finished one, or its first ones.

    Returns:
        The number of the epoch that they are from, counted from 1; 0 for the initial weights.
    """
    for callback in best:
        if (epoch := callback.restore(model)) is not None:
            return epoch + 1
    if finished := checkpoint.restore(model, within_epoch=False):
        return finished
    assign(state_variables(model), initial)
    return 0
