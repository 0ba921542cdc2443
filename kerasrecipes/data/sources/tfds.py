"""Image-classification data sets of TensorFlow Datasets."""

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from kerasrecipes.base.checks import check_choice
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.reading.broken_images import check_broken
from kerasrecipes.data.reading.decoding import read_image
from kerasrecipes.data.reading.image_records import ImageRecords
from kerasrecipes.data.reading.resizing import RESIZE_POLICIES, height_and_width
from kerasrecipes.data.reading.tfds_builder import (
    LabelledImages,
    find_builder,
    labelled_images,
    prepare,
    split_parts,
)
from kerasrecipes.data.sources.options import (
    check_broken_fraction,
    check_class_names,
    check_fractions,
    check_image_size,
    check_selection,
    fits_in_memory,
)
from kerasrecipes.data.split import RecordSplit, Split
from kerasrecipes.data.splitting.split_assignment import (
    assign_splits,
    check_every_class,
    select_classes,
)


@dataclass(frozen=True)
class TFDS:
    """Any data set of TensorFlow Datasets that has one image and one class for each example.

    A data set that is prepared in `data_dir` is read without a network. Other data sets are
    downloaded and prepared there first. Up to 1 GiB of decoded images is held in memory; larger
    data sets are streamed. For that, `load` finds the position of each image in the TFRecord files
    once, and every batch then reads and decodes just its own images, with one thread for each CPU.
    So streamed images come in the same random permutation as images in memory, a pure function of
    seed and step. A shuffle buffer, which mixes only neighbouring records, could not give it.

    A broken image is skipped and listed in `Dataset.skipped`. If more images are broken than
    `broken_fraction` allows, an error is raised. If images are streamed, `load` reads only their
    headers. Damage behind the header raises an error when the image is read. Neither reading nor
    decoding needs TensorFlow.

    Args:
        name: Name as for `tfds.load`, such as `"cifar10"`, `"eurosat/rgb"` or `"mnist:3.0.1"`.
        data_dir: The folder of prepared data sets. Defaults to that of TensorFlow Datasets, which
            is `~/tensorflow_datasets` or `$TFDS_DATA_DIR`.
        train_split: A split or a part of one, such as `"train"` or `"train[:80%]"`.
        validation_split: Likewise, or `None` to take it from the training split, with the same
            fraction of every class.
        test_split: Likewise, or `None` to have no test split or to set `test_fraction`.
        validation_fraction: Float in `(0, 1)`, a fraction of the training split. Not used with
            `validation_split`.
        test_fraction: `None`, or a float in `(0, 1)`, a fraction of the training split. The sum
            with `validation_fraction` must be less than 1. Needs `test_split=None`.
        label: Name of the feature that holds the class, if there are several.
        image_size: The size that images are resized to: a side in pixels, or a pair `(height,
            width)`. `None` keeps their size, which must be the same for all.
        resize: The resize policy. `"crop"` scales the image until it covers the target and cuts
            around the centre, `"pad"` scales it until it fits into the target and centres it on
            black, and `"stretch"` scales each side.
        channels: 3 for RGB, 1 for grey, or `None` for the channels of the data set.
        classes: `None` for all, or a list of at least two class names. The first one gets the
            label 0.
        examples_per_class: `None` for all, or a positive integer: the number of training images of
            each class. A smaller number chooses a subset of what a larger number chooses; other
            splits do not change.
        split_seed: Non-negative integer. It decides which images are in which split, and which are
            the examples of each class. It is independent of the seed of a run, so that runs with
            different seeds are scored on the same images.
        in_memory: Boolean, or `None` to hold up to 1 GiB of decoded images in memory and to stream
            larger data sets.
        download: Whether to download a data set that is not prepared. Without a network, TensorFlow
            Datasets gives up after about three minutes.
        broken_fraction: The fraction of the images that may be broken, in `[0, 1]`. `None` for 1%,
            or 5 images if that is more.

    Raises:
        ValueError: If an option is out of range. In `load`, if there is no such data set, split,
            class or label; if the data set is not prepared and cannot be downloaded; if splits have
            images in common; if a class has too few images; or if too many images are broken.

    Example:

    ```python
    data = TFDS("cifar10", data_dir="~/tensorflow_datasets", classes=["cat", "dog"]).load()
    data.sizes  # {'train': 9000, 'validation': 1000, 'test': 2000}
    ```

    Reference:
        https://www.tensorflow.org/datasets. Differs from `tfds.load` in: images are decoded by
        Pillow, which turns JPEGs upright by their EXIF orientation and may differ from TensorFlow
        by a grey level or two in the pixels of a JPEG.
    """

    # Left out of a recipe's fingerprint: it must not depend on where the images are kept.
    local_paths: ClassVar[tuple[str, ...]] = ("data_dir", "download")

    name: str
    data_dir: str | os.PathLike | None = None
    train_split: str = "train"
    validation_split: str | None = None
    test_split: str | None = "test"
    validation_fraction: float = 0.1
    test_fraction: float | None = None
    label: str | None = None
    image_size: int | Sequence[int] | None = None
    resize: str = "crop"
    channels: int | None = None
    classes: Sequence[str] | None = None
    examples_per_class: int | None = None
    split_seed: int = 0
    in_memory: bool | None = None
    download: bool = True
    broken_fraction: float | None = None

    def __post_init__(self):
        for option in ("name", "train_split"):
            value = getattr(self, option)
            if not isinstance(value, str) or not value:
                raise TypeError(f"`{option}` must be a string. Received: {option}={value!r}")
        check_fractions(self.validation_fraction, self.test_fraction, self.split_seed)
        if self.test_split is not None and self.test_fraction is not None:
            raise ValueError(
                "`test_split` must be None if `test_fraction` is given. Received: "
                f"test_split={self.test_split!r}, test_fraction={self.test_fraction!r}"
            )
        check_image_size(self.image_size)
        check_choice("resize", self.resize, RESIZE_POLICIES)
        check_choice("channels", self.channels, (None, 1, 3))
        check_selection(self.classes, self.examples_per_class)
        check_choice("in_memory", self.in_memory, (None, True, False))
        check_broken_fraction(self.broken_fraction)
        check_choice("download", self.download, (True, False))

    def load(self) -> Dataset:
        """Returns the images as a `Dataset`, in memory or streamed from their files."""
        builder = find_builder(self.name, self.data_dir)
        # The options are checked before anything is downloaded.
        info = labelled_images(builder.info, self.label)
        image_shape = self._image_shape(info)
        check_class_names(self.classes, info.class_names, self.name)
        class_names = tuple(self.classes or info.class_names)
        prepare(builder, self.name, self.download)
        records, labels = self._scan(builder, info)
        check_every_class(labels["train"], class_names, repr(self.name))
        assigned = assign_splits(
            labels,
            class_names,
            validation_fraction=self.validation_fraction,
            test_fraction=self.test_fraction,
            split_seed=self.split_seed,
            examples_per_class=self.examples_per_class,
        )
        total = sum(len(indices) for _, indices in assigned.values())
        in_memory = fits_in_memory(total, image_shape, self.in_memory)
        decode = partial(
            read_image, size=image_shape[:2], resize=self.resize, channels=image_shape[2]
        )
        broken: dict[str, str] = {}
        splits: dict[str, Split] = {}
        for split, (origin, indices) in assigned.items():
            chosen = RecordSplit(
                records[origin].take(indices), labels[origin][indices], image_shape, decode
            )
            splits[split], unreadable = chosen.to_memory() if in_memory else chosen.readable()
            broken |= unreadable
        check_broken(broken, total, repr(self.name), self.broken_fraction)
        return Dataset(
            train=splits["train"],
            validation=splits["validation"],
            test=splits.get("test"),
            class_names=class_names,
            image_shape=image_shape,
            source=f"TensorFlow Datasets {builder.info.full_name}",
            resize=None if info.image_shape[:2] == image_shape[:2] else self.resize,
            skipped=tuple(broken.items()),
        )

    def _image_shape(self, info: LabelledImages) -> tuple[int, int, int]:
        height, width, own_channels = info.image_shape
        channels = self.channels or (1 if own_channels == 1 else 3)
        if self.image_size is not None:
            return *height_and_width(self.image_size), channels
        if height is None or width is None:
            raise ValueError(
                f"`image_size` must be given, such as image_size=224: the images of {self.name!r} "
                "differ in size. Received: image_size=None"
            )
        return height, width, channels

    def _scan(
        self, builder, info: LabelledImages
    ) -> tuple[dict[str, ImageRecords], dict[str, np.ndarray]]:
        """Returns the images and labels of the chosen classes, by the data set's own splits."""
        records: dict[str, ImageRecords] = {}
        labels: dict[str, np.ndarray] = {}
        for split in ("train", "validation", "test"):
            option = f"{split}_split"
            value = getattr(self, option)
            if value is None:
                continue
            found, own = ImageRecords.scan(
                split_parts(builder, option, value), info.image, info.label
            )
            if own.size and (own.min() < 0 or own.max() >= len(info.class_names)):
                raise ValueError(
                    f"`{option}` must be a split with labels in [0, {len(info.class_names)}). "
                    f"Received: labels from {own.min()} to {own.max()} in {value!r}, where -1 "
                    "stands for labels that are not public."
                )
            if self.classes is not None:
                own = select_classes(own, info.class_names, self.classes)
            records[split], labels[split] = found.take(own >= 0), own[own >= 0]
        _check_apart(records)
        return records, labels


def _check_apart(records: dict[str, ImageRecords]) -> None:
    for first, second in itertools.combinations(records, 2):
        common = records[first].in_common(records[second])
        if common:
            raise ValueError(
                f"`{first}_split` and `{second}_split` must have no images in common. "
                f"Received: {common} images in both"
            )
