"""Files of a folder that a data source leaves out, because a list names them."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from kerasrecipes.base.checks import nearest
from kerasrecipes.base.text import printable
from kerasrecipes.data.reading.folder_layout import FolderLayout

EXCLUDED = "excluded"


def check_exclude(exclude: str | os.PathLike | Sequence[str] | None) -> None:
    """Raises a `TypeError` unless `exclude` is `None`, a path, or a list of strings."""
    if exclude is None or isinstance(exclude, str | os.PathLike):
        return
    if isinstance(exclude, list | tuple) and all(isinstance(name, str) for name in exclude):
        return
    raise TypeError(
        "`exclude` must be None, the path of a text file with the name of a file on each line, or "
        f"a list of names. Received: exclude={exclude!r}"
    )


def without_files(
    layout: FolderLayout, exclude: str | os.PathLike | Sequence[str] | None
) -> FolderLayout:
    """Returns a layout without some files, which are listed as skipped.

    Args:
        layout: The files by split and class.
        exclude: As of `ImageFolder`.

    Raises:
        ValueError: If the list cannot be read, or names a file that is not there.
    """
    if exclude is None:
        return layout
    names = dict.fromkeys(_names(exclude))
    known = {printable(name) for of_split in layout.files.values() for f in of_split for name in f}
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(
            f"`exclude` must name image files of {str(layout.root)!r}, relative to it and with "
            f"'/' between folders.{nearest(missing[0], sorted(known))} Received: {len(missing)} "
            f"that are not there, such as {missing[0]!r}"
        )
    files = {
        split: [tuple(n for n in of_class if printable(n) not in names) for of_class in of_split]
        for split, of_split in layout.files.items()
    }
    skipped = (*layout.skipped, *((name, EXCLUDED) for name in names))
    return dataclasses.replace(layout, files=files, skipped=skipped)


def _names(exclude: str | os.PathLike | Sequence[str]) -> list[str]:
    if not isinstance(exclude, str | os.PathLike):
        return list(exclude)
    path = Path(exclude).expanduser()
    if not path.is_file():
        raise ValueError(
            "`exclude` must be an existing text file with the name of a file on each line. "
            f"Received: exclude={str(path)!r}"
        )
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be a text file in UTF-8: {error}") from error
    return [line for line in lines if line.strip()]
