"""Data source with some labels of another source's images flipped to other classes."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasrecipes.data import ArraySplit, Dataset


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
