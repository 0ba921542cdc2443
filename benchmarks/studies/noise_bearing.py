"""What is said to bear wrong labels: two losses, and data without some images."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes.data import ArraySplit, Dataset

# What the logarithm of a probability of 0 counts as in the reversed cross-entropy.
LOG_ZERO = -4.0


class SymmetricCrossentropy(keras.losses.Loss):
    """Cross-entropy plus the reversed one, in which labels and predictions change places.

    Args:
        alpha: Weight of the cross-entropy.
        beta: Weight of the reversed one.

    Call arguments:
        y_true: Integer labels, `(batch,)` or `(batch, 1)`.
        y_pred: Logits, `(batch, classes)`.

    Reference:
        Wang et al., 2019, https://arxiv.org/abs/1908.06112; the weights are those for CIFAR-10.
    """

    def __init__(self, alpha: float = 0.1, beta: float = 1.0, name: str = "symmetric"):
        super().__init__(name=name)
        self.alpha, self.beta = alpha, beta

    def call(self, y_true, y_pred):
        log_probability = _of_labels(y_true, ops.log_softmax(y_pred))
        reversed_loss = -LOG_ZERO * (1 - ops.exp(log_probability))
        return -self.alpha * log_probability + self.beta * reversed_loss


class BootstrappedCrossentropy(keras.losses.Loss):
    """Cross-entropy with targets that are in part what the network itself predicts.

    Args:
        kept: Float in `(0, 1]`: the weight of the label in the target.
        hard: Whether the rest goes to the class that is predicted, not to all by their probability.

    Call arguments:
        y_true: Integer labels, `(batch,)` or `(batch, 1)`.
        y_pred: Logits, `(batch, classes)`.

    Reference:
        Reed et al., 2014, https://arxiv.org/abs/1412.6596; they keep 0.95 soft and 0.8 hard.
    """

    def __init__(self, kept: float = 0.95, hard: bool = False, name: str = "bootstrapped"):
        super().__init__(name=name)
        self.kept, self.hard = kept, hard

    def call(self, y_true, y_pred):
        logs = ops.log_softmax(y_pred)
        own = ops.max(logs, -1) if self.hard else ops.sum(ops.exp(logs) * logs, -1)
        return -self.kept * _of_labels(y_true, logs) - (1 - self.kept) * own


@dataclass(frozen=True)
class Without:
    """Another source's images without some of the training images.

    Args:
        data: The source, whose images are in memory.
        places: Their places in training and validation, one after the other. Validation stays.
    """

    data: Any
    places: Sequence[int]

    def load(self) -> Dataset:
        """Returns the images as a `Dataset`."""
        loaded = self.data.load()
        kept = np.setdiff1d(np.arange(len(loaded.train)), np.asarray(self.places, int))
        train = ArraySplit(loaded.train.read(kept), loaded.train.labels[kept])
        source = f"{loaded.source}; {len(loaded.train) - len(kept)} of them left out"
        return dataclasses.replace(loaded, train=train, source=source)


def _of_labels(y_true, values):
    labels = ops.cast(ops.reshape(y_true, (-1, 1)), "int32")
    return ops.squeeze(ops.take_along_axis(values, labels, -1), -1)
