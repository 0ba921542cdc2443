"""How uneven the classes of training images are."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Unevenness(NamedTuple):
    """The largest and the smallest class of training images.

    Args:
        largest: The name of the class with most images, the first of several.
        most: Their number.
        rarest: The name of the class with fewest, but at least one.
        least: Their number.
        empty: The names of the classes without images.
    """

    largest: str
    most: int
    rarest: str
    least: int
    empty: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """The imbalance ratio: images of the largest class for each image of the rarest."""
        return self.most / self.least


def unevenness(counts: Sequence[int], class_names: Sequence[str]) -> Unevenness:
    """Returns the largest and the smallest class.

    Args:
        counts: The number of images of each class, of which one is positive.
        class_names: Their names.

    Example:

    >>> unevenness([900, 30, 0], ["cat", "dog", "owl"])
    Unevenness(largest='cat', most=900, rarest='dog', least=30, empty=('owl',))
    """
    numbers = np.asarray(counts)
    present = np.where(numbers > 0, numbers, numbers.max())
    largest, rarest = int(numbers.argmax()), int(present.argmin())
    return Unevenness(
        largest=class_names[largest],
        most=int(numbers[largest]),
        rarest=class_names[rarest],
        least=int(present[rarest]),
        empty=tuple(class_names[label] for label in np.flatnonzero(numbers == 0).tolist()),
    )
