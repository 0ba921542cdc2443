"""Ranges of values, and a learning-rate range test."""

import math
from collections.abc import Mapping

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from kerasrecipes.base.text import shortened
from kerasrecipes.diagnostics.record.data_facts import Values
from kerasrecipes.diagnostics.record.trials import Rates
from kerasrecipes.page.formats import number
from kerasrecipes.page.svg import (
    FONT_PIXELS,
    HEAT,
    INK,
    MUTED,
    RULE,
    TRAIN,
    VALIDATION,
    house_style,
    new_axes,
    to_svg,
)

WIDTH_PIXELS, HEIGHT_PIXELS, ROW_PIXELS = 344, 200, 26

# A linear axis would hide small columns beside large ones that are so many times larger.
_WIDE = 100


def value_ranges(ranges: Mapping[str, tuple[float, float]], description: str) -> Markup | None:
    """Draws ranges, one below the other, on one axis.

    Args:
        ranges: The least and the greatest value, by name.
        description: Alternative text, different for each figure on a page.

    Returns:
        An `<svg>` element, or `None` if there is nothing to compare.
    """
    if len(ranges) < 2:
        return None
    with house_style():
        height = len(ranges) * ROW_PIXELS
        axes = new_axes(WIDTH_PIXELS, height + 34, left=88, top=4, right=16, bottom=30)
        for row, (low, high) in enumerate(ranges.values()):
            colour = (VALIDATION, TRAIN)[row % 2]
            axes.plot([low, high], [row, row], color=colour, linewidth=7, clip_on=False)
            if low == high:
                axes.plot(low, row, color=colour, marker="o", markersize=7, clip_on=False)
            above = {"xytext": (0, 6), "textcoords": "offset points", "ha": "center"}
            text = number(low) if low == high else f"{number(low)} to {number(high)}"
            axes.annotate(text, ((low + high) / 2, row), color=MUTED, **above)
        axes.set_ylim(len(ranges) - 0.4, -0.8)
        axes.margins(x=0.12)
        axes.set_yticks(range(len(ranges)), [shortened(n, 14) for n in ranges], color=INK)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
        axes.xaxis.set_major_formatter(_plain_numbers())
        return to_svg(axes.figure, description)


def column_ranges(values: Values, description: str) -> Markup | None:
    """Draws the range of each column of an array, with its mean.

    Args:
        values: Statistics of an array.
        description: Alternative text, different for each figure on a page.

    Returns:
        An `<svg>` element, or `None` if the columns are not known.
    """
    low, high = np.array(values.column_minima, float), np.array(values.column_maxima, float)
    means = np.array(values.column_means, float)
    if not len(low) or not len(low) == len(high) == len(means):
        return None
    columns = np.arange(1, len(low) + 1)
    reach = np.maximum(np.abs(low), np.abs(high))
    positive = reach[reach > 0]
    with house_style():
        axes = new_axes(WIDTH_PIXELS, HEIGHT_PIXELS, left=52, top=8, right=8, bottom=36)
        width = max(1.0, min(10.0, 160 / len(low)))
        axes.vlines(columns, low, high, color=HEAT[5], linewidth=width)
        size = max(1.5, min(5.0, 160 / len(low)))
        axes.plot(columns, means, color=TRAIN, linestyle="", marker="o", markersize=size)
        if len(positive) and positive.max() > _WIDE * positive.min():
            axes.set_yscale("symlog", linthresh=max(float(positive.min()), 1e-3))
            axes.yaxis.set_minor_locator(NullLocator())
        else:
            axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
        axes.yaxis.set_major_formatter(_plain_numbers())
        axes.yaxis.grid(color=RULE, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
        axes.set_xlim(0.5, len(low) + 0.5)
        axes.set_xlabel("column", labelpad=2)
        return to_svg(axes.figure, description)


def rate_range(rates: Rates, used: float | None, description: str) -> Markup | None:
    """Draws a learning-rate range test, with the rate that is used and the one it suggests.

    Args:
        rates: The test.
        used: The learning rate of the training; `None` if it is not known.
        description: Alternative text, different for each figure on a page.

    Returns:
        An `<svg>` element, or `None` if fewer than two losses are finite.
    """
    losses = np.array([math.nan if loss is None else loss for loss in rates.losses], float)
    tried = np.array(rates.learning_rates[: len(losses)], float)
    finite = losses[np.isfinite(losses)]
    if len(finite) < 2:
        return None
    marks = {"used": (used, TRAIN), "suggested": (rates.suggestion, VALIDATION)}
    with house_style():
        axes = new_axes(WIDTH_PIXELS, HEIGHT_PIXELS, left=48, top=34, right=14, bottom=36)
        axes.plot(tried, losses, color=INK, linewidth=1.6)
        axes.set_xscale("log")
        # What lies far above the first loss is of no interest, and would press the rest flat.
        low, first = float(finite.min()), float(finite[0])
        span = max(first - low, 1e-3 * abs(first), 1e-12)
        axes.set_ylim(low - 0.1 * span, max(first + 0.6 * span, low + 0.2 * span))
        for row, (name, (rate, colour)) in enumerate(marks.items()):
            if rate is not None and rate > 0:
                axes.axvline(rate, color=colour, linewidth=1.2)
                above = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
                shift = (0, 5 + (FONT_PIXELS + 2) * (1 - row))
                text = f"{name} {rate:.2g}"
                axes.annotate(text, (rate, 1), xytext=shift, color=colour, ha="center", **above)
        axes.xaxis.set_major_locator(LogLocator(numticks=6))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(_plain_numbers())
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
        axes.yaxis.grid(color=RULE, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel("learning rate", labelpad=2)
        axes.set_ylabel("loss")
        return to_svg(axes.figure, description)


def _plain_numbers() -> FuncFormatter:
    return FuncFormatter(lambda value, _: f"{value:g}".replace("e-0", "e-").replace("e+0", "e"))
