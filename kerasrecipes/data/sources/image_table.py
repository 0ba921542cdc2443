"""Images that a CSV file lists with their classes."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from kerasrecipes.base.text import printable
from kerasrecipes.data.dataset import Dataset
from kerasrecipes.data.reading.folder_layout import FolderLayout
from kerasrecipes.data.reading.image_table import read_image_table
from kerasrecipes.data.sources.listed_images import check_file_options, load_layout


@dataclass(frozen=True)
class ImageTable:
    r"""Images in a CSV file with a row for each: its file and its class.

    The first row names the columns: `file` (or `filename`, `path`, `image`), `class` (or `label`,
    `category`, `target`), and `split` if there is one (`train`, `val` or `test`). A table without
    names has the file in its first column and the class in its second. Files are relative to the
    folder of the table. Files of the same formats are read as by `ImageFolder`.

    A file that is missing or broken is skipped and listed in `Dataset.skipped`; if there are more
    of them than `broken_fraction` allows, the error names them.

    Args:
        path: String or path of the CSV file, in UTF-8.
        validation_fraction: As in `ImageFolder`, and so are the options that follow.
        test_fraction: `None`, or a float in `(0, 1)`.
        image_size: A side in pixels, a pair `(height, width)`, or `None`.
        resize: `"crop"`, `"pad"` or `"stretch"`.
        channels: 3 for RGB or 1 for grey.
        split_seed: Non-negative integer.
        in_memory: Boolean or `None`.
        classes: `None` for all in alphabetical order, or a list of at least two.
        examples_per_class: `None` for all, or a positive integer.
        broken_fraction: Float in `[0, 1]`, or `None` for 1%, or 5 images if that is more.
        file_column: The name of the column of files, or `None` for a usual one.
        class_column: The name of the column of classes, or `None` for a usual one.

    Raises:
        ValueError: If an option is out of range. In `load`, if the table or a column is missing, a
            file has two classes, a class has too few images, or too many images are missing or
            broken.

    Example:

    >>> import pathlib, tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     lines = ["file,class"]
    ...     for number in range(20):
    ...         Image.new("RGB", (48, 32)).save(pathlib.Path(directory, f"{number}.png"))
    ...         lines.append(f"{number}.png,{('cat', 'dog')[number % 2]}")
    ...     table = pathlib.Path(directory, "animals.csv")
    ...     _ = table.write_text("\n".join(lines))
    ...     data = ImageTable(table, test_fraction=0.2).load()
    >>> data.sizes, data.image_shape, data.class_names
    ({'train': 14, 'validation': 2, 'test': 4}, (32, 48, 3), ('cat', 'dog'))
    """

    # Left out of a recipe's fingerprint: it must not depend on where the images are kept.
    local_paths: ClassVar[tuple[str, ...]] = ("path",)

    path: str | os.PathLike
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
    file_column: str | None = None
    class_column: str | None = None

    def __post_init__(self):
        if not isinstance(self.path, str | os.PathLike):
            raise TypeError(f"`path` must be a string or path. Received: path={self.path!r}")
        check_file_options(self)

    def load(self) -> Dataset:
        """Returns the images as a `Dataset`, in memory or streamed from their files."""
        name = os.path.basename(os.fspath(self.path))
        return load_layout(self.layout(), self, f"image table {printable(name)!r}")

    def layout(self) -> FolderLayout:
        """Returns the files by split and class, before any image is opened."""
        return read_image_table(
            self.path,
            file_column=self.file_column,
            class_column=self.class_column,
            classes=self.classes,
        )
