"""Features of images as a split of a data set."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasrecipes.data.split import array_digest


@dataclass(frozen=True, eq=False)
class FeatureSplit:
    """The outputs of a network for the images of a split, with the interface of a `Split`.

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
        return array_digest(self.features, self.labels)
