"""Data source with long-tailed training images, drawn from another source."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasrecipes.data import ArraySplit, Dataset


@dataclass(frozen=True)
class LongTailed:
    """Training images of another source, of which each class keeps fewer than the one before.

    Of class number `k` of `K`, in a random order of the classes, `n factor^(-k / (K - 1))` images
    are kept, at least one; `n` is the number of images of the smallest class. Validation and test
    stay as they are.

    Args:
        data: The source, whose training images are in memory.
        factor: How many times the images of the last class the first one has.
        draw: Non-negative integer. It decides the order of the classes and which images are kept.

    Reference:
        Cao et al., 2019, https://arxiv.org/abs/1906.07413, section 4.
    """

    data: Any
    factor: float
    draw: int = 0

    def load(self) -> Dataset:
        """Returns the images as a `Dataset`."""
        loaded = self.data.load()
        labels = loaded.train.labels
        rng = np.random.default_rng(self.draw)
        order = rng.permutation(len(loaded.class_names))
        most = int(np.bincount(labels).min())
        kept = []
        for rank, label in enumerate(order):
            count = round(most * self.factor ** (-rank / (len(order) - 1)))
            members = rng.permutation(np.flatnonzero(labels == label))
            kept.append(members[: max(1, count)])
        indices = np.sort(np.concatenate(kept))
        train = ArraySplit(loaded.train.read(indices), labels[indices])
        source = f"{loaded.source}; long-tailed training images, factor {self.factor:g}"
        return dataclasses.replace(loaded, train=train, source=source)
