"""Figures of a run as `<svg>` elements: the confusion matrix."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.colors import ListedColormap

from kerasrecipes.base.text import shortened
from kerasrecipes.page.svg import HEAT, INK, MUTED, PAPER, RULE, house_style, new_axes, to_svg

# On this level of HEAT and darker ones, numbers have the colour of the paper.
DARK_LEVEL = 7

# A longer class name is shortened in its middle.
NAME_LENGTH = 16


def confusion_matrix(matrix: np.ndarray, class_names: Sequence[str]) -> Markup:
    """Draws a confusion matrix.

    The shade of a cell is the square root of its fraction of the true class. It makes rare mistakes
    visible, which would be nearly white on a linear scale.

    Args:
        matrix: Integers of shape `(classes, classes)`, a row for each true class.
        class_names: The names of the classes.
    """
    classes, names = len(class_names), [_drawable(name) for name in class_names]
    cell = max(24, 8 + 6 * len(str(matrix.max())), min(36, 300 // classes))
    fractions = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    levels = np.round((len(HEAT) - 1) * np.sqrt(fractions)).astype(int)
    levels = np.maximum(levels, matrix > 0)
    with house_style():
        axes = new_axes(classes * cell, classes * cell)
        axes.invert_yaxis()
        shades = {"cmap": ListedColormap(HEAT), "vmin": 0, "vmax": len(HEAT) - 1}
        axes.pcolormesh(levels, edgecolors=RULE, linewidth=0.8, clip_on=False, **shades)
        for (row, column), n in np.ndenumerate(matrix):
            colour = PAPER if levels[row, column] >= DARK_LEVEL else INK if n else MUTED
            centred = {"ha": "center", "va": "center_baseline"}
            axes.text(column + 0.5, row + 0.5, str(n) if n else "·", color=colour, **centred)
        centres = np.arange(classes) + 0.5
        long = max(map(len, names)) > 3
        slant = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if long else {}
        axes.set_xticks(centres, names, color=INK, **slant)
        axes.set_yticks(centres, names, color=INK)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        axes.spines[:].set_visible(False)
        return to_svg(axes.figure, "Confusion matrix, a row for each true class", tight=True)


def _drawable(name: str) -> str:
    """Returns a class name as one line that matplotlib can draw, shortened in its middle."""
    # File names may hold lone surrogates, which matplotlib refuses.
    line = " ".join(str(name).encode("utf-8", "replace").decode("utf-8").split())
    return shortened(line, NAME_LENGTH, tail=6)
