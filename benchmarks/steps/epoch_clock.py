"""Callback that times epochs, by the wall's clock and in CPU seconds."""

from typing import ClassVar

import keras
import numpy as np
from harness.turns import now


class EpochClock(keras.callbacks.Callback):
    """Times epochs, and what happens between an epoch's validation and the next epoch."""

    # Of every training in this process, in order: `train` builds its callbacks itself.
    trainings: ClassVar[list["EpochClock"]] = []

    def __init__(self):
        super().__init__()
        self.trainings.append(self)
        self._began, self._validated = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self._began.append(now())

    def on_test_end(self, logs=None):
        self._validated.append(now())

    @property
    def epochs(self) -> np.ndarray:
        """`(epochs - 2, 2)`: wall and CPU seconds of each epoch but the first, which traces, and
        the last, whose end is not told.
        """
        return np.diff(self._began[1:], axis=0)

    @property
    def between(self) -> np.ndarray:
        """`(epochs - 2, 2)`: the part of each of these epochs that follows its validation."""
        return np.subtract(self._began[2:], self._validated[1:-1])
