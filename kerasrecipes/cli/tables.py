"""Tables: with Rich on a terminal, as plain aligned columns anywhere else."""

import sys
from collections.abc import Mapping, Sequence

from kerasrecipes.page.tables import aligned, texts


def print_table(rows: Sequence[Mapping[str, object]]) -> None:
    """Prints rows under their keys, which all rows share.

    Args:
        rows: Dictionaries from the column's header to a value; `None` is an empty cell. Control
            characters in it are printed as escapes: names come from other people's files.
    """
    if not rows:
        return
    if sys.stdout.isatty():
        _print_rich(rows)
    else:
        print("\n".join(aligned(rows)))


def _print_rich(rows: Sequence[Mapping[str, object]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    header, cells = texts(rows)
    table = Table(*header, box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for row in cells:
        table.add_row(*row)
    # Brackets, as in [0, 1), are no markup here.
    Console(markup=False, highlight=False, emoji=False).print(table)
