"""What is known of images before anything is chosen: counts, sizes, balance, duplicates, colour."""

import itertools
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.reading.decoding import BrokenImageError, read_image
from kerasrecipes.data.reading.file_contents import content_hashes
from kerasrecipes.data.reading.folder_layout import FolderLayout
from kerasrecipes.data.reading.image_files import ImageFiles, check_readable, probe_files
from kerasrecipes.data.reading.npz_file import read_npz
from kerasrecipes.data.reading.threads import map_in_threads
from kerasrecipes.data.viewing.inspection import pixel_hashes
from kerasrecipes.recipe.spec import Spec

# So many images tell whether all are grey, and how long it takes to decode one.
_LOOKED_AT = 48
_LOOKING_SIZE = (224, 224)
# A grey photograph in a colour JPEG is off by a level or two.
_GREY_TOLERANCE = 4
# A data set of TensorFlow Datasets whose images differ in size is looked at in this one.
_COMMON_SIZE = 224


@dataclass(frozen=True)
class ImageFacts:
    """What is known of images before anything is chosen.

    Args:
        source: The data source.
        class_names: The names of the classes.
        counts: Dict from split to the number of images of each class. `"train"` is always there;
            it holds all images unless the source has splits of its own.
        sides: The smallest, the median and the largest of the images' shorter sides, in pixels.
        largest: `(height, width)` of the largest image.
        grey: Whether all images that were looked at are grey.
        duplicates: The number of images whose content an earlier one has.
        conflicting: The number of these that have another label than the earlier one.
        skipped: The number of files that were skipped: broken, missing, or no images.
        decode_seconds: The time that it takes to read an image, on all CPUs.
    """

    source: Spec
    class_names: tuple[str, ...]
    counts: Mapping[str, tuple[int, ...]]
    sides: tuple[int, int, int]
    largest: tuple[int, int]
    grey: bool = False
    duplicates: int = 0
    conflicting: int = 0
    skipped: int = 0
    decode_seconds: float = 0.0

    @property
    def total(self) -> int:
        """The number of images of all splits."""
        return sum(map(sum, self.counts.values()))

    @property
    def smallest(self) -> int:
        """The number of training images of the smallest class."""
        return min(self.counts["train"])

    @property
    def unevenness(self) -> float:
        """The number of training images of the largest class over that of the smallest."""
        return max(self.counts["train"]) / max(1, self.smallest)

    @property
    def majority(self) -> tuple[str, float]:
        """The largest class, and the share of images that have it."""
        counts = np.sum(list(self.counts.values()), axis=0)
        label = int(counts.argmax())
        return self.class_names[label], float(counts[label] / counts.sum())


def inspect_images(source: Spec) -> ImageFacts:
    """Looks at all images of a source: at their headers and contents, and at the pixels of some.

    Args:
        source: A data source, such as `use("ImageFolder", directory="photos")`. Its images may
            differ in size.

    Raises:
        ValueError: If the source cannot be read, or a class has no images.
    """
    built = source.build("data")
    if hasattr(built, "layout"):
        return _of_files(source, built.layout(), getattr(built, "broken_fraction", None))
    return _of_dataset(source)


def _of_files(source: Spec, layout: FolderLayout, broken_fraction: float | None) -> ImageFacts:
    files, broken = probe_files(layout)
    labels = {split: found.labels for split, found in files.items()}
    check_readable(layout, broken, labels, broken_fraction)
    names = [name for found in files.values() for name in found.names]
    every_label = np.concatenate(list(labels.values()))
    hashes = content_hashes(layout.root, names)
    duplicates, conflicting = _duplicates(hashes, every_label)
    grey, seconds = _look(layout, names)
    shorter, largest = _sides(files)
    return ImageFacts(
        source=source,
        class_names=layout.class_names,
        counts=_counts(labels, len(layout.class_names)),
        sides=shorter,
        largest=largest,
        grey=grey,
        duplicates=duplicates,
        conflicting=conflicting,
        skipped=len(broken) + len(layout.skipped),
        decode_seconds=seconds,
    )


def _of_dataset(source: Spec) -> ImageFacts:
    dataset = _loaded(source)
    own = _own_splits(source)
    labels: dict[str, np.ndarray] = {}
    for name, split in dataset.splits.items():
        place = name if name in own else "train"
        labels[place] = np.concatenate([labels.get(place, split.labels[:0]), split.labels])
    began = time.monotonic()
    hashes = list(itertools.chain(*map(pixel_hashes, dataset.splits.values())))
    seconds = (time.monotonic() - began) / max(1, len(hashes))
    every_label = np.concatenate([own.labels for own in dataset.splits.values()])
    duplicates, conflicting = _duplicates(hashes, every_label)
    images = dataset.train.read(np.arange(min(_LOOKED_AT, len(dataset.train))))
    height, width, _ = dataset.image_shape
    return ImageFacts(
        source=source,
        class_names=dataset.class_names,
        counts=_counts(labels, len(dataset.class_names)),
        sides=(min(height, width),) * 3,
        largest=(height, width),
        grey=_is_grey(images),
        duplicates=duplicates,
        conflicting=conflicting,
        skipped=len(dataset.skipped),
        decode_seconds=seconds,
    )


def _loaded(source: Spec) -> Dataset:
    try:
        return source.build("data").load()
    except ValueError as error:
        if "`image_size` must be given" not in str(error):
            raise
    sized = Spec(source.name, {**source.options, "image_size": _COMMON_SIZE})
    return sized.build("data").load()


def _own_splits(source: Spec) -> set[str]:
    """Returns the splits that a source has itself; the others are parts of its training split."""
    if source.name == "Npz":
        return set(read_npz(Path(str(source.options["path"])).expanduser()).images)
    usual = {"validation": None, "test": "test"}  # As `TFDS` has them.
    own = {s for s, default in usual.items() if source.options.get(f"{s}_split", default)}
    return {"train", *own}


def _counts(labels: Mapping[str, np.ndarray], classes: int) -> dict[str, tuple[int, ...]]:
    return {
        split: tuple(np.bincount(own, minlength=classes).tolist()) for split, own in labels.items()
    }


def _duplicates(hashes: Sequence[str], labels: np.ndarray) -> tuple[int, int]:
    """Returns how many images repeat an earlier one, and how many of these with another label."""
    first: dict[str, int] = {}
    conflicting = 0
    for content, label in zip(hashes, labels.tolist(), strict=True):
        before = first.setdefault(content, label)
        conflicting += before != label
    return len(hashes) - len(first), conflicting


def _sides(files: Mapping[str, ImageFiles]) -> tuple[tuple[int, int, int], tuple[int, int]]:
    sizes = Counter(size for found in files.values() for size in found.sizes)
    shorter = sorted(itertools.chain(*([min(size)] * n for size, n in sizes.items())))
    sides = (shorter[0], shorter[len(shorter) // 2], shorter[-1])
    return sides, max(sizes, key=lambda size: size[0] * size[1])


def _look(layout: FolderLayout, names: Sequence[str]) -> tuple[bool, float]:
    """Returns whether images are grey, by some of them, and the seconds to decode one."""
    places = np.linspace(0, len(names) - 1, min(_LOOKED_AT, len(names)), dtype=int)
    chosen = [names[place] for place in places]

    def read(name: str) -> np.ndarray | None:
        try:
            return read_image(layout.root / name, size=_LOOKING_SIZE)
        except BrokenImageError:  # It is named when the images are loaded.
            return None

    began = time.monotonic()
    images = [image for image in map_in_threads(read, chosen) if image is not None]
    seconds = (time.monotonic() - began) / len(chosen)
    return bool(images) and _is_grey(np.stack(images)), seconds


def _is_grey(images: np.ndarray) -> bool:
    levels = images.astype(np.int16)
    return bool((levels.max(-1) - levels.min(-1) <= _GREY_TOLERANCE).all())
