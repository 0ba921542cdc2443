"""Tables as text and as HTML."""

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup, escape

from kerasrecipes.base.text import without_controls


def aligned(rows: Sequence[Mapping[str, object]]) -> Iterator[str]:
    r"""Yields the lines of a table, with its header first.

    Args:
        rows: Dictionaries from the header of a column to a value, with the same keys. `None` gives
            an empty cell.

    Example:

    >>> print("\n".join(aligned([{"seed": 0, "score": "99.2%"}, {"seed": 10, "score": None}])))
    seed  score
    0     99.2%
    10
    """
    if not rows:
        return
    header, cells = texts(rows)
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    for row in (header, *cells):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield line.rstrip()


def html_table(rows: Sequence[Mapping[str, object]]) -> Markup:
    """Returns a table as HTML; see `aligned`. No rows give no table.

    Example:

    >>> html_table([{"label": "<b>"}])
    Markup('<table><tr><th>label</th></tr><tr><td>&lt;b&gt;</td></tr></table>')
    """
    if not rows:
        return Markup()
    header, cells = texts(rows)
    lines = [_html_row("th", header), *(_html_row("td", row) for row in cells)]
    return Markup("<table>{}</table>").format(Markup().join(lines))


def texts(rows: Sequence[Mapping[str, object]]) -> tuple[list[str], list[list[str]]]:
    """Returns the texts of the header, and those of each row, control characters as escapes."""
    cells = [["" if value is None else str(value) for value in row.values()] for row in rows]
    return [*map(without_controls, rows[0])], [[*map(without_controls, row)] for row in cells]


def _html_row(tag: str, texts: Sequence[str]) -> Markup:
    cells = [Markup(f"<{tag}>{{}}</{tag}>").format(escape(text)) for text in texts]
    return Markup("<tr>{}</tr>").format(Markup().join(cells))
