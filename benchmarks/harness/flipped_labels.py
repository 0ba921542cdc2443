"""Data source with some labels of another source's images flipped to other classes."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasrecipes import Recipe, use
from kerasrecipes.data import ArraySplit, Dataset

DIGITS = use("Digits", validation_fraction=0.1, test_fraction=0.4)


@dataclass(frozen=True)
class FlippedLabels:
    """Another source's images, of which a fraction of training and validation has wrong labels.

    Every other class is as likely as the wrong one. Test labels stay right.

    Args:
        data: The source, whose images are in memory.
        fraction: Float in `[0, 1)`, the fraction of wrong labels, rounded to whole images.
        draw: Non-negative integer. It decides which labels are flipped, and to what.
    """

    data: Any
    fraction: float
    draw: int = 0

    def load(self) -> Dataset:
        """Returns the images as a `Dataset`."""
        loaded = self.data.load()
        splits = (loaded.train, loaded.validation)
        labels = flipped(true_labels(loaded), len(loaded.class_names), self.fraction, self.draw)
        parts = np.split(labels, [len(loaded.train)])
        train, validation = (
            ArraySplit(split.read(np.arange(len(split))), part)
            for split, part in zip(splits, parts, strict=True)
        )
        source = f"{loaded.source}; {self.fraction:.0%} of the labels flipped"
        return dataclasses.replace(loaded, train=train, validation=validation, source=source)


def true_labels(dataset: Dataset) -> np.ndarray:
    """Returns the labels of training and validation, one after the other."""
    return np.concatenate([dataset.train.labels, dataset.validation.labels])


def flipped(labels: np.ndarray, classes: int, fraction: float, draw: int) -> np.ndarray:
    """Returns labels of which a fraction is wrong."""
    rng = np.random.default_rng(draw)
    chosen = rng.permutation(len(labels))[: round(fraction * len(labels))]
    wrong = labels.copy()
    wrong[chosen] = (labels[chosen] + rng.integers(1, classes, len(chosen))) % classes
    return wrong


def recipe_of(fraction: float, seed: int) -> Recipe:
    """Returns two dense layers on digits of which a seed has flipped a fraction of the labels."""
    rate = use("CosineDecay", initial_learning_rate=0.1)
    return Recipe(
        data=use(f"{__name__}:FlippedLabels", data=DIGITS, fraction=fraction, draw=seed),
        augment=[use("RandomPadCrop", padding_pixels=1)],
        model=use("MLP", units=[64, 64]),
        optimizer=use("SGD", learning_rate=rate, momentum=0.9, nesterov=True, weight_decay=5e-4),
        steps_per_epoch=20,
        epochs=20,
        seed=seed,
    )
