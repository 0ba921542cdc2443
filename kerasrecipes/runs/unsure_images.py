"""Test-time augmentation only for images of which a model is unsure."""

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import ArrayLike
from scipy.special import softmax

from kerasrecipes.base.checks import check_number
from kerasrecipes.data.predicting import predict_split
from kerasrecipes.data.split import ArraySplit, Split
from kerasrecipes.metrics.calibration.checked_probabilities import checked
from kerasrecipes.models.surgery.test_time_augmentation import (
    COPIES,
    with_other_views,
    with_test_time_augmentation,
)
from kerasrecipes.runs.prediction import BATCH_SIZE
from kerasrecipes.training.run import Run

# So many images are held in memory at once while their views are computed.
_CHUNK = 1024


@dataclass(frozen=True)
class UnsureThreshold:
    """A confidence up to which images get test-time augmentation, chosen on validation.

    Args:
        confidence: The highest probability of an image that still gets views; 0 if none does.
        share: The share of the validation images that get views.
        n: The number of validation images.
        log_loss_of_none: Their log loss without views.
        log_loss: Their log loss if the unsure ones get views.
        log_loss_of_all: Their log loss with views of all.
    """

    confidence: float
    share: float
    n: int
    log_loss_of_none: float
    log_loss: float
    log_loss_of_all: float


@dataclass(frozen=True, eq=False)
class SelectivePrediction:
    """Probabilities, some of which are means over views.

    Args:
        probabilities: float32 array of shape `(images, classes)`.
        has_views: Boolean array of shape `(images,)`.
        passes: How often the network computed an image, on average.
    """

    probabilities: np.ndarray
    has_views: np.ndarray
    passes: float

    @property
    def share(self) -> float:
        """The share of the images that got views."""
        return float(self.has_views.mean())


def unsure_threshold(
    labels: ArrayLike, once: ArrayLike, averaged: ArrayLike, share_of_gain: float = 0.9
) -> UnsureThreshold:
    """Returns up to which confidence views are worth their cost.

    Views are given to the least confident images first. It is the lowest threshold that has
    `share_of_gain` of what the best one brings in log loss. If views bring nothing, no image gets
    any.

    Args:
        labels: Integers of shape `(samples,)`, of validation.
        once: Probabilities of shape `(samples, classes)`, without views.
        averaged: Those of the same samples with views.
        share_of_gain: Float in `(0, 1]`.

    Raises:
        ValueError: If an argument is out of range, or rows are no distributions.

    Example:

    >>> labels = np.array([0, 0, 1, 1])
    >>> once = np.array([[0.99, 0.01], [0.45, 0.55], [0.4, 0.6], [0.02, 0.98]])
    >>> averaged = np.array([[0.98, 0.02], [0.7, 0.3], [0.3, 0.7], [0.02, 0.98]])
    >>> found = unsure_threshold(labels, once, averaged)
    >>> found.confidence, found.share
    (0.6, 0.5)
    """
    check_number("share_of_gain", share_of_gain, above=0, at_most=1)
    alone, views = checked(labels, once), checked(labels, averaged)
    if alone.probabilities.shape != views.probabilities.shape:
        raise ValueError(
            "`once` and `averaged` must be probabilities of the same samples and classes. "
            f"Received: {alone.probabilities.shape} and {views.probabilities.shape}"
        )
    losses = [_losses(each.labels, each.probabilities) for each in (alone, views)]
    order = np.argsort(alone.confidence, kind="stable")
    confidence = alone.confidence[order]
    gains = np.cumsum((losses[0] - losses[1])[order])
    # Images of equal confidence get views together.
    ends = np.flatnonzero(np.diff(confidence, append=np.inf) != 0)
    best = gains[ends].max()
    if best <= 0:
        count, threshold = 0, 0.0
    else:
        last = int(ends[gains[ends] >= share_of_gain * best][0])
        count, threshold = last + 1, float(confidence[last])
    n, none = len(order), float(losses[0].mean())
    return UnsureThreshold(
        confidence=threshold,
        share=count / n,
        n=n,
        log_loss_of_none=none,
        log_loss=none - float(gains[count - 1]) / n if count else none,
        log_loss_of_all=float(losses[1].mean()),
    )


class SelectiveAugmentation:
    """Predicts once, and averages over views only where the model is unsure.

    Args:
        model: A model from raw pixels to logits, such as `Run.load_model()`.
        kind: As in `kerasrecipes.models.with_test_time_augmentation`.
        confidence: Float of at least 0. Images whose highest probability is at most this get views.

    Raises:
        ValueError: If `kind` or `confidence` is out of range, or the model does not fit.

    Example:

    ```python
    run = kerasrecipes.load("saved_models/train_from_scratch-0123456789ab")
    selective = selective_augmentation(run, "flip")
    found = selective.predict(images)
    found.probabilities, found.share
    ```
    """

    def __init__(self, model: keras.Model, kind: str, confidence: float):
        check_number("confidence", confidence, at_least=0)
        self.model = model
        self.kind = kind
        self.confidence = confidence
        self.with_views = with_test_time_augmentation(model, kind)
        self._others, self._count = with_other_views(model, kind)

    def predict(self, images: np.ndarray, batch_size: int = BATCH_SIZE) -> SelectivePrediction:
        """Returns the probabilities of images.

        Args:
            images: uint8 array of shape `(images, height, width, channels)`.
            batch_size: Positive integer.
        """
        return self.predict_split(ArraySplit(images, np.zeros(len(images), "int32")), batch_size)

    def predict_split(self, split: Split, batch_size: int = BATCH_SIZE) -> SelectivePrediction:
        """Returns the probabilities of the images of a split, as `predict` does."""
        found = _probabilities(self.model, split, batch_size)
        # Rounded as the confidences of the validation images are that it was chosen among.
        has_views = found.max(-1) <= np.float32(self.confidence)
        places, own = np.flatnonzero(has_views), 1 - self._count / COPIES[self.kind]
        for start in range(0, len(places), _CHUNK):
            chunk = places[start : start + _CHUNK]
            images = ArraySplit(split.read(chunk), split.labels[chunk])
            size = max(1, batch_size // self._count)
            others = _probabilities(self._others, images, size)
            # What is known of the image itself is not computed again.
            found[chunk] = own * found[chunk] + (1 - own) * others
        return SelectivePrediction(found, has_views, 1 + self._count * float(has_views.mean()))


def selective_augmentation(
    run: Run, kind: str, share_of_gain: float = 0.9
) -> tuple[SelectiveAugmentation, UnsureThreshold]:
    """Returns a run's model with views where it is unsure, by a threshold chosen on validation.

    The validation images are predicted once with views. A small validation split chooses by chance:
    look at what views of all of them bring.

    Args:
        run: A finished run, whose data are at hand.
        kind: As in `kerasrecipes.models.with_test_time_augmentation`.
        share_of_gain: As in `unsure_threshold`.

    Raises:
        ValueError: If an argument is out of range, the run was trained on its validation images, or
            its data have changed.
    """
    run.check_chooses("What is unsure")
    dataset = run.load_dataset()
    model = run.load_model(compile=False)
    selective = SelectiveAugmentation(model, kind, 0.0)
    size = max(1, BATCH_SIZE // COPIES[kind])
    found = unsure_threshold(
        dataset.validation.labels,
        _probabilities(model, dataset.validation, BATCH_SIZE),
        _probabilities(selective.with_views, dataset.validation, size),
        share_of_gain,
    )
    selective.confidence = found.confidence
    return selective, found


def _losses(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    true = probabilities[np.arange(len(labels)), labels]
    return -np.log(np.maximum(true, np.finfo("float32").eps))


def _probabilities(model: keras.Model, split: Split, batch_size: int) -> np.ndarray:
    return softmax(predict_split(model, split, batch_size).astype("float32"), axis=-1)
