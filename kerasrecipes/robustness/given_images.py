"""Checks of the images and labels that an attack is given."""

from collections.abc import Sequence

import numpy as np

from kerasrecipes.base.checks import check_rank


def checked_images(images, value_range: Sequence[float]) -> np.ndarray:
    """Returns images as float32, after checks of their shape and range."""
    images = np.asarray(images)
    check_rank("images", images.shape, 4, "(samples, height, width, channels)")
    if not len(images):
        raise ValueError("`images` must hold an image. Received: none")
    images = images.astype("float32")
    low, high = value_range
    if not (images.min() >= low and images.max() <= high):
        raise ValueError(
            f"`images` must be within `value_range`, [{low:g}, {high:g}]: give the range of the "
            f"pixels that the model takes. Received: values from {images.min():g} to "
            f"{images.max():g}"
        )
    return images


def check_labels(labels: np.ndarray, count: int, classes: int) -> None:
    """Raises a `ValueError` unless there is a label of a class for each image."""
    if labels.dtype.kind not in "iu" or labels.shape != (count,):
        raise ValueError(
            f"`labels` must be {count} integers, one for each image. Received: "
            f"labels.dtype={labels.dtype}, labels.shape={labels.shape}"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"`labels` must be in [0, {classes}), the model's classes. Received: labels from "
            f"{labels.min()} to {labels.max()}"
        )
