"""A directory of class directories."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from kerasrecipes.base.checks import check_choice
from kerasrecipes.base.text import listed
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.reading.decoding import read_image
from kerasrecipes.data.reading.folder_layout import FolderLayout
from kerasrecipes.data.reading.image_files import check_readable, probe_files
from kerasrecipes.data.reading.resizing import RESIZE_POLICIES, height_and_width
from kerasrecipes.data.sources.options import (
    check_fractions,
    check_image_size,
    check_selection,
    fits_in_memory,
)
from kerasrecipes.data.split import FileSplit, Split
from kerasrecipes.data.splitting.split_assignment import assign_splits


@dataclass(frozen=True)
class ImageFolder:
    """Images in one folder for each class: JPEG, PNG, BMP, GIF and WebP, in every colour mode.

    The directory holds the class folders, or the folders `train`, `val` (or `validation`, `valid`)
    and `test` that hold them. What of `val` and `test` is missing is drawn from the other images,
    with the same share of every class. Files are taken in the order of their names.

    A file with an image's extension that cannot be decoded is skipped and named in
    `Dataset.skipped`, as are files of other kinds; more than 1% of such broken images is an error.
    Where images are streamed, only their headers are read by `load`: damage behind the header is
    found, and is an error, when the image is read.

    Args:
        directory: String or path.
        validation_fraction: Float in `(0, 1)`, of the images in the class folders (those of
            `train` where there is one). Not used where there is a folder `val`.
        test_fraction: `None`, or a float in `(0, 1)`, of the same images; together with
            `validation_fraction` less than 1. Without it and a folder `test` there is no test
            split.
        image_size: `None` where all images have one size, or the size that they are brought to:
            a side in pixels, or a pair `(height, width)`.
        resize: How they are: `"crop"` (scale until the target is covered, then cut to it around
            the centre), `"pad"` (scale until it fits, then centre on black) or `"stretch"`.
        channels: 3 for RGB or 1 for grey.
        split_seed: Non-negative integer that draws the splits and the examples of each class. It
            is apart from the seed of a run, so that runs with different seeds are scored on the
            same images.
        in_memory: `None` to hold up to 1 GiB of decoded images in memory and to stream more, or a
            boolean.
        classes: `None` for all, or a list of at least two names of class folders; the class of
            label 0 comes first.
        examples_per_class: `None` for all, or a positive integer: the number of training images of
            each class. A smaller choice is part of a larger one; other splits do not change. One
            that turns out to be broken is not replaced.

    Raises:
        ValueError: If an option is out of range, or (in `load`) the directory is not as described,
            a class has too few images, or more than 1% of the images are broken.

    Example:

    >>> import pathlib, tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     for name in ("cat", "dog"):
    ...         folder = pathlib.Path(directory, name)
    ...         folder.mkdir()
    ...         for number in range(10):
    ...             Image.new("RGB", (48, 32)).save(folder / f"{number}.png")
    ...     data = ImageFolder(directory, test_fraction=0.2, image_size=(24, 36)).load()
    >>> data.sizes, data.image_shape, data.class_names
    ({'train': 14, 'validation': 2, 'test': 4}, (24, 36, 3), ('cat', 'dog'))
    """

    # A recipe means the same wherever its images are kept: left out of its fingerprint.
    local_paths: ClassVar[tuple[str, ...]] = ("directory",)

    directory: str | os.PathLike
    validation_fraction: float = 0.1
    test_fraction: float | None = None
    image_size: int | Sequence[int] | None = None
    resize: str = "crop"
    channels: int = 3
    split_seed: int = 0
    in_memory: bool | None = None
    classes: Sequence[str] | None = None
    examples_per_class: int | None = None

    def __post_init__(self):
        if not isinstance(self.directory, str | os.PathLike):
            raise TypeError(
                f"`directory` must be a string or path. Received: directory={self.directory!r}"
            )
        check_fractions(self.validation_fraction, self.test_fraction, self.split_seed)
        check_image_size(self.image_size)
        check_choice("resize", self.resize, RESIZE_POLICIES)
        check_choice("channels", self.channels, (1, 3))
        check_choice("in_memory", self.in_memory, (None, True, False))
        check_selection(self.classes, self.examples_per_class)

    def load(self) -> Dataset:
        """Returns the images as a `Dataset`, in memory or streamed from their files."""
        layout = FolderLayout.read(self.directory, self.classes)
        if "test" in layout.files and self.test_fraction is not None:
            raise ValueError(
                "`test_fraction` must be None where the directory has a folder 'test'. "
                f"Received: test_fraction={self.test_fraction!r}"
            )
        files, broken = probe_files(layout)
        check_readable(layout, broken, {name: listed.labels for name, listed in files.items()})
        sizes = Counter(size for listed in files.values() for size in listed.sizes)
        height, width = self._target_size(sizes)
        image_shape = (height, width, self.channels)
        decode = partial(
            read_image, size=(height, width), resize=self.resize, channels=self.channels
        )
        drawn = assign_splits(
            {name: listed.labels for name, listed in files.items()},
            layout.class_names,
            validation_fraction=self.validation_fraction,
            test_fraction=self.test_fraction,
            split_seed=self.split_seed,
            examples_per_class=self.examples_per_class,
        )
        streamed = {}
        for name, (origin, indices) in drawn.items():
            listed = files[origin].take(indices)
            streamed[name] = FileSplit(
                layout.root, listed.names, listed.labels, image_shape, decode
            )
        splits: dict[str, Split] = dict(streamed)
        if fits_in_memory(sum(map(len, streamed.values())), image_shape, self.in_memory):
            for name, split in streamed.items():
                splits[name], undecodable = split.to_memory()
                broken |= undecodable
            check_readable(layout, broken, {name: split.labels for name, split in splits.items()})
        return Dataset(
            train=splits["train"],
            validation=splits["validation"],
            test=splits.get("test"),
            class_names=layout.class_names,
            image_shape=image_shape,
            source=f"image folder {layout.root.resolve().name!r}",
            resize=None if set(sizes) == {(height, width)} else self.resize,
            skipped=layout.skipped + tuple(broken.items()),
        )

    def _target_size(self, sizes: Counter) -> tuple[int, int]:
        if self.image_size is not None:
            return height_and_width(self.image_size)
        if len(sizes) == 1:
            return next(iter(sizes))
        commonest = sizes.most_common()
        seen = listed(
            (f"{height}x{width} ({count})" for (height, width), count in commonest), most=5
        )
        raise ValueError(
            "`image_size` must be given where images differ in size (height x width), such as "
            f"image_size={commonest[0][0]}. Received: image_size=None, and images of {seen}"
        )
