"""The end of a training when its time is over."""

import time

import keras


class TimeLimit(keras.callbacks.Callback):
    """Ends a training at a time, after the step that is under way, as early stopping would.

    Args:
        until: When to end it, by `time.monotonic`.
    """

    def __init__(self, until: float):
        super().__init__()
        self.until = until
        self.reached = False

    def on_train_batch_end(self, batch, logs=None):
        if time.monotonic() > self.until:
            self.reached = True
            self.model.stop_training = True
