"""Occlusion: how a class's probability falls when a part of the image is covered."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from kerasrecipes.base.checks import check_integer
from kerasrecipes.data.filling import compiles_each_size, filled
from kerasrecipes.explanations.class_scores import (
    checked_classes,
    checked_images,
    class_probabilities,
    is_probabilistic,
)

BATCH_SIZE = 64
# A patch covers about this part of a side by default, and moves by half of itself.
SIDES_PER_PATCH = 5


def occlusion(
    model: keras.Model,
    images: np.ndarray,
    classes: int | Sequence[int] | None = None,
    *,
    patch_pixels: int | None = None,
    stride_pixels: int | None = None,
    fill_value: float | None = None,
) -> np.ndarray:
    """Maps of how much the probability of a class falls when a pixel's surroundings are covered.

    A square patch of one colour is moved over the image. A pixel's value is the mean, over all
    patches that cover it, of the probability without the patch minus that with it: positive where
    the image speaks for the class, negative where it speaks against it. It needs no gradient and no
    convolution, and looks at the model from outside; by default it takes 81 predictions for a
    square image.

    Args:
        model: Any Keras model that classifies images. It may give logits or probabilities, and for
            two classes a single one.
        images: Array `(samples, height, width, channels)`, as the model takes them.
        classes: The class to explain, as a label, or a label for each image. Defaults to `None`:
            for each image the class that the model predicts.
        patch_pixels: Integer, at least 1: the side of the patch. Defaults to a fifth of the shorter
            side, rounded up.
        stride_pixels: Integer from 1 to `patch_pixels`. Defaults to half of `patch_pixels`, rounded
            up.
        fill_value: Value of the pixels of the patch. Defaults to `None`: the mean of each image,
            channel by channel.

    Returns:
        float32 array `(samples, height, width)`, in [-1, 1].

    Raises:
        CannotExplainError: If the model does not classify images.
        ValueError: If an argument is out of range.

    Example:

    >>> model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(),
    ...                           keras.layers.Dense(2, kernel_initializer="zeros")])
    >>> occlusion(model, np.ones((1, 4, 4, 1))).max()  # It looks at nothing.
    np.float32(0.0)

    Reference:
        Zeiler and Fergus, 2014, https://arxiv.org/abs/1311.2901. Differs from it in: the patch has
        the mean colour of the image; a pixel's value is a mean over patches.
    """
    images = checked_images(model, images)
    size = images.shape[1:3]
    patch = math.ceil(min(size) / SIDES_PER_PATCH) if patch_pixels is None else patch_pixels
    check_integer("patch_pixels", patch, at_least=1)
    stride = math.ceil(patch / 2) if stride_pixels is None else stride_pixels
    check_integer("stride_pixels", stride, at_least=1)
    if stride > patch or patch > min(size):
        raise ValueError(
            "`stride_pixels` must be at most `patch_pixels`, so that every pixel is covered, and "
            f"that at most the shorter side, {min(size)}. Received: "
            f"stride_pixels={stride}, patch_pixels={patch}"
        )
    finished = is_probabilistic(model)
    whole = class_probabilities(_outputs(model, images), finished)
    labels = checked_classes(classes, len(images), whole.shape[-1])
    labels = np.where(labels < 0, whole.argmax(-1), labels)
    corners = patch_corners(size, patch, stride)
    return np.stack(
        [
            _map(model, image, label, p[label], corners, patch, fill_value, finished)
            for image, label, p in zip(images, labels, whole, strict=True)
        ]
    )


def patch_corners(size: tuple[int, int], patch: int, stride: int) -> list[tuple[int, int]]:
    """Returns the upper left corners of the patches; the last ones end at the image's borders.

    Example:

    >>> patch_corners((4, 5), patch=4, stride=2)
    [(0, 0), (0, 1)]
    """
    rows, columns = (sorted({*range(0, n - patch, stride), n - patch}) for n in size)
    return [(row, column) for row in rows for column in columns]


def default_predictions(size: tuple[int, int]) -> int:
    """Returns how many predictions an image of a size takes by default."""
    patch = math.ceil(min(size) / SIDES_PER_PATCH)
    return 1 + len(patch_corners(size, patch, math.ceil(patch / 2)))


def _map(model, image, label, before, corners, patch, fill_value, finished) -> np.ndarray:
    total, count = np.zeros(image.shape[:2]), np.zeros(image.shape[:2])
    for some in _chunks(corners):
        covered = np.repeat(image[None], len(some), axis=0)
        fill = image.mean(axis=(0, 1)) if fill_value is None else fill_value
        for copy, (row, column) in zip(covered, some, strict=True):
            copy[row : row + patch, column : column + patch] = fill
        after = class_probabilities(_outputs(model, covered), finished)[:, label]
        for (row, column), fall in zip(some, before - after, strict=True):
            total[row : row + patch, column : column + patch] += fall
            count[row : row + patch, column : column + patch] += 1
    return (total / count).astype("float32")


def _outputs(model: keras.Model, images: np.ndarray) -> np.ndarray:
    found = []
    for batch in _chunks(images):
        whole = filled(batch, BATCH_SIZE) if compiles_each_size() else batch
        found.append(np.asarray(model.predict_on_batch(whole), "float32")[: len(batch)])
    return np.concatenate(found)


def _chunks(items: Any) -> Iterator:
    for start in range(0, len(items), BATCH_SIZE):
        yield items[start : start + BATCH_SIZE]
