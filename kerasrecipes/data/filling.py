"""Last batches that are filled up to the size of the others, where each size is compiled anew."""

from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np

from kerasrecipes.data.split import Split


def compiles_each_size() -> bool:
    """Returns whether the backend compiles a program for each size of a batch, as JAX does."""
    return keras.backend.backend() == "jax"


def filled(samples: np.ndarray, size: int) -> np.ndarray:
    """Returns samples with the last one repeated until there are `size` of them.

    Example:

    >>> filled(np.array([3, 4]), 4).tolist()
    [3, 4, 4, 4]
    """
    return np.concatenate([samples, np.repeat(samples[-1:], size - len(samples), axis=0)])


@dataclass(frozen=True, eq=False)
class FilledSplit:
    """A split whose last sample is repeated until the last batch is full.

    Args:
        split: The split.
        batch_size: Positive integer.
    """

    split: Split
    batch_size: int

    def __len__(self):
        return -(-len(self.split) // self.batch_size) * self.batch_size

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """As the split's."""
        return self.split.image_shape

    @cached_property
    def labels(self) -> np.ndarray:
        """The split's, and those of the repeated sample."""
        return filled(self.split.labels, len(self))

    def read(self, indices) -> np.ndarray:
        """Returns the images at `indices`. The last one is read once."""
        indices = np.asarray(indices)
        there = indices[indices < len(self.split)]
        return filled(self.split.read(there), len(indices))

    def name(self, index: int) -> str:
        """As the split's."""
        return self.split.name(min(index, len(self.split) - 1))

    def digest(self) -> str:
        """As the split's: it holds the same images."""
        return self.split.digest()
