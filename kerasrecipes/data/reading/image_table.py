"""Tables of image files and their classes, in CSV files."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from kerasrecipes.base.checks import nearest
from kerasrecipes.base.damaged_files import decoding
from kerasrecipes.base.text import listed, printable
from kerasrecipes.data.reading.folder_entries import is_image
from kerasrecipes.data.reading.folder_layout import SPLIT_OF_FOLDER, FolderLayout

FILE_COLUMNS = ("file", "filename", "file_name", "filepath", "path", "image", "image_path")
CLASS_COLUMNS = ("class", "label", "class_name", "category", "target")
SPLIT_COLUMNS = ("split", "subset", "set")


def read_image_table(
    path: str | os.PathLike,
    *,
    file_column: str | None = None,
    class_column: str | None = None,
    classes: Sequence[str] | None = None,
) -> FolderLayout:
    """Returns the layout that a CSV file describes: a row an image, with its file and its class.

    Args:
        path: The CSV file, in UTF-8. Its first row names the columns, or is the first image, whose
            file then comes first and its class second. Files are relative to its folder.
        file_column: The column of the files. Defaults to the first of `FILE_COLUMNS` that is there.
        class_column: The column of the classes. Defaults to the first of `CLASS_COLUMNS`.
        classes: `None` for all classes in alphabetical order, or a sequence of names.

    Raises:
        ValueError: If there is no such file or column, a cell is empty, a file has two classes, or
            there are fewer than two classes.
    """
    table = Path(path).expanduser()
    if not table.is_file():
        siblings = [p.name for p in table.parent.glob("*.csv")] if table.parent.is_dir() else []
        raise ValueError(
            f"`path` must be a CSV file.{nearest(table.name, siblings)} Received: {str(table)!r}"
        )
    with decoding(table), table.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    columns, first = _columns(table, rows, file_column, class_column)
    labelled: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows[first:], start=first + 1):
        name, class_name, split = _cells(table, number, row, columns)
        if labelled.setdefault(split, {}).setdefault(name, class_name) != class_name:
            raise ValueError(
                f"A file must have one class. Received: {name!r} of class "
                f"{labelled[split][name]!r} and, in row {number} of {table}, {class_name!r}"
            )
    return _layout(table, labelled, classes)


def _columns(
    table: Path, rows: list[list[str]], file_column: str | None, class_column: str | None
) -> tuple[tuple[int, int, int | None], int]:
    """Returns the numbers of the columns of file, class and split, and that of the first image."""
    if not rows:
        raise ValueError(f"{table} must have a row for each image. Received: an empty file")
    header = [cell.strip() for cell in rows[0]]
    if file_column is class_column is None and len(header) > 1 and is_image(Path(header[0])):
        return (0, 1, None), 0
    names = [cell.lower() for cell in header]
    split = next((names.index(name) for name in SPLIT_COLUMNS if name in names), None)
    files = _column(table, header, "file_column", file_column, FILE_COLUMNS)
    return (files, _column(table, header, "class_column", class_column, CLASS_COLUMNS), split), 1


def _column(
    table: Path, header: list[str], option: str, given: str | None, usual: Sequence[str]
) -> int:
    names = header if given else [name.lower() for name in header]
    found = next((name for name in ([given] if given else usual) if name in names), None)
    if found is None:
        raise ValueError(
            f"`{option}` must name a column of {table}: {listed(map(repr, header))}."
            f"{nearest(given, header) if given else ' Usual names are: ' + ', '.join(usual) + '.'} "
            f"Received: {option}={given!r}"
        )
    return names.index(found)


def _cells(
    table: Path, number: int, row: list[str], columns: tuple[int, int, int | None]
) -> tuple[str, str, str]:
    """Returns file, class and split of a row."""
    cells = [row[c].strip() if c is not None and c < len(row) else "" for c in columns]
    name, class_name, split = cells
    if not name or not class_name:
        raise ValueError(
            f"Every row of {table} must have a file and a class. Received: row {number}, "
            f"{', '.join(row)!r}"
        )
    if columns[2] is not None and split.lower() not in SPLIT_OF_FOLDER:
        raise ValueError(
            f"The split of row {number} of {table} must be one of "
            f"{', '.join(SPLIT_OF_FOLDER)}. Received: {split!r}"
        )
    return Path(name).as_posix(), class_name, SPLIT_OF_FOLDER.get(split.lower(), "train")


def _layout(
    table: Path, labelled: dict[str, dict[str, str]], classes: Sequence[str] | None
) -> FolderLayout:
    found = sorted({name for files in labelled.values() for name in files.values()})
    for name in classes or ():
        if name not in found:
            raise ValueError(
                f"`classes` must name classes of {table}: {listed(map(repr, found))}."
                f"{nearest(name, found)} Received: {name!r}"
            )
    names = list(classes or found)
    if len(names) < 2:
        raise ValueError(
            f"{table} must have images of at least two classes. Received: only "
            f"{listed(map(repr, names)) or 'none'}"
        )
    splits = [split for split in ("train", "validation", "test") if split in labelled]
    if splits[:1] != ["train"]:
        raise ValueError(f"{table} must have images to train on. Received: only {listed(splits)}")
    files: dict[str, list[tuple[str, ...]]] = {
        split: [
            tuple(sorted(file for file, own in labelled[split].items() if own == name))
            for name in names
        ]
        for split in splits
    }
    return FolderLayout(table.parent, tuple(map(printable, names)), files, ())
