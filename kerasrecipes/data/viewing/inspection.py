"""Statistics over every image of a data set, and duplicates between its splits."""

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.split import Split

_BATCH = 256
_NAMED = 5


@dataclass(frozen=True)
class Duplicates:
    """Images of one split that are equal to an image of another, pixel by pixel.

    Args:
        split: The name of the first split.
        other: The name of the other split.
        count: The number of images of `split` that are in `other` too.
        relabelled: The number of these images that have another label in `other`.
        examples: Up to five pairs of names: the image in `split`, and the first equal one in
            `other`.
    """

    split: str
    other: str
    count: int
    relabelled: int
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Inspection:
    """Statistics and duplicates of a data set.

    Args:
        value_range: Dict from split to a pair of its lowest and its highest pixel value.
        mean: Tuple of floats, the mean of each channel over the training images.
        standard_deviation: Tuple of floats, likewise.
        duplicates: Tuple of `Duplicates`, one for each pair of splits.
    """

    value_range: dict[str, tuple[int, int]]
    mean: tuple[float, ...]
    standard_deviation: tuple[float, ...]
    duplicates: tuple[Duplicates, ...]


def inspect_dataset(dataset: Dataset) -> Inspection:
    """Computes statistics and finds duplicates by reading every image of a data set once.

    For a streamed data set this takes as long as an epoch. Two images count as duplicates if all
    their pixels are equal at the size that the model is given.

    Example:

    >>> from kerasrecipes.data import Digits
    >>> inspection = inspect_dataset(Digits().load())
    >>> inspection.value_range["train"], [found.count for found in inspection.duplicates]
    ((0, 255), [0, 0, 0])
    """
    statistics = {name: _Statistics() for name in dataset.splits}
    places: dict[str, dict[str, int]] = {}
    hashes: dict[str, list[str]] = {}
    for name, split in dataset.splits.items():
        hashes[name] = []
        for images in _batches(split):
            statistics[name].add(images)
            hashes[name] += map(_hash, images)
        # Reversed, so that the first of several equal images is kept.
        places[name] = {h: i for i, h in reversed(list(enumerate(hashes[name])))}
    train = statistics["train"]
    return Inspection(
        value_range={name: (own.lowest, own.highest) for name, own in statistics.items()},
        mean=tuple(train.mean.tolist()),
        standard_deviation=tuple(train.standard_deviation.tolist()),
        duplicates=tuple(
            _duplicates(dataset, split, hashes[split], other, places[other])
            for other, split in itertools.combinations(dataset.splits, 2)
        ),
    )


def pixel_hashes(split: Split) -> list[str]:
    """Returns a hash of the pixels of each image of a split, by reading it once."""
    return [_hash(image) for images in _batches(split) for image in images]


class _Statistics:
    """Range and moments of the pixels of all images so far; moments are those of each channel."""

    def __init__(self):
        self.lowest, self.highest = 255, 0
        self.pixels = 0
        # Integers, so that sums are exact for any number of images.
        self.total = self.total_of_squares = np.zeros((), np.int64)

    def add(self, images: np.ndarray) -> None:
        self.lowest = min(self.lowest, int(images.min()))
        self.highest = max(self.highest, int(images.max()))
        values = images.reshape(-1, images.shape[-1])
        counts = np.stack([np.bincount(channel, minlength=256) for channel in values.T])
        self.pixels += len(values)
        self.total = self.total + counts @ np.arange(256)
        self.total_of_squares = self.total_of_squares + counts @ np.arange(256) ** 2

    @property
    def mean(self) -> np.ndarray:
        return self.total / self.pixels

    @property
    def standard_deviation(self) -> np.ndarray:
        return np.sqrt(self.total_of_squares / self.pixels - self.mean**2)


def _batches(split: Split) -> Iterator[np.ndarray]:
    for start in range(0, len(split), _BATCH):
        yield split.read(np.arange(start, min(start + _BATCH, len(split))))


def _hash(image: np.ndarray) -> str:
    return hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).hexdigest()


def _duplicates(
    dataset: Dataset, split: str, hashes: list[str], other: str, places: dict[str, int]
) -> Duplicates:
    pairs = [(i, places[content]) for i, content in enumerate(hashes) if content in places]
    own, others = dataset.splits[split], dataset.splits[other]
    return Duplicates(
        split=split,
        other=other,
        count=len(pairs),
        relabelled=sum(int(own.labels[i] != others.labels[j]) for i, j in pairs),
        examples=tuple((own.name(i), others.name(j)) for i, j in pairs[:_NAMED]),
    )
