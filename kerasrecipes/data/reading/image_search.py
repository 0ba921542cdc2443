"""Search for image files by files, folders and patterns."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kerasrecipes.base.checks import nearest
from kerasrecipes.data.reading.decoding import IMAGE_EXTENSIONS, BrokenImageError, probe_image
from kerasrecipes.data.reading.folder_entries import is_image


def image_paths(given: Sequence[str | os.PathLike]) -> list[Path]:
    """Returns the image files that are given by files, folders and patterns, each only once.

    Args:
        given: Files, folders and patterns such as `"pictures/**/*.png"`. A folder stands for all
            files in it and in its subfolders that have an image's extension, sorted by name and
            without hidden ones. A pattern stands for the images and folders that it matches. A file
            may have any name.

    Returns:
        A list of paths in the order of `given`.

    Raises:
        ValueError: If an item does not exist, contains or matches no images, or is a file of
            another kind.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.png", "a.jpg", "notes.txt"):
    ...         _ = Path(folder, name).write_bytes(b"...")
    ...     [path.name for path in image_paths([folder])]
    ['a.jpg', 'b.png']
    """
    return list(dict.fromkeys(path for name in given for path in _named(Path(name).expanduser())))


def _named(path: Path) -> Iterable[Path]:
    if path.is_dir():
        return _some(_below(path), f"There are no images in the folder {str(path)!r}.")
    if path.exists():
        _check_kind(path)
        return [path]
    if glob.has_magic(str(path)):
        return _some(_matching(str(path)), f"The pattern {str(path)!r} matches no images.")
    siblings = os.listdir(path.parent) if path.parent.is_dir() else []
    raise ValueError(
        "Expected an image, a folder or a pattern, but there is no file of that name."
        f"{nearest(path.name, siblings)} Received: {path}"
    )


def _matching(pattern: str) -> Iterator[Path]:
    for name in sorted(glob.glob(pattern, recursive=True)):
        path = Path(name)
        if path.is_dir():
            yield from _below(path)
        elif is_image(path):
            yield path


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and is_image(Path(name)):
                yield Path(parent, name)


def _some(paths: Iterator[Path], otherwise: str) -> list[Path]:
    found = list(paths)
    if not found:
        extensions = ", ".join(IMAGE_EXTENSIONS)
        raise ValueError(f"{otherwise} The names of image files end in {extensions}.")
    return found


def _check_kind(path: Path) -> None:
    """Raises for a file that is no image. Damaged images are found when they are read."""
    if is_image(path):
        return
    try:
        probe_image(path)
    except BrokenImageError as error:
        raise ValueError(
            f"Expected an image: {error.reason}. Give a folder to take only the images in it. "
            f"Received: {path}"
        ) from error
