"""The folders: of which classes, how many images of each, how large, and how they are changed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from advise_tasks.studies import FIRST, SECOND, grey, grey_inverted, inverted, noisy, on_side
from PIL import Image

from kerasrecipes.data import Digits

TEST_IMAGES = 400


@dataclass(frozen=True)
class Folder:
    """Images of a folder.

    Args:
        classes: Classes of CIFAR-10; empty for scikit-learn's digits.
        counts: The number of training images of each class, the last one of all further classes.
        side: The side of the images, in pixels.
        change: What is done to them.
    """

    classes: tuple[int, ...]
    counts: tuple[int, ...]
    side: int = 32
    change: Callable[[np.ndarray], np.ndarray] = lambda images: images


TASKS = {
    "dogs and horses, 12": Folder((5, 7), (12,)),
    "dogs and horses, 60": Folder((5, 7), (60,)),
    "dogs and horses, 250": Folder((5, 7), (250,)),
    "frogs and ships, 12 small": Folder((6, 8), (12,), 16),
    "frogs and ships, 120 small": Folder((6, 8), (120,), 16),
    "five, 12": Folder(SECOND, (12,)),
    "five, 40": Folder(SECOND, (40,)),
    "five, 120": Folder(SECOND, (120,)),
    "five, 300": Folder(SECOND, (300,)),
    "five, 40 small": Folder(SECOND, (40,), 16),
    "five, 120 of 24 pixels": Folder(SECOND, (120,), 24),
    "uneven": Folder((5, 6, 8), (240, 80, 24)),
    "uneven trucks": Folder((8, 9), (200, 20)),
    "seven, 30": Folder((2, 4, 5, 6, 7, 8, 9), (30,)),
    "ten, 40": Folder(tuple(range(10)), (40,)),
    "ten, 100": Folder(tuple(range(10)), (100,)),
    "known classes, 40": Folder(FIRST, (40,)),
    "dark, 40": Folder(SECOND, (40,), 32, lambda images: images // 3),
    "noisy, 120": Folder(SECOND, (120,), 32, noisy),
    "inverted, 40": Folder(SECOND, (40,), 32, inverted),
    "grey, 120": Folder(SECOND, (120,), 32, grey),
    "grey and inverted, 40": Folder(SECOND, (40,), 32, grey_inverted),
    "on their side, 120": Folder(SECOND, (120,), 32, on_side),
    "planes and trucks, 30 of 48 pixels": Folder((0, 9), (30,), 48),
    "digits, 40": Folder((), (40,), 16),
}
# What these folders showed became a rule, so that they no longer score it.
CHOSE_A_RULE = ("digits, 40",)


def write_folder(folder: Folder, cifar10: dict, path: Path) -> None:
    """Writes the images of a folder: train and test, a folder a class. What is there stays."""
    if path.exists():
        return
    for split in ("train", "test"):
        images, labels = _source(folder, cifar10, split)
        classes = folder.classes or tuple(range(10))
        for number, label in enumerate(classes):
            count = folder.counts[min(number, len(folder.counts) - 1)]
            count = count if split == "train" else TEST_IMAGES // len(classes)
            own = np.flatnonzero(labels == label)
            # Of one shuffled order, so that a larger folder holds the smaller one.
            chosen = np.random.default_rng(label).permutation(own)[:count]
            place = path / split / f"class{label}"
            place.mkdir(parents=True)
            for index, pixels in enumerate(folder.change(images[chosen])):
                image = Image.fromarray(np.ascontiguousarray(pixels))
                side = (folder.side, folder.side)
                image.resize(side, Image.Resampling.BOX).save(place / f"{index}.png")


def _source(folder: Folder, cifar10: dict, split: str) -> tuple[np.ndarray, np.ndarray]:
    if folder.classes:
        return cifar10[f"x_{split}"], cifar10[f"y_{split}"].ravel()
    digits = getattr(Digits(image_size=folder.side, validation_fraction=0.01).load(), split)
    return np.repeat(digits.images, 3, axis=-1), digits.labels
