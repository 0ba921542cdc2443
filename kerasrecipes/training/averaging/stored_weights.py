"""Weights and averages that a run stores while it trains, for the comparison in the end."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from kerasrecipes.callbacks.model_state import assign, to_arrays
from kerasrecipes.callbacks.optimizer_averages import averaging_optimizer
from kerasrecipes.models.surgery.batch_norm_recalibration import trained_batch_norms
from kerasrecipes.optimizers import EveryAverage, WeightAveraging
from kerasrecipes.training.resuming.checkpoint_file import CheckpointFile

# The folder within a run folder.
FOLDER = "averages"


class Weights(NamedTuple):
    """A model's trainable weights, and the statistics of the normalization that it trains.

    Args:
        trainable: An array for each trainable weight.
        statistics: The moving mean and variance of each `BatchNormalization` that is trained.
    """

    trainable: Sequence[np.ndarray] = ()
    statistics: Sequence[np.ndarray] = ()

    @classmethod
    def of(cls, model: keras.Model) -> "Weights":
        """Returns those of a model, which is the same with features in place of frozen layers."""
        return cls(to_arrays(model.trainable_variables), to_arrays(_statistics(model)))

    def put_into(self, model: keras.Model) -> None:
        """Gives them to a model of the same layers."""
        assign(model.trainable_variables, self.trainable)
        assign(_statistics(model), self.statistics)


class Stored(NamedTuple):
    """What is stored of one time of a training.

    Args:
        epoch: The number of finished epochs.
        step: The number of updates.
        weights: The weights; empty where only averages are stored.
        averages: The averages of the trainable weights, a list for each; likewise.
    """

    epoch: int
    step: int
    weights: Weights
    averages: list[list[np.ndarray]]


class StoredWeights(keras.callbacks.Callback):
    """Stores what `EveryAverage` says in files, one for each time, at the ends of epochs.

    A run that is resumed writes the files of the epochs that it repeats again, with the same
    numbers: the averages are variables of the optimizer, which checkpoints hold.

    Place it before callbacks that change the weights when the training ends.

    Args:
        folder: The folder for the files.
        kept: What is to be stored.
        epochs: The number of epochs of the run, which may end earlier.
        snapshots: The numbers of the epochs, from 1, with which cycles of the learning rate end.
    """

    def __init__(
        self, folder: Path, kept: EveryAverage, epochs: int, snapshots: Sequence[int] = ()
    ):
        super().__init__()
        self.folder = folder
        self.kept = kept
        self.epochs = epochs
        self.snapshots = snapshots
        self.finished_epochs = 0

    def on_train_begin(self, logs=None):
        # Within TensorFlow's graph, each average would be a condition to compile.
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)

    def on_epoch_end(self, epoch, logs=None):
        self.finished_epochs = epoch + 1
        window = max(round(self.kept.tail_fraction * self.epochs), 1)
        # An early end is not known before it comes, so that the tail moves along.
        for path in self.folder.glob("weights-*.npz"):
            if int(path.stem.partition("-")[2]) <= epoch + 1 - window:
                path.unlink()
        if (self.epochs - epoch - 1) % -(-window // self.kept.checkpoints) == 0:
            self._store("weights", Weights.of(self.model)._asdict())
        if (epoch + 1) % max(round(self.epochs / self.kept.stored), 1) == 0:
            self._store("averages", self._averages())
        if epoch + 1 in self.snapshots:
            self._store("snapshots", Weights.of(self.model)._asdict())
            for path in sorted(self.folder.glob("snapshots-*.npz"))[: -self.kept.checkpoints]:
                path.unlink()

    def on_train_end(self, logs=None):
        for path in self.folder.glob("last-*.npz"):
            path.unlink()
        self._store("last", Weights.of(self.model)._asdict() | self._averages())

    def _averages(self) -> dict[str, list[list[np.ndarray]]]:
        averages = self._optimizer.all_averaged_weights
        return {"averages": [to_arrays(averaged) for averaged in averages]}

    def _store(self, name: str, contents: dict) -> None:
        step = int(keras.ops.convert_to_numpy(self._optimizer.iterations))
        path = self.folder / f"{name}-{self.finished_epochs:05d}.npz"
        CheckpointFile(self.finished_epochs, step, contents).write(path)

    @property
    def _optimizer(self) -> WeightAveraging:
        return averaging_optimizer(self.model.optimizer, WeightAveraging)


def read_stored(folder: Path, name: str) -> list[Stored]:
    """Returns what a run has stored, in order of time.

    Args:
        folder: The folder with the files.
        name: `"weights"`, `"averages"`, or `"last"` for both, at the end of the training;
            `"snapshots"` for the weights at the ends of cycles.
    """
    found = []
    for path in sorted(folder.glob(f"{name}-*.npz")):
        epoch, step, contents = CheckpointFile.read(path)
        weights = Weights(contents.get("trainable", []), contents.get("statistics", []))
        found.append(Stored(epoch, step, weights, contents.get("averages", [])))
    return found


def _statistics(model: keras.Model) -> list:
    return [
        moving
        for layer in trained_batch_norms(model)
        for moving in (layer.moving_mean, layer.moving_variance)
    ]
