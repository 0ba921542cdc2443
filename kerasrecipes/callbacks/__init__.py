"""Callbacks that Keras lacks."""

from kerasrecipes.callbacks.best_weights import BestWeights
from kerasrecipes.callbacks.epoch_log import EpochLog
from kerasrecipes.callbacks.resumable_checkpoint import ResumableCheckpoint
from kerasrecipes.callbacks.tensorboard_scalars import TensorBoardScalars

__all__ = ["BestWeights", "EpochLog", "ResumableCheckpoint", "TensorBoardScalars"]
