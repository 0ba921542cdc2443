"""Splits of a data set, read by index from memory, from files or from TFRecord files."""

import contextlib
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from kerasrecipes.base.checks import check_rank
from kerasrecipes.base.text import printable
from kerasrecipes.data.reading.decoding import BrokenImageError, EncodedImage, probe_image
from kerasrecipes.data.reading.file_contents import content_hashes
from kerasrecipes.data.reading.image_records import ImageRecords
from kerasrecipes.data.reading.threads import map_in_threads

# This suffices for the header of most images. Images with a longer header are read whole.
_HEADER_BYTES = 4096

# Decoders of images up to this size take Python's lock so often that threads would slow them down.
_SMALL_IMAGE_PIXELS = 64 * 64


class Split(Protocol):
    """The labelled images of train, validation or test, all of one size.

    Attributes:
        labels: int32 array of shape `(samples,)`.
        image_shape: Tuple `(height, width, channels)`.
    """

    @property
    def labels(self) -> np.ndarray: ...

    @property
    def image_shape(self) -> tuple[int, int, int]: ...

    def __len__(self) -> int: ...

    def read(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Returns the images at `indices`, uint8 of shape `(len(indices), *image_shape)`."""
        ...

    def name(self, index: int) -> str:
        """Returns a name by which people can find the image, such as the file's name."""
        ...

    def digest(self) -> str:
        """Returns a SHA-256 of the contents, the same wherever they are kept."""
        ...


@dataclass(frozen=True, eq=False)
class ArraySplit:
    """Images in memory.

    Args:
        images: uint8 array of shape `(samples, height, width, channels)`.
        labels: int32 array of shape `(samples,)`.
        names: The names of the images, such as those of the files that they were read from; empty
            if they have none.

    Example:

    >>> split = ArraySplit(np.zeros((5, 8, 8, 1), "uint8"), np.arange(5, dtype="int32"))
    >>> split.read([0, 3]).shape
    (2, 8, 8, 1)
    """

    images: np.ndarray
    labels: np.ndarray
    names: Sequence[str] = ()

    def __post_init__(self):
        if self.images.dtype != np.uint8:
            raise TypeError(
                f"`images` must be a uint8 array. Received: images.dtype={self.images.dtype}"
            )
        check_rank("images", self.images.shape, 4, "(samples, height, width, channels)")
        _check_labels(self.labels, len(self.images))

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.images.shape[1:]

    def __len__(self) -> int:
        return len(self.labels)

    def read(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        return self.images[indices]

    def name(self, index: int) -> str:
        return printable(self.names[index]) if self.names else f"#{index}"

    def digest(self) -> str:
        return array_digest(self.images, self.labels)


def array_digest(values: np.ndarray, labels: np.ndarray) -> str:
    """Returns a SHA-256 of the values of samples, such as their pixels, and of their labels."""
    content = hashlib.sha256(repr(values.shape).encode())
    content.update(labels.astype("<i4").tobytes())
    content.update(np.ascontiguousarray(values).data)
    return content.hexdigest()


class _DecodedSplit:
    """Images that are decoded every time they are read, by one thread for each CPU."""

    labels: np.ndarray
    image_shape: tuple[int, int, int]

    def _read_one(self, index: int) -> np.ndarray:
        raise NotImplementedError

    def name(self, index: int) -> str:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.labels)

    def read(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        images, broken = self._decode(indices)
        if broken:
            raise broken[min(broken)]
        return images

    def to_memory(self) -> tuple[ArraySplit, dict[str, str]]:
        """Returns the images that can be decoded, and a reason for each broken one, by name."""
        images, broken = self._decode(range(len(self)))
        kept = [index for index in range(len(self)) if index not in broken]
        images = images[kept] if broken else images
        reasons = {self.name(index): error.reason for index, error in sorted(broken.items())}
        return ArraySplit(images, self.labels[kept], [self.name(i) for i in kept]), reasons

    def _decode(
        self, indices: Sequence[int] | np.ndarray
    ) -> tuple[np.ndarray, dict[int, BrokenImageError]]:
        images = np.empty((len(indices), *self.image_shape), np.uint8)
        broken = {}

        def decode(position: int) -> None:
            try:
                images[position] = self._read_one(indices[position])
            except BrokenImageError as error:
                broken[position] = error

        small = math.prod(self.image_shape[:2]) <= _SMALL_IMAGE_PIXELS
        for _ in (map if small else map_in_threads)(decode, range(len(indices))):
            pass
        return images, broken


@dataclass(frozen=True, eq=False)
class FileSplit(_DecodedSplit):
    """Images that are decoded from files every time they are read, by one thread for each CPU.

    Args:
        directory: Path that `names` are relative to.
        names: Sequence of strings: the files, with `/` between folders on every system.
        labels: int32 array of shape `(samples,)`.
        image_shape: Tuple `(height, width, channels)` of what `decode` returns.
        decode: Function from a `Path` to a uint8 array of `image_shape`, such as `read_image`. It
            raises a `BrokenImageError` for a damaged file.
    """

    directory: Path
    names: Sequence[str]
    labels: np.ndarray
    image_shape: tuple[int, int, int]
    decode: Callable[[Path], np.ndarray]

    def __post_init__(self):
        _check_labels(self.labels, len(self.names))

    def name(self, index: int) -> str:
        return printable(self.names[index])

    def digest(self) -> str:
        content = hashlib.sha256(repr(self.image_shape).encode())
        hashes = content_hashes(self.directory, self.names)
        for name, label, of_file in zip(self.names, self.labels.tolist(), hashes, strict=True):
            content.update(f"{name}\0{label}\0{of_file}\0".encode("utf-8", "surrogateescape"))
        return content.hexdigest()

    def _read_one(self, index: int) -> np.ndarray:
        return self.decode(self.directory / self.names[index])


@dataclass(frozen=True, eq=False)
class RecordSplit(_DecodedSplit):
    """Images that are decoded from TFRecord files every time they are read, like a `FileSplit`.

    Args:
        records: `ImageRecords`, with the position of each image in the files.
        labels: int32 array of shape `(samples,)`.
        image_shape: Tuple `(height, width, channels)` of what `decode` returns.
        decode: Function from an `EncodedImage` to a uint8 array of `image_shape`, such as
            `read_image`. It raises a `BrokenImageError` for a damaged image.
    """

    records: ImageRecords
    labels: np.ndarray
    image_shape: tuple[int, int, int]
    decode: Callable[[EncodedImage], np.ndarray]

    def __post_init__(self):
        _check_labels(self.labels, len(self.records))

    def readable(self) -> tuple["RecordSplit", dict[str, str]]:
        """Returns the images with a valid header, and a reason for each broken one, by name."""
        broken: dict[int, str] = {}

        def probe(index: int) -> None:
            with contextlib.suppress(BrokenImageError):
                probe_image(self.records.open(index, _HEADER_BYTES))
                return
            try:
                probe_image(self.records.open(index))
            except BrokenImageError as error:
                broken[index] = error.reason

        map_in_threads(probe, range(len(self)))
        kept = np.delete(np.arange(len(self)), sorted(broken))
        reasons = {self.name(index): reason for index, reason in sorted(broken.items())}
        records, labels = self.records.take(kept), self.labels[kept]
        return RecordSplit(records, labels, self.image_shape, self.decode), reasons

    def name(self, index: int) -> str:
        return self.records.name(index)

    def digest(self) -> str:
        content = hashlib.sha256(repr(self.image_shape).encode())
        content.update(self.labels.astype("<i4").tobytes())
        content.update(self.records.digest().encode())
        return content.hexdigest()

    def _read_one(self, index: int) -> np.ndarray:
        return self.decode(self.records.open(index))


def _check_labels(labels: np.ndarray, samples: int) -> None:
    if labels.dtype != np.int32 or labels.shape != (samples,):
        raise ValueError(
            f"`labels` must be an int32 array of shape ({samples},), one for each image. "
            f"Received: labels.dtype={labels.dtype}, labels.shape={labels.shape}"
        )
