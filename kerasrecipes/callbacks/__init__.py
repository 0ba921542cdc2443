"""Callbacks that Keras lacks."""

from kerasrecipes.callbacks.averaged_weights import AveragedWeights
from kerasrecipes.callbacks.best_weights import BestWeights
from kerasrecipes.callbacks.learning_rate_logger import LearningRateLogger
from kerasrecipes.callbacks.reduce_on_plateau import ReduceOnPlateau
from kerasrecipes.callbacks.snapshots import Snapshots
from kerasrecipes.callbacks.tensorboard_scalars import TensorBoardScalars
from kerasrecipes.callbacks.time_stopping import TimeStopping
from kerasrecipes.callbacks.trend_stopping import TrendStopping

__all__ = [
    "AveragedWeights",
    "BestWeights",
    "LearningRateLogger",
    "ReduceOnPlateau",
    "Snapshots",
    "TensorBoardScalars",
    "TimeStopping",
    "TrendStopping",
]
