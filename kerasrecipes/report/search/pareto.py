"""Front of a search with two objectives: what a bound on one costs in the other."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from kerasrecipes.page.svg import HEAT, INK, MUTED, TRAIN, house_style, new_axes, to_svg
from kerasrecipes.report.search.trials import score_text
from kerasrecipes.tuning.constraints import Constraint

# From this ratio of the largest to the smallest cost on, the axis is logarithmic.
WIDE = 20
PIXELS = (344, 230)


def pareto_front(
    trials: Sequence[Mapping[str, Any]],
    constraint: Constraint,
    *,
    lower_is_better: bool = False,
) -> list[Mapping[str, Any]]:
    """Returns the trials that no other one beats in both objectives, the cheapest first.

    Args:
        trials: The rows of trials.csv.
        constraint: The constraint, which says whether its quantity is to be low or high.
        lower_is_better: Whether low scores are good.

    Example:

    >>> rows = [{"score": 0.9, "p": 10}, {"score": 0.8, "p": 20}, {"score": 0.95, "p": 30}]
    >>> [row["p"] for row in pareto_front(rows, Constraint("p", "<", 25.0))]
    [10, 30]
    """
    sign = -1 if lower_is_better else 1
    cost_sign = 1 if constraint.sign.startswith("<") else -1
    rows = [row for row in trials if _is_measured(row, constraint)]
    rows.sort(key=lambda row: (cost_sign * row[constraint.quantity], -sign * row["score"]))
    front: list[Mapping[str, Any]] = []
    for row in rows:
        if not front or sign * row["score"] > sign * front[-1]["score"]:
            front.append(row)
    return front


def pareto_figure(
    trials: Sequence[Mapping[str, Any]],
    constraint: Constraint,
    objective: str,
    *,
    lower_is_better: bool = False,
    best: str | None = None,
) -> Markup | None:
    """Draws the score of each trial against what it costs, the front, and the bound.

    Args:
        trials: The rows of trials.csv.
        constraint: The constraint, of whose quantity the costs are.
        objective: The name of the score.
        lower_is_better: Whether low scores are good.
        best: The name of the trial that is drawn with a ring.

    Returns:
        An `<svg>` element, or `None` when no trial has both.
    """
    rows = [row for row in trials if _is_measured(row, constraint)]
    if not rows:
        return None
    front = pareto_front(rows, constraint, lower_is_better=lower_is_better)
    costs = np.array([row[constraint.quantity] for row in rows], float)
    with house_style():
        axes = new_axes(*PIXELS, left=52, top=12, right=16, bottom=40)
        low, high = min(costs.min(), constraint.bound), max(costs.max(), constraint.bound)
        if low > 0 and high / low > WIDE:
            axes.set_xscale("log")
            axes.set_xlim(low / 1.3, high * 1.3)
        else:
            margin = 0.06 * (high - low or 1.0)
            axes.set_xlim(low - margin, high + margin)
            axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.4g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        on_front = {row["trial"] for row in front}
        for row in rows:
            is_best = row["trial"] == best
            axes.plot(
                row[constraint.quantity],
                row["score"],
                marker="o",
                markersize=8 if is_best else 5.5,
                color=HEAT[8] if row["trial"] in on_front else HEAT[3],
                markeredgecolor=TRAIN if is_best else INK,
                markeredgewidth=2 if is_best else 0.5,
                zorder=3,
            )
        axes.step(
            [row[constraint.quantity] for row in front],
            [row["score"] for row in front],
            where="post",
            color=HEAT[8],
            linewidth=1.4,
            zorder=2,
        )
        axes.axvline(constraint.bound, color=MUTED, linewidth=1, linestyle="--")
        axes.set_xlabel(f"{constraint.quantity}, the bound dashed")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: score_text(objective, v)))
        return to_svg(axes.figure, f"{objective} against {constraint.quantity}, with the front")


def _is_measured(row: Mapping[str, Any], constraint: Constraint) -> bool:
    return row["score"] is not None and row.get(constraint.quantity) is not None
