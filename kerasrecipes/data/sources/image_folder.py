"""Images in a directory with one folder for each class."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from kerasrecipes.base.text import printable
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.reading.folder_layout import FolderLayout
from kerasrecipes.data.sources.excluded_files import check_exclude, without_files
from kerasrecipes.data.sources.listed_images import check_file_options, load_layout


@dataclass(frozen=True)
class ImageFolder:
    """Images in one folder for each class: JPEG, PNG, BMP, GIF, WebP and TIFF files.

    The directory holds the class folders, or it holds folders `train` (or `training`), `val` (or
    `valid`, `validation`, `dev`) and `test` (or `testing`) that hold the class folders. If `val` or
    `test` is missing, the split is taken from the training images, with the same fraction of every
    class. Files are sorted by name.

    A class folder without images but with several folders of images is refused: they may be the
    classes, one level lower. If they are not, name the classes by `classes`.

    A file with an image's extension that cannot be decoded is skipped and listed in
    `Dataset.skipped`, and so are files of other kinds. If more images are broken than
    `broken_fraction` allows, an error is raised. If images are streamed, `load` reads only their
    headers. Damage behind the header raises an error when the image is read.

    Args:
        directory: String or path.
        validation_fraction: Float in `(0, 1)`, a fraction of the training images. Not used if there
            is a folder `val`.
        test_fraction: `None`, or a float in `(0, 1)`, a fraction of the training images. The sum
            with `validation_fraction` must be less than 1. With `None` there is a test split only
            if there is a folder `test`.
        image_size: The size that images are resized to: a side in pixels, or a pair `(height,
            width)`. `None` keeps their size, which must be the same for all.
        resize: The resize policy. `"crop"` scales the image until it covers the target and cuts
            around the centre, `"pad"` scales it until it fits into the target and centres it on
            black, and `"stretch"` scales each side.
        channels: 3 for RGB or 1 for grey.
        split_seed: Non-negative integer. It decides which images are in which split, and which are
            the examples of each class. It is independent of the seed of a run, so that runs with
            different seeds are scored on the same images.
        in_memory: Boolean, or `None` to hold up to 1 GiB of decoded images in memory and to stream
            larger data sets.
        classes: `None` for all, or a list of at least two names of class folders. The first one
            gets the label 0.
        examples_per_class: `None` for all, or a positive integer: the number of training images of
            each class. A smaller number chooses a subset of what a larger number chooses; other
            splits do not change. A chosen image that turns out to be broken is not replaced.
        broken_fraction: The fraction of the images that may be broken, in `[0, 1]`. `None` for 1%,
            or 5 images if that is more.
        exclude: `None`, or the images to leave out: a list of their names, or the path of a text
            file with a name on each line, as `kerasrecipes data --labels` writes it. Names are
            relative to the directory, with `/` between folders.

    Raises:
        ValueError: If an option is out of range. In `load`, if the directory is not as described,
            a class has too few images, too many images are broken, or `exclude` names a file that
            is not there.

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

    # Left out of a recipe's fingerprint: it must not depend on where the images are kept.
    # What is left out is in the hash of the data.
    local_paths: ClassVar[tuple[str, ...]] = ("directory", "exclude")

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
    broken_fraction: float | None = None
    exclude: str | os.PathLike | Sequence[str] | None = None

    def __post_init__(self):
        if not isinstance(self.directory, str | os.PathLike):
            raise TypeError(
                f"`directory` must be a string or path. Received: directory={self.directory!r}"
            )
        check_file_options(self)
        check_exclude(self.exclude)

    def load(self) -> Dataset:
        """Returns the images as a `Dataset`, in memory or streamed from their files."""
        layout = self.layout()
        return load_layout(layout, self, f"image folder {printable(layout.root.resolve().name)!r}")

    def layout(self) -> FolderLayout:
        """Returns the files by split and class, before any image is opened."""
        return without_files(FolderLayout.read(self.directory, self.classes), self.exclude)
