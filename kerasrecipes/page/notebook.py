"""Values as HTML for notebooks, in the colours of the page around them, light or dark."""

import functools
from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from kerasrecipes.base.text import without_controls
from kerasrecipes.page.tables import html_table


def fragment(title: object, *parts: object) -> Markup:
    """Returns a value as HTML that brings its style with it.

    Args:
        title: The first line.
        *parts: What stands below: `Markup` as it is, other objects as paragraphs. Empty ones are
            left out. Control characters have escapes in them.

    Example:

    >>> "<b>a &lt; b</b>" in fragment("a < b", Markup("<br>"), "")
    True
    """
    below = Markup().join(_part(part) for part in parts if part)
    return Markup('<div class="kerasrecipes"><style>{}</style><p><b>{}</b></p>{}</div>').format(
        Markup(_style()), _text(title), below
    )


def quiet(text: object) -> Markup:
    """Returns a paragraph that stays in the background; an empty one for no text."""
    return Markup('<p class="quiet">{}</p>').format(_text(text)) if text else Markup()


def folded(summary: object, content: Markup) -> Markup:
    """Returns what a click on a line unfolds."""
    return Markup("<details><summary>{}</summary>{}</details>").format(_text(summary), content)


def figures(drawn: Mapping[str, Markup | None]) -> Markup:
    """Returns figures by their captions, side by side where there is room; `None` is left out."""
    one = Markup("<figure><figcaption>{}</figcaption>{}</figure>")
    there = Markup().join(one.format(_text(name), svg) for name, svg in drawn.items() if svg)
    return Markup('<div class="figures">{}</div>').format(there) if there else Markup()


def pairs(values: Mapping[str, object]) -> Markup:
    """Returns names and values as a table without a header; those that are `None` are left out."""
    rows = [{"": name, " ": value} for name, value in values.items() if value is not None]
    return Markup(html_table(rows).replace("<tr><th></th><th> </th></tr>", "", 1))


def _part(part: object) -> Markup:
    return part if isinstance(part, Markup) else Markup("<p>{}</p>").format(_text(part))


def _text(value: object) -> str:
    return without_controls(str(value))


@functools.cache
def _style() -> str:
    return Path(__file__).with_name("notebook.css").read_text("utf-8")
