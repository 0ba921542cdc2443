"""Scores of a classifier on corrupted images."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np

from kerasrecipes.base.intervals import Mean, accuracy_error
from kerasrecipes.robustness.batches import predicted_classes
from kerasrecipes.robustness.corruptions import CORRUPTIONS, STRENGTHS, corrupted


@dataclass(frozen=True, eq=False)
class CorruptionScores:
    """Which images a classifier is right about when they are corrupted.

    Args:
        whole: Boolean array `(images,)`: whether it is right about each image as it is.
        correct: Boolean array `(strengths, images)` of each corruption, by name.

    Example:

    >>> scores = CorruptionScores(np.array([True, True]), {"blur": np.eye(2, dtype=bool)})
    >>> scores.accuracy, scores.accuracies["blur"], scores.mean.mean
    (1.0, [0.5, 0.5], 0.5)
    """

    whole: np.ndarray
    correct: Mapping[str, np.ndarray]

    @property
    def accuracy(self) -> float:
        """The accuracy on images as they are."""
        return float(self.whole.mean())

    @property
    def accuracies(self) -> dict[str, list[float]]:
        """The accuracy at each strength, by corruption."""
        return {name: of.mean(axis=1).tolist() for name, of in self.correct.items()}

    @property
    def mean(self) -> Mean:
        """The mean accuracy over all corruptions and strengths, with its 95% interval.

        The interval is over images: of each, in how many of its corrupted versions it is
        recognized.
        """
        of_images = np.concatenate(list(self.correct.values())).mean(axis=0)
        # Where all images are alike, as where all are recognized, the interval is an accuracy's.
        error = accuracy_error(float(of_images.mean()), len(of_images))
        return Mean.of(of_images.tolist(), errors=error * len(of_images) ** 0.5)


def corruption_scores(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    seed: int = 0,
    batch_size: int = 64,
) -> CorruptionScores:
    """Scores a classifier on images under each corruption at each strength.

    Args:
        model: Any Keras model that classifies images of pixels from 0 to 255.
        images: uint8 array `(samples, height, width, channels)`, that it was not trained on.
        labels: Integer array `(samples,)`.
        seed: Non-negative integer, that of the noise.
        batch_size: Positive integer.

    Raises:
        ValueError: As `corrupted`.

    Example:

    ```python
    scores = corruption_scores(model, images, labels)
    print(scores.accuracies["noise"], scores.mean.mean)
    ```

    Reference:
        Hendrycks and Dietterich, 2019, https://arxiv.org/abs/1903.12261. Differs from it in: see
        `corrupted`; the mean is of accuracies, not of errors relative to AlexNet's.
    """

    def right(pixels: np.ndarray) -> np.ndarray:
        return predicted_classes(model, pixels, batch_size) == labels

    correct = {
        name: np.stack([right(corrupted(images, name, level, seed=seed)) for level in STRENGTHS])
        for name in CORRUPTIONS
    }
    return CorruptionScores(right(np.asarray(images)), correct)
