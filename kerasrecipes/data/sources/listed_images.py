"""Loading of image files whose splits and classes are known."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from kerasrecipes.base.checks import check_choice
from kerasrecipes.base.text import listed, printable
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.reading.decoding import read_image
from kerasrecipes.data.reading.folder_layout import FolderLayout
from kerasrecipes.data.reading.image_files import check_readable, probe_files
from kerasrecipes.data.reading.resizing import RESIZE_POLICIES, height_and_width
from kerasrecipes.data.sources.options import (
    check_broken_fraction,
    check_fractions,
    check_image_size,
    check_selection,
    fits_in_memory,
)
from kerasrecipes.data.split import FileSplit, Split
from kerasrecipes.data.splitting.split_assignment import assign_splits


class FileOptions(Protocol):
    """The options of a source of image files, as `ImageFolder` documents them."""

    @property
    def validation_fraction(self) -> float: ...
    @property
    def test_fraction(self) -> float | None: ...
    @property
    def image_size(self) -> int | Sequence[int] | None: ...
    @property
    def resize(self) -> str: ...
    @property
    def channels(self) -> int: ...
    @property
    def split_seed(self) -> int: ...
    @property
    def in_memory(self) -> bool | None: ...
    @property
    def classes(self) -> Sequence[str] | None: ...
    @property
    def examples_per_class(self) -> int | None: ...
    @property
    def broken_fraction(self) -> float | None: ...


def check_file_options(options: FileOptions) -> None:
    """Raises unless the options of a source of image files are in their ranges."""
    check_fractions(options.validation_fraction, options.test_fraction, options.split_seed)
    check_image_size(options.image_size)
    check_choice("resize", options.resize, RESIZE_POLICIES)
    check_choice("channels", options.channels, (1, 3))
    check_choice("in_memory", options.in_memory, (None, True, False))
    check_selection(options.classes, options.examples_per_class)
    check_broken_fraction(options.broken_fraction)


def load_layout(layout: FolderLayout, options: FileOptions, source: str) -> Dataset:
    """Returns the images of a layout as a `Dataset`, in memory or streamed from their files.

    Args:
        layout: The files by split and class.
        options: The source with its options.
        source: A readable line that says where the images come from.

    Raises:
        ValueError: If a class has too few images, too many images are broken, or images differ in
            size and `image_size` is not given.
    """
    if "test" in layout.files and options.test_fraction is not None:
        raise ValueError(
            "`test_fraction` must be None if there is a test split, such as a folder 'test'. "
            f"Received: test_fraction={options.test_fraction!r}"
        )
    files, broken = probe_files(layout)
    labels = {name: found.labels for name, found in files.items()}
    check_readable(layout, broken, labels, options.broken_fraction)
    sizes = Counter(size for found in files.values() for size in found.sizes)
    height, width = _target_size(sizes, options.image_size)
    image_shape = (height, width, options.channels)
    decode = partial(
        read_image, size=(height, width), resize=options.resize, channels=options.channels
    )
    assigned = assign_splits(
        labels,
        layout.class_names,
        validation_fraction=options.validation_fraction,
        test_fraction=options.test_fraction,
        split_seed=options.split_seed,
        examples_per_class=options.examples_per_class,
    )
    streamed = {}
    for name, (origin, indices) in assigned.items():
        chosen = files[origin].take(indices)
        streamed[name] = FileSplit(layout.root, chosen.names, chosen.labels, image_shape, decode)
    splits: dict[str, Split] = dict(streamed)
    if fits_in_memory(sum(map(len, streamed.values())), image_shape, options.in_memory):
        for name, split in streamed.items():
            splits[name], undecodable = split.to_memory()
            broken |= undecodable
        labels = {name: split.labels for name, split in splits.items()}
        check_readable(layout, broken, labels, options.broken_fraction)
    skipped = [*layout.skipped, *broken.items()]
    return Dataset(
        train=splits["train"],
        validation=splits["validation"],
        test=splits.get("test"),
        class_names=layout.class_names,
        image_shape=image_shape,
        source=source,
        resize=None if set(sizes) == {(height, width)} else options.resize,
        skipped=tuple((printable(name), why) for name, why in skipped),
    )


def _target_size(
    sizes: Counter[tuple[int, int]], image_size: int | Sequence[int] | None
) -> tuple[int, int]:
    if image_size is not None:
        return height_and_width(image_size)
    if len(sizes) == 1:
        return next(iter(sizes))
    commonest = sizes.most_common()
    seen = listed((f"{height}x{width} ({count})" for (height, width), count in commonest), most=5)
    raise ValueError(
        "`image_size` must be given if images differ in size (height x width), such as "
        f"image_size={commonest[0][0]}. Received: image_size=None, and images of {seen}"
    )
