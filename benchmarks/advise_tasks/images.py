"""Images of a task, written to a file."""

from pathlib import Path

import numpy as np

from advise_tasks.studies import Kind
from kerasrecipes.data import Digits

SIZE = 16
TEST_IMAGES = 2000


def small(images):
    """Returns images of 32 x 32 pixels at half the size."""
    n, _, _, channels = images.shape
    blocks = images.reshape(n, SIZE, 2, SIZE, 2, channels)
    return np.rint(blocks.mean(axis=(2, 4))).astype(np.uint8)


def chosen(images, labels, classes, per_class, seed):
    """Returns so many images of each class, in random order, with new labels."""
    rng = np.random.default_rng(seed)
    indices = [rng.permutation(np.flatnonzero(labels == c))[:per_class] for c in classes]
    order = rng.permutation(np.concatenate(indices))
    return images[order], np.searchsorted(classes, labels[order]).astype(np.int32)


def write_task(kind: Kind, per_class: int, cifar10: dict, path: Path) -> None:
    if kind.classes:
        parts = {
            "train": chosen(cifar10["x_train"], cifar10["y_train"], kind.classes, per_class, 1),
            "test": chosen(
                cifar10["x_test"],
                cifar10["y_test"],
                kind.classes,
                TEST_IMAGES // len(kind.classes),
                2,
            ),
        }
    else:
        digits = Digits(image_size=SIZE, validation_fraction=0.01).load()
        train_images = np.repeat(digits.train.images, 3, axis=-1)
        test_images = np.repeat(digits.test.images, 3, axis=-1)
        parts = {
            "train": chosen(train_images, digits.train.labels, range(10), per_class, 1),
            "test": (test_images, digits.test.labels),
        }
    arrays = {}
    for split, (images, labels) in parts.items():
        images = images if images.shape[1] == SIZE else small(images)
        arrays |= {f"x_{split}": kind.change(images), f"y_{split}": labels}
    np.savez(path, **arrays)
