"""Figures of a run's page whose axes are shares, in percent."""

from collections.abc import Callable

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kerasrecipes.page.svg import RULE, house_style, new_axes, to_svg

PIXELS = (290, 240)


def share_figure(
    draw: Callable[[Axes], None],
    x: str,
    y: str,
    description: str,
    pixels: tuple[int, int] = PIXELS,
) -> Markup:
    """Draws a figure with two axes in percent.

    Args:
        draw: Draws what is in it, and sets the limits of its axes; the horizontal one has 0 and 1.
        x: The label of the horizontal axis.
        y: The label of the vertical axis.
        description: What it is for readers who cannot see it.
        pixels: Its width and height.
    """
    with house_style():
        axes = new_axes(*pixels, left=50, top=10, right=20, bottom=36)
        axes.set_xlim(0, 1)
        draw(axes)
        axes.grid(color=RULE, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel(x, labelpad=2)
        axes.set_ylabel(y, labelpad=2)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
        return to_svg(axes.figure, description)
