"""Figures of what is logged by epoch, as `<svg>` elements: curves and the learning rate."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from kerasrecipes.page.svg import (
    FONT_PIXELS,
    INK,
    MUTED,
    PAPER,
    RULE,
    TRAIN,
    VALIDATION,
    house_style,
    new_axes,
    to_svg,
)

CURVE_PIXELS = (344, 224)

_LINE = {"linewidth": 1.6, "clip_on": False}


def curves(
    history: Sequence[Mapping],
    metric: str,
    *,
    chosen_epoch: int | None = None,
    marks: Mapping[int, str] | None = None,
    in_percent: bool = False,
    by: str = "epoch",
    description: str | None = None,
) -> Markup | None:
    """Draws a metric on train (dashed, squares) and validation (solid, dots) over the epochs.

    The curves have a gap at epochs without a finite value.

    Args:
        history: A row for each epoch.
        metric: The metric's name in the rows. Its name on validation is `val_{metric}`.
        chosen_epoch: The epoch whose weights were kept. It is marked, if given.
        marks: What is written at further epochs; at two of them, for more would overlap.
        in_percent: Whether the values are fractions that are written in percent. Other values get a
            logarithmic axis if they span more than two decades.
        by: What is counted: the key of a row's place on the axis, and the name of the axis.
        description: Alternative text, different for each figure on a page. Defaults to one that
            names the metric.

    Returns:
        An `<svg>` element, or `None` if no row has a finite value.
    """
    epochs, train, validation = (_column(history, k) for k in (by, metric, f"val_{metric}"))
    values = np.concatenate([train, validation])
    if not np.isfinite(values).any():
        return None
    every = max(1, len(epochs) // 10)
    with house_style():
        axes = _epoch_axes(epochs, left=42, right=66, name=by)
        squares = {"marker": "s", "markersize": 4, "markevery": (every // 2, every)}
        dots = {"marker": "o", "markersize": 4, "markevery": (0, every)}
        dashed = {"linestyle": (0, (4, 2)), "markerfacecolor": PAPER}
        axes.plot(epochs, train, color=TRAIN, **squares, **dashed, **_LINE)
        axes.plot(epochs, validation, color=VALIDATION, **dots, **_LINE)
        if in_percent:
            _set_percent_axis(axes)
        else:
            _set_number_axis(axes, values)
        _label_ends(axes, epochs, {"train": train, "validation": validation})
        if chosen_epoch is not None and chosen_epoch in epochs:
            _mark_epoch(axes, chosen_epoch, f"epoch {chosen_epoch} kept")
            _ring(axes, chosen_epoch, validation[epochs == chosen_epoch][0])
        there = {epoch: text for epoch, text in (marks or {}).items() if epoch in epochs}
        for row, (epoch, text) in enumerate(list(there.items())[:2]):
            _mark_epoch(axes, epoch, text, row)
        described = description or f"{metric} on train and validation, {by} by {by}"
        return to_svg(axes.figure, described)


def learning_rate(history: Sequence[Mapping]) -> Markup | None:
    """Draws the learning rate over the epochs. Its axis is chosen as in `curves`."""
    epochs, rates = _column(history, "epoch"), _column(history, "learning_rate")
    if not np.isfinite(rates).any():
        return None
    with house_style():
        axes = _epoch_axes(epochs, left=52, right=14)
        marker = "o" if len(epochs) <= 40 else ""
        axes.plot(epochs, rates, color=INK, marker=marker, markersize=3, **_LINE)
        _set_number_axis(axes, rates)
        return to_svg(axes.figure, "learning rate, epoch by epoch")


def _column(history: Sequence[Mapping], key: str) -> np.ndarray:
    """Returns a column of the history as floats; missing and infinite values become NaN."""
    column = [row.get(key) for row in history]
    values = np.array([math.nan if value is None else value for value in column], dtype=float)
    return np.where(np.isfinite(values), values, math.nan)


def _epoch_axes(epochs: np.ndarray, *, left: float, right: float, name: str = "epoch") -> Axes:
    axes = new_axes(*CURVE_PIXELS, left=left, top=20, right=right, bottom=36)
    margin = 0.5 if len(epochs) == 1 else 0
    axes.set_xlim(epochs[0] - margin, epochs[-1] + margin)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    axes.set_xlabel(name, labelpad=2)
    axes.yaxis.grid(color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    return axes


def _set_number_axis(axes: Axes, values: np.ndarray) -> None:
    """Makes the axis logarithmic if values span more than two decades, else linear from 0."""
    low, high = np.nanmin(values), np.nanmax(values)
    if low > 0 and high > 100 * low:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=6))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        _set_round_ticks(axes)
        axes.set_ylim(bottom=0 if low >= 0 else None)
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:g}".replace("e-0", "e-"))
    )


def _set_percent_axis(axes: Axes) -> None:
    """Labels the axis in percent, and ends it at 100%."""
    _set_round_ticks(axes)
    axes.set_ylim(top=min(1, axes.get_ylim()[1]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))


def _set_round_ticks(axes: Axes) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))


def _label_ends(axes: Axes, epochs: np.ndarray, series: Mapping[str, np.ndarray]) -> None:
    """Writes each curve's name where it ends, the names kept a line apart."""
    ends = {}
    for name, values in series.items():
        if len(finite := np.flatnonzero(np.isfinite(values))):
            ends[name] = axes.transData.transform((epochs[finite[-1]], values[finite[-1]]))
    shifts = dict.fromkeys(ends, 0.0)
    if len(ends) == 2:
        lower, upper = sorted(ends, key=lambda name: ends[name][1])
        lacking = max(0, FONT_PIXELS + 2 - (ends[upper][1] - ends[lower][1]))
        shifts = {lower: -lacking / 2, upper: lacking / 2}
    beside = {"xycoords": "figure pixels", "textcoords": "offset points", "va": "center"}
    for name, end in ends.items():
        colour = TRAIN if name == "train" else VALIDATION
        axes.annotate(name, end, xytext=(8, shifts[name]), color=colour, **beside)


def _mark_epoch(axes: Axes, epoch: int, text: str, row: int = 0) -> None:
    """Writes a text above an epoch; in row 1 below the upper edge."""
    left, right = axes.get_xlim()
    along = (epoch - left) / (right - left)
    side = "left" if along < 0.2 else "right" if along > 0.8 else "center"
    above = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "ha": side}
    axes.axvline(epoch, color=MUTED, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    down = row * (FONT_PIXELS + 2)
    axes.annotate(text, (epoch, 1), xytext=(0, 5 - down), color=MUTED, **above)


def _ring(axes: Axes, epoch: int, value: float) -> None:
    ring = {"marker": "o", "markersize": 9, "markerfacecolor": "none", "markeredgewidth": 1.6}
    axes.plot(epoch, value, color=VALIDATION, clip_on=False, **ring)
