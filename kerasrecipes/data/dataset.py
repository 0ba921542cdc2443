"""Labelled images in training, validation and test splits: the value that every source returns."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kerasrecipes.data.split import Split


def evaluation_split(available: Collection[str]) -> str:
    """Returns the split that a model is judged by: test if there is one, else validation.

    Args:
        available: The names of the splits to choose from.

    Raises:
        ValueError: If there is neither.

    Example:

    >>> evaluation_split(["train", "validation", "test"]), evaluation_split(["validation"])
    ('test', 'validation')
    """
    for split in ("test", "validation"):
        if split in available:
            return split
    raise ValueError(
        f"There must be a test or a validation split. Received: {', '.join(available) or 'none'}"
    )


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images in three splits.

    Args:
        train: Split that the model is trained on.
        validation: Split that chooses the epoch and the options.
        test: Split that is scored once, at the end; `None` if there is none.
        class_names: Tuple of strings; a label is an index into it.
        image_shape: Tuple `(height, width, channels)`, in pixels.
        source: One readable line that says where the images come from.
        value_range: Tuple `(lowest, highest)` of the pixels' values.
        resize: Name of the policy in `RESIZE_POLICIES` that brings an image to `image_shape`;
            `None` if the source does not resize its images.
        skipped: Tuple of pairs `(path, reason)`: the files that were skipped.
        held_out: Whether the validation images are kept from training. If not, their scores mean
            nothing.

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
    held_out: bool = True

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
        """The splits by name: train, validation and, if there is one, test."""
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

        Images in memory are hashed by their pixels. Streamed images are hashed by the names and
        contents of their files, which are read for it once; see `content_hashes`.
        """
        content = hashlib.sha256(repr(tuple(self.class_names)).encode())
        for name, split in self.splits.items():
            content.update(f"{name} {split.digest()}".encode())
        return content.hexdigest()

    def __repr__(self):
        sizes = ", ".join(f"{n:,} {split}" for split, n in self.sizes.items())
        shape = " x ".join(map(str, self.image_shape))
        return f"Dataset({self.source}: {sizes}; {shape}, {len(self.class_names):,} classes)"

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
