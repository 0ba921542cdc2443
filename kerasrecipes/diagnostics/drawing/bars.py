"""Bars with names, one below the other."""

import math
from collections.abc import Callable, Mapping

from markupsafe import Markup

from kerasrecipes.base.text import shortened
from kerasrecipes.page.formats import is_finite, number
from kerasrecipes.page.svg import HEAT, INK, MUTED, TRAIN, house_style, new_axes, to_svg

WIDTH_PIXELS, ROW_PIXELS = 344, 18

# A longer name is shortened in its middle.
NAME_LENGTH = 20

# With more rows, some are left out.
MOST_ROWS = 24

# How far a logarithmic axis reaches below the least value, in decades.
_BELOW = 0.5


def named_bars(
    values: Mapping[str, float | None],
    description: str,
    *,
    logarithmic: bool = False,
    marked: str = "",
    written: Callable[[float], str] = number,
) -> Markup | None:
    """Draws values as horizontal bars, with their names before them and their numbers behind.

    Args:
        values: What is drawn, by its name. No bar is drawn where a value is not finite, or, on a
            logarithmic axis, not positive.
        description: Alternative text, different for each figure on a page.
        logarithmic: Whether lengths are logarithms.
        marked: The name of the bar that is drawn in another colour.
        written: How a value is written.

    Returns:
        An `<svg>` element, or `None` if no bar can be drawn.
    """
    shown = {name: values[name] for name in _chosen(list(values), marked)}
    lengths = {name: _length(value, logarithmic) for name, value in shown.items()}
    there = [length for length in lengths.values() if length is not None]
    if not there:
        return None
    start = min(there) - _BELOW if logarithmic else min(0.0, *there)
    end = max([*there, start + 1e-12])
    with house_style():
        height = len(shown) * ROW_PIXELS
        axes = new_axes(WIDTH_PIXELS, height + 8, left=132, top=4, right=56, bottom=4)
        axes.set_xlim(start, end)
        axes.set_ylim(len(shown) - 0.5, -0.5)
        for row, (name, value) in enumerate(shown.items()):
            length = lengths[name]
            colour = TRAIN if name == marked else HEAT[5]
            if length is not None:
                axes.barh(row, length - start, left=start, height=0.62, color=colour)
            text = "not finite" if value is None or not math.isfinite(value) else written(value)
            at = start if length is None else max(length, start)
            beside = {"xytext": (6, 0), "textcoords": "offset points", "va": "center"}
            axes.annotate(text, (at, row), color=MUTED if length is None else INK, **beside)
        names = [shortened(name, NAME_LENGTH, tail=8) for name in shown]
        axes.set_yticks(range(len(shown)), names, color=INK)
        axes.set_xticks([])
        axes.spines[:].set_visible(False)
        return to_svg(axes.figure, description)


def _length(value: float | None, logarithmic: bool) -> float | None:
    if not is_finite(value) or (logarithmic and value <= 0):
        return None
    return math.log10(value) if logarithmic else float(value)


def _chosen(names: list[str], marked: str) -> list[str]:
    """Returns at most `MOST_ROWS` names, evenly spaced, with the marked one among them."""
    if len(names) <= MOST_ROWS:
        return names
    last = len(names) - 1
    kept = {round(i * last / (MOST_ROWS - 1)) for i in range(MOST_ROWS)}
    if marked in names:
        place = names.index(marked)
        if place not in kept:
            kept.remove(min(kept - {0, last}, key=lambda other: abs(other - place)))
            kept.add(place)
    return [names[place] for place in sorted(kept)]
