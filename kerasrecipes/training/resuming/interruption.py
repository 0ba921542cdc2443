"""Callbacks that end a `fit`: when a signal has come, or after the rest of an epoch."""

import keras

from kerasrecipes.training.resumable_checkpoint import ResumableCheckpoint
from kerasrecipes.training.resuming.deferred_signals import DeferredSignals


class StopOnSignal(keras.callbacks.Callback):
    """Delivers deferred signals before the next step, or after the epoch.

    If the checkpoint is one that is written within epochs, it is written first. Place this callback
    behind it. Validation is not interrupted: without its end, the epoch would be lost.

    It does not use `stop_training`, which would validate and log the epoch as if it were a whole
    one.

    Args:
        signals: The signals.
        checkpoint: The checkpoint.
    """

    def __init__(self, signals: DeferredSignals, checkpoint: ResumableCheckpoint):
        super().__init__()
        self.signals = signals
        self.checkpoint = checkpoint

    # Not `on_train_batch_end`, which Keras may call in another thread.
    def on_train_batch_begin(self, batch, logs=None):
        if self.signals.received is not None:
            if self.checkpoint.minutes is not None and batch > 0:
                self.checkpoint.save_within_epoch(batch)
            self.signals.deliver()

    def on_epoch_end(self, epoch, logs=None):
        self.signals.deliver()


class EpochEnd(Exception):
    """The rest of an epoch was trained."""


class _EndEpoch(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise EpochEnd


def ending_the_epoch(verbose: str | int) -> list[keras.callbacks.Callback]:
    """Returns callbacks that end `fit` after an epoch, without `on_train_end`.

    The epochs after it are longer, and `fit` takes one length for all. At its end, `fit` would give
    the model averaged or best weights.

    Args:
        verbose: As in `keras.Model.fit`.
    """
    # Keras would put its progress bar behind them, and never see it end.
    return [*([keras.callbacks.ProgbarLogger()] if verbose else []), _EndEpoch()]
