"""Labelled images that are read by index: from memory, or from files."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from kerasrecipes.checks import check_rank
from kerasrecipes.data.decoding import BrokenImageError
from kerasrecipes.data.threads import map_in_threads


class Split(Protocol):
    """The images of one of train, validation and test, of one size, with their labels.

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

    def digest(self) -> str:
        """Returns a SHA-256 of the contents, which does not depend on where they are kept."""
        ...


@dataclass(frozen=True, eq=False)
class ArraySplit:
    """Images in memory.

    Args:
        images: uint8 array of shape `(samples, height, width, channels)`.
        labels: int32 array of shape `(samples,)`.

    Example:

    >>> split = ArraySplit(np.zeros((5, 8, 8, 1), "uint8"), np.arange(5, dtype="int32"))
    >>> split.read([0, 3]).shape
    (2, 8, 8, 1)
    """

    images: np.ndarray
    labels: np.ndarray

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

    def digest(self) -> str:
        content = hashlib.sha256(repr(self.images.shape).encode())
        content.update(self.labels.astype("<i4").tobytes())
        content.update(np.ascontiguousarray(self.images).data)
        return content.hexdigest()


@dataclass(frozen=True, eq=False)
class FileSplit:
    """Images that are decoded from files whenever they are read, by one thread for each CPU.

    Args:
        directory: Path that `names` are relative to.
        names: Sequence of strings: the files, with `/` between folders on every system.
        labels: int32 array of shape `(samples,)`.
        image_shape: Tuple `(height, width, channels)` of what `decode` returns.
        decode: Function from a `Path` to a uint8 array of `image_shape`, such as `read_image`; it
            raises `BrokenImageError` for a damaged file.
    """

    directory: Path
    names: Sequence[str]
    labels: np.ndarray
    image_shape: tuple[int, int, int]
    decode: Callable[[Path], np.ndarray]

    def __post_init__(self):
        _check_labels(self.labels, len(self.names))

    def __len__(self) -> int:
        return len(self.labels)

    def read(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        images, broken = self._decode(indices)
        if broken:
            raise broken[min(broken)]
        return images

    def to_memory(self) -> tuple[ArraySplit, dict[str, str]]:
        """Returns the images that can be decoded, and the reason for each name that cannot."""
        images, broken = self._decode(range(len(self)))
        labels = self.labels
        if broken:
            images = np.delete(images, list(broken), axis=0)
            labels = np.delete(labels, list(broken))
        reasons = {self.names[index]: error.reason for index, error in sorted(broken.items())}
        return ArraySplit(images, labels), reasons

    def digest(self) -> str:
        content = hashlib.sha256(repr(self.image_shape).encode())
        for name, label in zip(self.names, self.labels.tolist(), strict=True):
            content.update(f"{name}\0{(self.directory / name).stat().st_size}\0{label}\0".encode())
        return content.hexdigest()

    def _decode(
        self, indices: Sequence[int] | np.ndarray
    ) -> tuple[np.ndarray, dict[int, BrokenImageError]]:
        images = np.empty((len(indices), *self.image_shape), np.uint8)
        broken = {}

        def decode(position: int) -> None:
            try:
                images[position] = self.decode(self.directory / self.names[indices[position]])
            except BrokenImageError as error:
                broken[position] = error

        map_in_threads(decode, range(len(indices)))
        return images, broken


def _check_labels(labels: np.ndarray, samples: int) -> None:
    if labels.dtype != np.int32 or labels.shape != (samples,):
        raise ValueError(
            f"`labels` must be an int32 array of shape ({samples},), one for each image. "
            f"Received: labels.dtype={labels.dtype}, labels.shape={labels.shape}"
        )
