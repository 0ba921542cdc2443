"""Features in place of images."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class FeatureSplit:
    """What a network gives for the images of a split, read as a `Split` of images is.

    Args:
        features: float32 array of shape `(samples, ...)`, which may be mapped from a file.
        labels: int32 array of shape `(samples,)`.

    Example:

    >>> split = FeatureSplit(np.zeros((5, 64), "float32"), np.arange(5, dtype="int32"))
    >>> split.read([0, 3]).shape
    (2, 64)
    """

    features: np.ndarray
    labels: np.ndarray

    @property
    def image_shape(self) -> Any:  # Images have three axes, features one or more.
        return self.features.shape[1:]

    @property
    def dtype(self) -> np.dtype:
        return self.features.dtype

    def __len__(self) -> int:
        return len(self.labels)

    def read(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        return self.features[indices]

    def name(self, index: int) -> str:
        return f"#{index}"

    def digest(self) -> str:
        content = hashlib.sha256(repr(self.features.shape).encode())
        content.update(self.labels.astype("<i4").tobytes())
        content.update(np.ascontiguousarray(self.features).data)
        return content.hexdigest()
