"""Readable image files of a directory, and a limit on the number of broken ones."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from kerasrecipes.data.reading.broken_images import check_broken
from kerasrecipes.data.reading.decoding import BrokenImageError, probe_image
from kerasrecipes.data.reading.folder_layout import FolderLayout
from kerasrecipes.data.reading.threads import map_in_threads


class ImageFiles(NamedTuple):
    """Image files with their labels and upright sizes.

    Args:
        names: List of strings, relative to the layout's root.
        labels: int32 array of shape `(files,)`.
        sizes: List of tuples `(height, width)`.
    """

    names: list[str]
    labels: np.ndarray
    sizes: list[tuple[int, int]]

    def take(self, indices: np.ndarray) -> "ImageFiles":
        """Returns the files at `indices`."""
        chosen = indices.tolist()
        return ImageFiles(
            [self.names[index] for index in chosen],
            self.labels[indices],
            [self.sizes[index] for index in chosen],
        )


def probe_files(layout: FolderLayout) -> tuple[dict[str, ImageFiles], dict[str, str]]:
    """Reads the headers of all image files of a directory.

    Args:
        layout: A `FolderLayout`.

    Returns:
        A dict from split to `ImageFiles` with the files that have a valid header, in the order of
        the layout; and a dict from the name of each broken file to the reason.
    """
    broken: dict[str, str] = {}

    def probe(name: str) -> tuple[int, int] | None:
        try:
            return probe_image(layout.root / name)
        except BrokenImageError as error:
            broken[name] = error.reason
            return None

    files = {}
    for split, classes in layout.files.items():
        names = [name for names in classes for name in names]
        labels = np.repeat(np.arange(len(classes), dtype=np.int32), [len(c) for c in classes])
        probed = zip(names, labels, map_in_threads(probe, names), strict=True)
        readable = [(name, label, size) for name, label, size in probed if size is not None]
        files[split] = ImageFiles(
            [name for name, _, _ in readable],
            np.array([label for _, label, _ in readable], np.int32),
            [size for _, _, size in readable],
        )
    return files, dict(sorted(broken.items()))


def check_readable(
    layout: FolderLayout,
    broken: Mapping[str, str],
    labels: Mapping[str, np.ndarray],
    fraction: float | None = None,
) -> None:
    """Raises if too many images are broken, or if a class has no image that can be read.

    Args:
        layout: A `FolderLayout`.
        broken: Dict from file name to reason.
        labels: Dict from split to the labels of its readable images.
        fraction: The fraction of the files that may be broken, as in `check_broken`.

    Raises:
        ValueError: If too many image files are broken, or if a split has no images of a class.
    """
    total = sum(len(names) for classes in layout.files.values() for names in classes)
    check_broken(broken, total, repr(str(layout.root)), fraction)
    for split, present in labels.items():
        counts = np.bincount(present, minlength=len(layout.class_names))
        if not counts.all():
            absent = layout.class_names[int(np.argmin(counts))]
            raise ValueError(
                f"Every class folder in {str(layout.root)!r} must hold images that can be read. "
                f"Received: none of class {absent!r} for {split}. Add some, or leave the class out "
                "by `classes`."
            )
