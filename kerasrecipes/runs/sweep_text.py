"""Text of a sweep, for consoles and notebooks."""

from collections.abc import Mapping
from typing import Any

from kerasrecipes.page.formats import percent, percent_interval


def title(sweep) -> str:
    """Returns one line about a `Sweep`: its size, and its remark if there is one."""
    runs, labels = len(sweep.rows), len(sweep.labels)
    size = f"{runs} run{'' if runs == 1 else 's'}, {labels} label{'' if labels == 1 else 's'}"
    return f"Sweep: {size}. {sweep.remark}".rstrip()


def shown_rows(sweep) -> list[dict[str, object]]:
    """Returns a row for each label of a `Sweep`: its mean accuracies with their 95% intervals."""
    rows = {label: {"label": label} for label in sweep.labels}
    for split in ("validation", "test"):
        metric = f"{split}_accuracy"
        if metric in sweep.metrics:
            for mean in sweep.summary(metric):
                rows[mean["label"]] |= {"n": mean["n"], f"{split} accuracy, 95%": _text(mean)}
    return list(rows.values())


def _text(mean: Mapping[str, Any]) -> str:
    """Returns a mean and its interval as text, such as `"97.3% (96.1% to 98.4%)"`."""
    score = percent(mean["mean"])
    if mean["low"] is None:
        return score
    return f"{score} ({percent_interval(mean['low'], mean['high'])})"
