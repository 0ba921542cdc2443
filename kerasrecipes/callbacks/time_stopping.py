"""Callback that ends a training within a given time."""

import functools
import time

import keras

from kerasrecipes.base.checks import check_number


class TimeStopping(keras.callbacks.Callback):
    """Ends the training before an epoch that would not end within a given time.

    An epoch is taken to last as long as the one before. The first epoch of a `fit` tells nothing,
    because it compiles; after it the training ends only if the time is up. So a training exceeds
    its time by one epoch at most, and usually not at all.

    The time is that of `fit`, from its beginning: training, validation, and callbacks before this
    one. It is part of the state that `ResumableCheckpoint` saves: a run that was interrupted does
    not begin to count anew, but what was lost with the interrupted epoch does not count.

    A learning rate that decays over a number of epochs has not decayed if the time is up earlier.
    For a training of known length, choose its epochs instead.

    Differs from `tfa.callbacks.TimeStopping` in: it ends before the time is exceeded, not after;
    it counts across a resume; there is no `verbose`.

    Args:
        seconds: Positive float. Defaults to `86400`, a day.

    Raises:
        ValueError: If `seconds` is not positive.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = np.zeros((4, 1))
    >>> stopping = TimeStopping(seconds=0.001)
    >>> len(model.fit(x, x, epochs=100, callbacks=[stopping], verbose=0).epoch)
    1
    """

    def __init__(self, seconds: float = 86400):
        super().__init__()
        check_number("seconds", seconds, above=0)
        self.seconds = seconds
        # A plain value, so that `ResumableCheckpoint` saves and restores it.
        self.spent_seconds = 0.0

    def on_train_begin(self, logs=None):
        self.spent_seconds = 0.0
        # A function, which is not restored: the clock of another process tells nothing here.
        self._elapsed = _stopwatch()
        self._epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        epoch_seconds, self._elapsed = self._elapsed(), _stopwatch()
        self.spent_seconds += epoch_seconds
        next_end = self.spent_seconds + (epoch_seconds if self._epochs else 0.0)
        self._epochs += 1
        if self.spent_seconds >= self.seconds or next_end > self.seconds:
            self.model.stop_training = True


def _stopwatch():
    """Returns a function that returns the seconds since it was made."""
    began = time.monotonic()
    return functools.partial(_seconds_since, began)


def _seconds_since(began: float) -> float:
    return time.monotonic() - began
