"""Statistics over every image of a data set, and duplicates between its splits."""

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.split import Split
from kerasrecipes.data.viewing.similar_images import are_comparable, nearest_alike, small_images

_BATCH = 256
_NAMED = 5
# Of more images, those that look alike are not looked for: it takes the square of their number.
_MOST_COMPARED = 100_000


@dataclass(frozen=True)
class Duplicates:
    """Images of one split that are equal to an image of another, or look like one.

    Args:
        split: The name of the first split.
        other: The name of the other split.
        count: The number of images of `split` that are in `other` too.
        relabelled: The number of these images that have another label in `other`.
        examples: Up to five pairs of names: the image in `split`, and the first equal one in
            `other`, or the one that it looks most like.
    """

    split: str
    other: str
    count: int
    relabelled: int
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Inspection:
    """Statistics, duplicates and look-alikes of a data set.

    Args:
        value_range: Dict from split to a pair of its lowest and its highest pixel value.
        mean: Tuple of floats, the mean of each channel over the training images.
        standard_deviation: Tuple of floats, likewise.
        duplicates: Tuple of `Duplicates`, one for each pair of splits.
        look_alikes: Likewise, of images that are not equal but look alike, such as copies with
            another brightness or compression; see `similar_images`. `None` if images are too small
            to tell, or too many.
    """

    value_range: dict[str, tuple[int, int]]
    mean: tuple[float, ...]
    standard_deviation: tuple[float, ...]
    duplicates: tuple[Duplicates, ...]
    look_alikes: tuple[Duplicates, ...] | None = None


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
    small: dict[str, np.ndarray] | None = {} if _can_compare(dataset) else None
    for name, split in dataset.splits.items():
        hashes[name], own_small = [], []
        for images in _batches(split):
            statistics[name].add(images)
            hashes[name] += map(_hash, images)
            if small is not None:
                own_small.append(small_images(images))
        if small is not None:
            small[name] = np.concatenate(own_small)
        # Reversed, so that the first of several equal images is kept.
        places[name] = {h: i for i, h in reversed(list(enumerate(hashes[name])))}
    train = statistics["train"]
    return Inspection(
        value_range={name: (own.lowest, own.highest) for name, own in statistics.items()},
        mean=tuple(train.mean.tolist()),
        standard_deviation=tuple(train.standard_deviation.tolist()),
        duplicates=tuple(
            _duplicates(dataset, split, other, _equal(hashes[split], places[other]))
            for other, split in itertools.combinations(dataset.splits, 2)
        ),
        look_alikes=None
        if small is None
        else tuple(
            _duplicates(dataset, split, other, _alike(small, hashes, places, split, other))
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


def _can_compare(dataset: Dataset) -> bool:
    return are_comparable(dataset.train.read([0])) and len(dataset.train) <= _MOST_COMPARED


def _equal(hashes: list[str], places: dict[str, int]) -> list[tuple[int, int]]:
    """Returns the places of the images of a split, and of the equal ones of another."""
    return [(i, places[content]) for i, content in enumerate(hashes) if content in places]


def _alike(small, hashes, places, split: str, other: str) -> list[tuple[int, int]]:
    """Returns the places of the images of a split that look like others, and are not equal."""
    found = enumerate(nearest_alike(small[other], small[split]).tolist())
    return [(i, j) for i, j in found if j >= 0 and hashes[split][i] not in places[other]]


def _duplicates(
    dataset: Dataset, split: str, other: str, pairs: list[tuple[int, int]]
) -> Duplicates:
    own, others = dataset.splits[split], dataset.splits[other]
    return Duplicates(
        split=split,
        other=other,
        count=len(pairs),
        relabelled=sum(int(own.labels[i] != others.labels[j]) for i, j in pairs),
        examples=tuple((own.name(i), others.name(j)) for i, j in pairs[:_NAMED]),
    )
