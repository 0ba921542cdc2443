"""Curves of what was logged, with the epochs that a finding names."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.page.epoch_curves import curves

# A single point is no curve.
LEAST_EPOCHS = 2


def logged_curves(
    series: Series | None, evidence: Mapping[str, Any], about: str
) -> tuple[str, Markup] | None:
    """Draws the curves that a finding is about: of the loss, unless its evidence names a metric.

    Args:
        series: What was logged.
        evidence: The numbers of a finding. Entries such as `best_epoch` are marked.
        about: What the figure is about, for its alternative text.

    Returns:
        A caption and an `<svg>` element; `None` if there is no curve.
    """
    if series is None:
        return None
    metric = _metric(series, evidence)
    if len(series) >= LEAST_EPOCHS:
        by, rows = "epoch", _rows(series.epochs, metric, range(1, len(series) + 1))
    else:
        counted = [int(step) for step in series.steps.get("step", ()) if step is not None]
        by, rows = "step", _rows(series.steps, metric, counted)
    if len(rows) < LEAST_EPOCHS:
        return None
    svg = curves(
        [{by: row.pop("at"), **row} for row in rows],
        metric,
        marks=_marks(evidence) if by == "epoch" else None,
        in_percent="accuracy" in metric,
        by=by,
        description=f"{about}: {metric}, {by} by {by}",
    )
    return None if svg is None else (f"{metric.replace('_', ' ')} by {by}", svg)


def _metric(series: Series, evidence: Mapping[str, Any]) -> str:
    named = str(evidence.get("metric", "")).removeprefix("val_")
    return named if named in series.epochs else "loss"


def _rows(
    columns: Mapping[str, Sequence[float | None]], metric: str, places: Sequence[int]
) -> list[dict[str, Any]]:
    names = [name for name in (metric, f"val_{metric}") if name in columns]
    if not names:
        return []
    return [
        {"at": at, **{name: _at(columns[name], row) for name in names}}
        for row, at in enumerate(places)
    ]


def _at(values: Sequence[float | None], row: int) -> float | None:
    return values[row] if row < len(values) else None


def _marks(evidence: Mapping[str, Any]) -> dict[int, str]:
    """Returns the epochs that evidence names, with their names, such as "best epoch 7"."""
    marks = {}
    for name, value in evidence.items():
        if name.endswith("epoch") and isinstance(value, int | float) and not value % 1:
            marks[int(value)] = f"{name.replace('_', ' ')} {int(value)}"
    return marks
