"""The image files that a user means by files, folders and patterns."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kerasrecipes.base.checks import nearest
from kerasrecipes.data.reading.decoding import IMAGE_EXTENSIONS, BrokenImageError, probe_image


def image_paths(given: Sequence[str | os.PathLike]) -> list[Path]:
    """Returns the image files that are named, each once, in the order they are named in.

    Args:
        given: Files, folders and patterns such as `"pictures/**/*.png"`. Of a folder, and of what
            a pattern matches, all files with an image's extension are taken, in the order of their
            names, those in subfolders too; what is hidden is passed over. A file that is named
            itself may have any name.

    Raises:
        ValueError: If something is not there, holds or matches no images, or a file that is named
            is of another kind.

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
        "Expected an image, a folder or a pattern; there is none of that name."
        f"{nearest(path.name, siblings)} Received: {path}"
    )


def _matching(pattern: str) -> Iterator[Path]:
    for name in sorted(glob.glob(pattern, recursive=True)):
        path = Path(name)
        if path.is_dir():
            yield from _below(path)
        elif _is_image(path):
            yield path


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and _is_image(Path(name)):
                yield Path(parent, name)


def _some(paths: Iterator[Path], otherwise: str) -> list[Path]:
    found = list(paths)
    if not found:
        listed = ", ".join(extension.removeprefix(".") for extension in IMAGE_EXTENSIONS)
        raise ValueError(f"{otherwise} Files of images end in {listed}.")
    return found


def _check_kind(path: Path) -> None:
    """Raises for a text file and its like; an image that is damaged is left to the reader."""
    if _is_image(path):
        return
    try:
        probe_image(path)
    except BrokenImageError as error:
        raise ValueError(
            f"Expected an image: {error.reason}. A folder may be named instead, of which only the "
            f"images are taken. Received: {path}"
        ) from error


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_EXTENSIONS
