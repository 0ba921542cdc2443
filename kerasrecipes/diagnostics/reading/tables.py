"""CSV files of epochs: of Keras's `CSVLogger`, of Lightning, of this package's runs."""

import csv
import io
from pathlib import Path
from typing import Any

from kerasrecipes.base.damaged_files import DamagedFileError
from kerasrecipes.base.text import listed, shortened
from kerasrecipes.diagnostics.reading.values import Values, as_epochs, canonical, number
from kerasrecipes.diagnostics.record.series import Series

_EXPECTED = (
    "Expected a CSV file with a header of names, among them `loss` or `train_loss`, and a row for "
    "each epoch or step, as `keras.callbacks.CSVLogger` and Lightning's `CSVLogger` write"
)


def read_table(path: Path) -> Series:
    """Returns the epochs in a CSV file.

    Rows of the same epoch are brought together: the mean of what was logged in training, and the
    last validation.

    Raises:
        ValueError: If it is empty, or holds no loss by epochs.
    """
    text = path.read_bytes().decode("utf-8-sig", "replace")
    if not text.strip():
        raise DamagedFileError(path, "it is empty", f"{_EXPECTED}.")
    header, *rows = _rows(text)
    # The last row may be cut, or begin just now.
    whole = [row for row in rows if len(row) == len(header)]
    columns = {name: [row[place] for row in whole] for place, name in enumerate(header)}
    if not {"loss", "val_loss"} & {canonical(name) for name in header} or not whole:
        raise ValueError(f"{_EXPECTED}. Received: {path.name} with {_content(header, whole)}")
    try:
        epochs = as_epochs(_by_epoch(columns))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
    return Series(epochs)


def _content(header: list[str], rows: list[list[str]]) -> str:
    names = listed([shortened(repr(name), 40) for name in header], most=6)
    return f"the columns {names}" if rows else f"no row below {names}"


def _rows(text: str) -> list[list[str]]:
    first = text.lstrip().splitlines()[0]
    # With decimal commas, columns are divided by semicolons or tabs.
    separator = max(";\t,", key=first.count)
    rows = csv.reader(io.StringIO(text.replace("\0", "")), delimiter=separator)
    return [row for row in rows if any(cell.strip() for cell in row)]


def _by_epoch(columns: dict[str, list[str]]) -> dict[str, list[Any]]:
    """Returns the columns with one row for each epoch."""
    names = {name.strip().lower(): name for name in columns}
    if "epoch" not in names:
        return dict(columns)
    rows: dict[float, list[int]] = {}
    for place, epoch in enumerate(map(number, columns[names["epoch"]])):
        if epoch is not None:
            rows.setdefault(epoch, []).append(place)
    if all(len(places) == 1 for places in rows.values()):
        return dict(columns)
    merged: Values = {}
    for name, column in columns.items():
        if not (known := canonical(name)):
            continue
        # Lightning's rows are sparse: one of training, one of validation, with empty cells.
        filled = [[column[p] for p in places if column[p].strip()] for places in rows.values()]
        if any(filled):
            merged[name] = [_joined(cells, known.startswith("val_")) for cells in filled]
    return dict(merged)


def _joined(cells: list[str], last: bool) -> float | None:
    values = [number(cell) for cell in cells]
    if not values or last:
        return values[-1] if values else None
    finite = [value for value in values if value is not None]
    return sum(finite) / len(finite) if len(finite) == len(values) else None
