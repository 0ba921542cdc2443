"""Entries of folders of images: subfolders, images and other files."""

import os
from pathlib import Path

from kerasrecipes.data.reading.decoding import IMAGE_EXTENSIONS

# Left behind by file managers, archivers and indexers, besides names that start with a dot.
_JUNK = {"@eadir", "__macosx", "desktop.ini", "thumbs.db"}


def folders_in(folder: Path) -> list[Path]:
    """Returns the folders in a folder, as in `entries_in`."""
    return entries_in(folder)[0]


def entries_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """Returns the folders and the files in a folder, sorted by name, without hidden ones.

    A link that leads to itself, or back up, counts as a file.
    """
    with os.scandir(folder) as entries:
        found = sorted((entry.name, _is_folder(entry)) for entry in entries)
    folders: list[Path] = []
    files: list[Path] = []
    for name, is_folder in found:
        if not name.startswith(".") and name.lower() not in _JUNK:
            (folders if is_folder else files).append(folder / name)
    return folders, files


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir() and not leads_up(entry.path)
    except OSError:  # It leads to itself.
        return False


def leads_up(path: str | os.PathLike) -> bool:
    """Returns whether a path is a link to a folder that it is in."""
    if not os.path.islink(path):
        return False
    target, parent = Path(os.path.realpath(path)), Path(os.path.realpath(os.path.dirname(path)))
    return target == parent or target in parent.parents


def is_image(path: Path) -> bool:
    """Returns whether a file has the extension of an image."""
    return path.suffix.lower() in IMAGE_EXTENSIONS


def files_below(folder: Path) -> tuple[list[Path], list[Path]]:
    """Returns the image files in a folder and its subfolders, and the other files."""
    folders, files = entries_in(folder)
    images = [path for path in files if is_image(path)]
    others = [path for path in files if not is_image(path)]
    for inner in folders:
        if not inner.is_symlink():  # A link may lead back up.
            inner_images, inner_others = files_below(inner)
            images += inner_images
            others += inner_others
    return images, others
