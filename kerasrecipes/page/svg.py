"""matplotlib figures as inline SVG with the colours and the font of the page.

A unit of a figure is a CSS pixel, so that text has the same size on a desktop and on a phone.
"""

import io
import re
import warnings

import matplotlib.style
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kerasrecipes.base.text import without_controls

INK, MUTED, RULE, PAPER = "#1a1d21", "#59626c", "#dfe3e7", "#fefefe"
TRAIN, VALIDATION = "#b85000", "#0072b2"

# One hue, evenly spaced in OKLab lightness.
HEAT = (
    "#ffffff", "#dfecf8", "#c0d9f0", "#a0c6e8", "#80b3df", "#5fa0d6",
    "#3a8dcd", "#1b7abb", "#0767a2", "#015587", "#00436d",
)  # fmt: skip

# The variables of style.css by which these colours are replaced. All colours must be different.
VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    RULE: "--rule",
    PAPER: "--paper",
    TRAIN: "--train",
    VALIDATION: "--validation",
} | {colour: f"--heat-{level}" for level, colour in enumerate(HEAT)}

FONT_PIXELS = 11

_STYLE = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": FONT_PIXELS,
    "axes.labelsize": FONT_PIXELS,
    "xtick.labelsize": FONT_PIXELS,
    "ytick.labelsize": FONT_PIXELS,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
}

# A figure may shrink to this fraction of its width before the reader has to scroll. It may grow to
# this multiple of its width, but to no more than this number of pixels.
_SHRINKS_TO, _GROWS_TO, _GROWN_PIXELS = 0.8, 1.2, 480


def house_style():
    """Returns a context with the style of the figures, independent of the user's own settings."""
    return matplotlib.style.context(["default", _STYLE])


def new_axes(width: float, height: float, *, left=0.0, top=0.0, right=0.0, bottom=0.0) -> Axes:
    """Returns the axes of a new figure. Its size and its margins are given in CSS pixels."""
    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    inside = ((width - left - right) / width, (height - top - bottom) / height)
    return figure.add_axes((left / width, bottom / height, *inside))


def to_svg(figure: Figure, description: str, *, tight: bool = False) -> Markup:
    """Returns a figure as an `<svg>` element.

    Args:
        figure: A figure drawn in `house_style`, in the colours of this module.
        description: Alternative text for readers who cannot see the figure. It must be different
            for each figure on a page.
        tight: Whether the element has the size of the drawn content, instead of the figure's size.
    """
    stream = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": description}), warnings.catch_warnings():
        # The browser draws the text in the page's font, so that missing glyphs here do not matter.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        figure.savefig(
            stream,
            format="svg",
            transparent=True,
            bbox_inches="tight" if tight else None,
            pad_inches=0.02,
            metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")),
        )
    drawn = without_controls(stream.getvalue(), but="\n\t")
    width, height = (float(n) for n in drawn.split('viewBox="0 0 ', 1)[1].split('"', 1)[0].split())
    # The first <defs> contains a style sheet that would apply to the whole page.
    body = drawn.split("</defs>", 1)[1].rsplit("</svg>", 1)[0]
    # matplotlib escapes texts, so that `<` and `>` occur only around tags.
    body = re.sub(r"<[^>]*>", lambda tag: _restyled(tag.group()), body)
    return Markup(
        '<svg class="plot" viewBox="0 0 {:g} {:g}" style="width: {:.0f}px; min-width: {:.0f}px" '
        'role="img" aria-label="{}">{}</svg>'
    ).format(
        width,
        height,
        max(width, min(_GROWS_TO * width, _GROWN_PIXELS)),
        _SHRINKS_TO * width,
        description,
        Markup(body),
    )


def _restyled(tag: str) -> str:
    tag = tag.replace("\n", " ").replace("xlink:href", "href")
    # Every figure numbers its groups from 1, but an id must be unique on a page.
    tag = re.sub(r'^<g id="[^"]*"', "<g", tag)
    for colour, variable in VARIABLES.items():
        tag = tag.replace(colour, f"var({variable})")
    return tag
