"""Pictures that a run keeps for its report: confident mistakes and augmented images.

They are kept as arrays in examples.npz, because the data may be gone when the report is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kerasrecipes.data.split import Split

if TYPE_CHECKING:  # It imports Keras, which a report can do without.
    from kerasrecipes.data.augment import Augmentation

# The largest number of mistakes that are kept.
MISTAKES = 24
# The number of training images that are augmented, one of each class, and how often each is.
ORIGINALS, DRAWS = 8, 6


class Mistake(NamedTuple):
    """An image that the model takes for another class.

    Args:
        image: uint8 array `(height, width, channels)`.
        label: The true class.
        predicted: The class that the model predicts.
        probability: The probability that it gives that class.
        name: The name of its file, or its place in the split; empty in runs that kept none.
    """

    image: np.ndarray
    label: int
    predicted: int
    probability: float
    name: str = ""


class AugmentedImage(NamedTuple):
    """A training image, and the results of augmenting it several times.

    Args:
        original: uint8 array `(height, width, channels)`.
        label: Its class.
        draws: uint8 array `(draws, height, width, channels)`.
    """

    original: np.ndarray
    label: int
    draws: np.ndarray


def mistake_arrays(split: Split, probabilities: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the images that a model is most confidently wrong about, as examples.npz keeps them.

    Args:
        split: The images that the model was scored on.
        probabilities: Its predictions, `(samples, classes)`.
    """
    predicted, confidence = probabilities.argmax(-1), probabilities.max(-1)
    wrong = np.flatnonzero(predicted != split.labels)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")][:MISTAKES]
    return {
        "mistakes": split.read(wrong),
        "mistake_true": split.labels[wrong],
        "mistake_predicted": predicted[wrong],
        "mistake_probability": confidence[wrong],
        "mistake_name": np.array([split.name(index) for index in wrong.tolist()], dtype=np.str_),
    }


def augmented_arrays(split: Split, augmentation: Augmentation, seed: int) -> dict[str, np.ndarray]:
    """Returns a few augmented images of different classes, as examples.npz keeps them.

    Args:
        split: The training images.
        augmentation: What is applied to them.
        seed: Non-negative integer.
    """
    first = np.unique(split.labels, return_index=True)[1][:ORIGINALS]
    originals, labels = split.read(first), split.labels[first]
    keys = [np.array([seed, draw], "uint32") for draw in range(DRAWS)]
    draws = [augmentation.pixels(originals, labels, key)[0] for key in keys]
    return {
        "originals": originals,
        "original_labels": labels,
        "augmented": np.stack(draws, axis=1),
    }


def mistakes(examples: Mapping[str, np.ndarray]) -> list[Mistake]:
    """Returns the mistakes in the contents of examples.npz, the most confident first."""
    columns = ["mistakes", "mistake_true", "mistake_predicted", "mistake_probability"]
    if "mistake_name" in examples:
        columns.append("mistake_name")
    return [Mistake(*row) for row in _rows(examples, columns)]


def augmented_images(examples: Mapping[str, np.ndarray]) -> list[AugmentedImage]:
    """Returns the augmented images in the contents of examples.npz."""
    columns = ("originals", "original_labels", "augmented")
    return [AugmentedImage(*row) for row in _rows(examples, columns)]


def _rows(examples: Mapping[str, np.ndarray], columns: Sequence[str]) -> list[tuple]:
    if columns[0] not in examples:
        return []
    return list(zip(*(examples[column] for column in columns), strict=True))
