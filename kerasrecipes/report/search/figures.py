"""Figures of the trials of a search: parallel axes, and one figure for each option."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kerasrecipes.base.text import shortened
from kerasrecipes.page.svg import (
    HEAT,
    INK,
    MUTED,
    PAPER,
    RULE,
    TRAIN,
    house_style,
    new_axes,
    to_svg,
)
from kerasrecipes.report.search.trials import Option, is_of, short_names, spans

PARALLEL_PIXELS, OPTION_PIXELS = (1080, 320), (344, 190)
RUNG_PIXELS = 13

# The index of the faintest shade of HEAT that is visible on the page.
FAINTEST = 2

# The position on a parallel axis of trials that do not have its option.
UNSET = -0.13
LABEL_LENGTH = 14


def parallel(
    trials: Sequence[Mapping[str, Any]],
    options: Sequence[Option],
    objective: str,
    *,
    lower_is_better: bool = False,
    best: str | None = None,
) -> Markup | None:
    """Draws each trial as a line across parallel axes: one for each option, and one for the score.

    The better a trial is, the darker is its line.

    Args:
        trials: The rows of trials.csv.
        options: The options, in the order of their axes.
        objective: The name of the score.
        lower_is_better: Whether low scores are good.
        best: The name of the trial that is drawn in colour.

    Returns:
        An `<svg>` element, or `None` when no trial has a score.
    """
    scored = sorted(_scored(trials), key=lambda row: row["score"], reverse=lower_is_better)
    if not scored:
        return None
    low, high = _limits([row["score"] for row in scored], lower_is_better)
    last = Option(objective, low=low, high=high)
    axes_of = [*options, last]
    columns = np.arange(len(axes_of))
    with house_style():
        axes = new_axes(*PARALLEL_PIXELS, left=70, top=34, right=80, bottom=30)
        axes.set(xlim=(0, len(options)), ylim=(UNSET, 1))
        axes.set_axis_off()
        for order, row in enumerate(scored):
            at = [option.position(row.get(option.path)) for option in options]
            at = [*at, float(np.clip(last.position(row["score"]), 0, 1))]
            is_best = row["trial"] == best
            level = _level(order, len(scored))
            axes.plot(
                columns,
                [UNSET if math.isnan(y) else y for y in at],
                color=TRAIN if is_best else HEAT[level],
                linewidth=2.4 if is_best else 1.2,
                zorder=4 if is_best else 2 + order / len(scored),
                clip_on=False,
            )
        names = short_names([option.path for option in axes_of])
        for column, option in enumerate(axes_of):
            ticks = option.ticks()
            if option is last:
                ticks = [(at, _score_tick(objective, low + at * (high - low))) for at, _ in ticks]
            _parallel_axis(
                axes,
                column,
                names[option.path],
                ticks,
                raised=column % 2 == 1 and (len(axes_of) > 6 or "." in "".join(names.values())),
            )
            if any(row.get(option.path) is None for row in scored) and option is not last:
                _beside(axes, column, UNSET, "unset", MUTED)
        return to_svg(axes.figure, "Trials on parallel axes, one for each option", tight=True)


def option_figure(
    option: Option,
    trials: Sequence[Mapping[str, Any]],
    regions: Sequence[Mapping[str, Any]],
    objective: str,
    *,
    lower_is_better: bool = False,
    best: str | None = None,
) -> Markup | None:
    """Draws the score against an option, and below it the range that each rung searched.

    Args:
        option: The option.
        trials: The rows of trials.csv.
        regions: The rows of regions.csv.
        objective: The name of the score.
        lower_is_better: Whether low scores are good.
        best: The name of the trial that is drawn with a ring.

    Returns:
        An `<svg>` element, or `None` when no trial with the option has a score.
    """
    scored = [row for row in _scored(trials) if row.get(option.path) is not None]
    if not scored:
        return None
    rungs = max(row["rung"] for row in trials)
    width, height = OPTION_PIXELS
    below = RUNG_PIXELS * rungs
    low, high = _limits([row["score"] for row in _scored(trials)], lower_is_better)
    with house_style():
        figure = Figure(figsize=(width / 72, (height + below) / 72), dpi=72)
        left, right, bottom, top = 52 / width, 1 - 12 / width, 24, height + below - 8
        whole = height + below
        upper = figure.add_axes(
            (left, (bottom + below + 8) / whole, right - left, (top - bottom - below - 8) / whole)
        )
        lower = figure.add_axes((left, bottom / whole, right - left, below / whole), sharex=upper)
        _scatter(upper, option, scored, rungs, best, (low, high))
        upper.yaxis.set_major_formatter(FuncFormatter(lambda v, _: _score_tick(objective, v)))
        _ranges(lower, option, regions, rungs)
        positions, texts = zip(*option.ticks(), strict=True)
        lower.set_xticks(positions, [shortened(text, LABEL_LENGTH) for text in texts])
        return to_svg(figure, f"{option.path} against {objective}, and its range by rung")


def _scatter(
    axes: Axes,
    option: Option,
    rows: Sequence[Mapping[str, Any]],
    rungs: int,
    best: str | None,
    limits: tuple[float, float],
) -> None:
    """Draws each trial as a point, darker in later rungs; outliers are triangles at the edge."""
    low, high = limits
    margin = 0.06 * (high - low)
    axes.set(xlim=(-0.02, 1.02), ylim=(low - margin, high + margin))
    axes.tick_params(labelbottom=False)
    axes.spines["bottom"].set_visible(False)
    axes.yaxis.grid(color=RULE, linewidth=0.8)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
    axes.set_axisbelow(True)
    for row in rows:
        outside = not low <= row["score"] <= high
        score = float(np.clip(row["score"], low, high))
        at = option.position(row[option.path])
        if option.labels:
            # Trials with the same value lie beside each other, in the order in which they ran.
            at += 0.5 * (int(row["trial"]) % 7 - 3) / 7 / len(option.labels)
        is_best = row["trial"] == best
        axes.plot(
            at,
            score,
            marker=("v" if score == low else "^") if outside else "o",
            markersize=8 if is_best else 5.5,
            color=HEAT[_level(row["rung"], rungs + 1)],
            markeredgecolor=TRAIN if is_best else INK,
            markeredgewidth=2 if is_best else 0.5,
            zorder=4 if is_best else 3,
            clip_on=False,
        )


def _ranges(axes: Axes, option: Option, regions: Sequence[Mapping[str, Any]], rungs: int) -> None:
    """Draws the range that each rung searched as a bar, one below the other."""
    axes.set_ylim(rungs + 0.5, 0.5)
    axes.set_yticks(range(1, rungs + 1), [f"rung {n}" for n in range(1, rungs + 1)])
    for row in regions:
        if not is_of(row["path"], option.path) or row["rung"] > rungs:
            continue
        colour = HEAT[_level(row["rung"], rungs + 1)]
        for start, end in spans(option, row):
            axes.plot(
                [start, end],
                [row["rung"]] * 2,
                color=colour,
                linewidth=6,
                solid_capstyle="butt",
                clip_on=False,
            )


def _parallel_axis(
    axes: Axes, column: int, name: str, ticks: Sequence[tuple[float, str]], *, raised: bool
) -> None:
    axes.plot([column] * 2, [0, 1], color=MUTED, linewidth=1, zorder=3, clip_on=False)
    for at, text in ticks:
        _beside(axes, column, at, shortened(text, LABEL_LENGTH), INK)
    offset = {"xytext": (0, 24 if raised else 9), "textcoords": "offset points"}
    axes.annotate(name, (column, 1), ha="center", color=INK, annotation_clip=False, **offset)


def _beside(axes: Axes, column: int, at: float, text: str, colour: str) -> None:
    """Writes a text beside an axis, over the lines of the trials."""
    paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 1, "alpha": 0.85}
    axes.text(column + 0.03, at, text, color=colour, va="center", zorder=5, bbox=paper)


def _scored(trials: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in trials if row["score"] is not None and math.isfinite(row["score"])]


def _limits(scores: Sequence[float], lower_is_better: bool) -> tuple[float, float]:
    """Returns the lowest and the highest score of an axis: scores that are outliers lie outside."""
    sign = -1 if lower_is_better else 1
    good = sign * np.asarray(scores)
    best, quarter = good.max(), np.quantile(good, 0.25)
    worst = max(good.min(), quarter - 1.5 * (best - quarter))
    if best == worst:
        worst = best - max(abs(best), 1.0) * 0.05
    low, high = sorted((sign * float(worst), sign * float(best)))
    return low, high


def _level(order: int, count: int) -> int:
    """Returns the shade of HEAT of one of `count` things in order, the last one the darkest."""
    return FAINTEST + round((len(HEAT) - 1 - FAINTEST) * order / max(1, count - 1))


def _score_tick(objective: str, value: float) -> str:
    if objective.endswith("accuracy"):
        return f"{100 * value:.3g}%"
    return f"{round(value, 12):.4g}"
