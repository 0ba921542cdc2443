"""Tables: with Rich on a terminal, as plain aligned columns anywhere else."""

import sys
from collections.abc import Mapping, Sequence

from kerasrecipes.base.text import without_controls


def print_table(rows: Sequence[Mapping[str, object]]) -> None:
    """Prints rows under their keys, which all rows share.

    Args:
        rows: Dictionaries from the column's header to a value; `None` is an empty cell. Control
            characters in it are printed as escapes: names come from other people's files.
    """
    if not rows:
        return
    header = [without_controls(name) for name in rows[0]]
    cells = [
        ["" if value is None else without_controls(str(value)) for value in row.values()]
        for row in rows
    ]
    if sys.stdout.isatty():
        _print_rich(header, cells)
    else:
        _print_plain(header, cells)


def _print_rich(header: list[str], cells: list[list[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*header, box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for row in cells:
        table.add_row(*row)
    # Brackets, as in [0, 1), are no markup here.
    Console(markup=False, highlight=False, emoji=False).print(table)


def _print_plain(header: list[str], cells: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    for row in (header, *cells):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(line.rstrip())
