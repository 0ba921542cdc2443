"""A training that is spoiled on the way."""

import keras
import numpy as np


class NaNIn(keras.callbacks.Callback):
    """Spoils a model's weights before an epoch.

    Args:
        epoch: The epoch, counted from 0.
        weight: The place of the weight among those that are trained.
    """

    def __init__(self, epoch: int, weight: int = -1):
        super().__init__()
        self.epoch, self.weight = epoch, weight

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            weight = self.model.trainable_variables[self.weight]
            weight.assign(np.full(weight.shape, np.nan))
