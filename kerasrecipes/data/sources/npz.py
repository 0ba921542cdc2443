"""Images in the arrays of a NumPy archive."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from kerasrecipes.base.checks import nearest
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.reading.npz_file import read_npz
from kerasrecipes.data.reading.pixels import to_uint8
from kerasrecipes.data.sources.options import check_class_names, check_fractions, check_selection
from kerasrecipes.data.split import ArraySplit
from kerasrecipes.data.splitting.split_assignment import (
    assign_splits,
    check_every_class,
    select_classes,
)


@dataclass(frozen=True)
class Npz:
    """Images and labels in an `.npz` file, as `numpy.savez` and `keras.datasets` write it.

    The arrays are called `x_train`, `y_train`, `x_test`, `y_test` and, for a validation split,
    `x_val`, `y_val`. Names such as `train_images`, `train_labels` or `images_train`,
    `labels_train` are read as well; so are `valid` and `validation` for `val`. If the images are
    not split yet, the arrays are called `x`, `y` or `images`, `labels`. An array `classes` or
    `class_names` may name the classes; without it, their names are their numbers.

    Images have the shape `(samples, height, width)` or `(samples, height, width, channels)`, labels
    `(samples,)` or `(samples, 1)`. Images are held as uint8. Images of another type must be exactly
    convertible. Integers must be in [0, 255]. Floats must be multiples of 1/255 in [0, 1] if none
    is above 1, else whole numbers in [0, 255], up to the rounding of their type. Arrays of objects
    are refused, because reading them can run code.

    Args:
        path: String or path of the file.
        validation_fraction: Float in `(0, 1)`, a fraction of the training images, the same of every
            class. Not used if the file has a validation split.
        test_fraction: `None`, or a float in `(0, 1)`, likewise. The sum with `validation_fraction`
            must be less than 1. With `None` there is a test split only if the file has one.
        classes: `None` for all, or a list of at least two class names. The first one gets the
            label 0.
        examples_per_class: `None` for all, or a positive integer: the number of training images of
            each class. A smaller number chooses a subset of what a larger number chooses; other
            splits do not change.
        split_seed: Non-negative integer. It decides which images are in which split, and which are
            the examples of each class. It is independent of the seed of a run, so that runs with
            different seeds are scored on the same images.

    Raises:
        ValueError: If an option is out of range. In `load`, if the file is not as described.
        TypeError: In `load`, if an array is of another type.

    Example:

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = pathlib.Path(directory, "arrays.npz")
    ...     images = np.zeros((40, 28, 28), "uint8")
    ...     np.savez(path, x_train=images, y_train=np.arange(40) % 2, classes=["cat", "dog"])
    ...     data = Npz(path, test_fraction=0.2).load()
    >>> data.sizes, data.image_shape, data.class_names
    ({'train': 28, 'validation': 4, 'test': 8}, (28, 28, 1), ('cat', 'dog'))
    """

    # Left out of a recipe's fingerprint: it must not depend on where the images are kept.
    local_paths: ClassVar[tuple[str, ...]] = ("path",)

    path: str | os.PathLike
    validation_fraction: float = 0.1
    test_fraction: float | None = None
    classes: Sequence[str] | None = None
    examples_per_class: int | None = None
    split_seed: int = 0

    def __post_init__(self):
        if not isinstance(self.path, str | os.PathLike):
            raise TypeError(f"`path` must be a string or path. Received: path={self.path!r}")
        check_fractions(self.validation_fraction, self.test_fraction, self.split_seed)
        check_selection(self.classes, self.examples_per_class)

    def load(self) -> Dataset:
        """Returns the images as a `Dataset` in memory."""
        path = _existing(self.path)
        archive = read_npz(path)
        if "test" in archive.images and self.test_fraction is not None:
            raise ValueError(
                f"`test_fraction` must be None if {path.name!r} has a test split. "
                f"Received: test_fraction={self.test_fraction!r}"
            )
        converted = to_uint8({archive.names[split]: x for split, x in archive.images.items()})
        images = {split: converted[archive.names[split]] for split in archive.images}
        labels, class_names = archive.labels, archive.class_names
        if self.classes is not None:
            check_class_names(self.classes, class_names, path.name)
            kept = {
                split: select_classes(own, class_names, self.classes)
                for split, own in labels.items()
            }
            images = {split: x[kept[split] >= 0] for split, x in images.items()}
            labels = {split: own[own >= 0] for split, own in kept.items()}
            class_names = tuple(self.classes)
        check_every_class(labels["train"], class_names, repr(path.name))
        assigned = assign_splits(
            labels,
            class_names,
            validation_fraction=self.validation_fraction,
            test_fraction=self.test_fraction,
            split_seed=self.split_seed,
            examples_per_class=self.examples_per_class,
        )
        splits = {
            split: ArraySplit(images[origin][indices], labels[origin][indices])
            for split, (origin, indices) in assigned.items()
        }
        return Dataset(
            train=splits["train"],
            validation=splits["validation"],
            test=splits.get("test"),
            class_names=class_names,
            image_shape=splits["train"].image_shape,
            source=f"arrays in {path.name!r}",
        )


def _existing(path: str | os.PathLike) -> Path:
    path = Path(path).expanduser()
    if path.is_file():
        return path
    there = [p.name for p in path.parent.glob("*.npz")] if path.parent.is_dir() else []
    raise ValueError(
        f"`path` must be an existing .npz file.{nearest(path.name, there)} "
        f"Received: path={str(path)!r}"
    )
