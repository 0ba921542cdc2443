"""The one value that every source of images loads into."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kerasrecipes.data.split import Split


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images in three splits.

    Args:
        train: Split to fit on.
        validation: Split that chooses the epoch and the options.
        test: Split that is scored once, at the end; `None` where there is none.
        class_names: Tuple of strings; a label is an index into it.
        image_shape: Tuple `(height, width, channels)`, in pixels.
        source: One readable line on where the images come from.
        value_range: Tuple `(lowest, highest)` of the pixels' values.
        resize: Name of the policy in `RESIZE_POLICIES` that brings an image to `image_shape`;
            `None` where the source's images are taken as they are.
        skipped: Tuple of pairs `(path, reason)`: the files that were passed over.

    Raises:
        ValueError: If a split has no images, images of another shape, or labels without a name.
    """

    train: Split
    validation: Split
    test: Split | None
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    source: str
    value_range: tuple[int, int] = (0, 255)
    resize: str | None = None
    skipped: tuple[tuple[str, str], ...] = ()

    def __post_init__(self):
        for name, split in self.splits.items():
            if not len(split):
                raise ValueError(f"`{name}` must hold images. Received: none")
            if tuple(split.image_shape) != tuple(self.image_shape):
                raise ValueError(
                    f"`{name}` must have images of shape {self.image_shape}. "
                    f"Received: {name}.image_shape={split.image_shape}"
                )
            lowest, highest = int(split.labels.min()), int(split.labels.max())
            if lowest < 0 or highest >= len(self.class_names):
                raise ValueError(
                    f"The labels of `{name}` must be in [0, {len(self.class_names)}), the number "
                    f"of `class_names`. Received: labels from {lowest} to {highest}"
                )

    @property
    def splits(self) -> dict[str, Split]:
        """The splits that are there, by name, in the order train, validation, test."""
        splits = {"train": self.train, "validation": self.validation}
        return splits if self.test is None else splits | {"test": self.test}

    @property
    def sizes(self) -> dict[str, int]:
        """The number of images in each split."""
        return {name: len(split) for name, split in self.splits.items()}

    def class_counts(self) -> dict[str, list[int]]:
        """Returns the number of images of each class, in the order of `class_names`."""
        classes = len(self.class_names)
        return {
            name: np.bincount(split.labels, minlength=classes).tolist()
            for name, split in self.splits.items()
        }

    @cached_property
    def hash(self) -> str:
        """A SHA-256 of class names, labels and images, the same wherever the images are kept.

        Of images in memory the pixels are hashed; of streamed ones the relative file names and
        file sizes, because reading them all would take as long as an epoch.
        """
        content = hashlib.sha256(repr(tuple(self.class_names)).encode())
        for name, split in self.splits.items():
            content.update(f"{name} {split.digest()}".encode())
        return content.hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Returns the contents of a run's data.json: everything but the images, as plain data."""
        return {
            "source": self.source,
            "hash": self.hash,
            "sizes": self.sizes,
            "class_names": list(self.class_names),
            "class_counts": self.class_counts(),
            "image_shape": list(self.image_shape),
            "value_range": list(self.value_range),
            "resize": self.resize,
            "skipped": [list(entry) for entry in self.skipped],
        }
