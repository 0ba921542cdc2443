"""CSV tables of plain data, whose values are read back as they were written."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kerasrecipes.base.damaged_files import decoding
from kerasrecipes.base.files import write_text


def write_rows(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Writes a table in one step, with a column for each key that occurs in a row."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([to_cell(row.get(name)) for name in columns] for row in rows)
    write_text(path, text.getvalue())


def read_rows(path: Path, way_out: str = "") -> list[dict[str, Any]]:
    """Returns the rows of a table. A key that a row did not have gets the value `None`.

    Args:
        path: The file.
        way_out: What to do if the file is damaged.

    Raises:
        DamagedFileError: If a row is longer or shorter than the header, or the last one is cut.
    """
    with decoding(path, way_out), path.open(encoding="utf-8", newline="") as file:
        text = file.read()
        header, *rows = list(csv.reader(io.StringIO(text))) or [[]]
        if any(len(row) != len(header) for row in rows):
            raise ValueError(f"every row must have as many cells as the header, {len(header)}")
        if text and not text.endswith("\n"):
            raise ValueError("it must end with a line break, so that its last cell may be cut")
        return [dict(zip(header, map(from_cell, row), strict=True)) for row in rows]


def as_text(name: str) -> str:
    """Returns a name for a cell that a spreadsheet shows, and does not compute as a formula.

    Reference:
        https://owasp.org/www-community/attacks/CSV_Injection

    Example:

    >>> as_text("ship"), as_text("=2+3")
    ('ship', "'=2+3")
    """
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


def to_cell(value: object) -> str:
    """Returns a value as the text of a cell.

    `None` becomes an empty text, and a string stays as it is unless it could be read as another
    value. Everything else becomes JSON.

    Example:

    >>> to_cell(0.1), to_cell(None), to_cell("SGD"), to_cell("0.1")
    ('0.1', '', 'SGD', '"0.1"')
    """
    if value is None:
        return ""
    if isinstance(value, str) and from_cell(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def from_cell(text: str) -> Any:
    """Returns the value of a text that `to_cell` has made."""
    if text == "":
        return None
    try:
        return json.loads(text)
    except ValueError:  # Python refuses a number of thousands of digits too.
        return text
