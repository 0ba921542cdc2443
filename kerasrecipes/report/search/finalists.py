"""Finalists of a search, compared with the chosen one."""

from typing import Any

from kerasrecipes.page.formats import number
from kerasrecipes.report.search.trials import score_text
from kerasrecipes.runs.sweep_table import Sweep


def finalist_rows(search) -> list[dict[str, str]]:
    """Returns a row for each finalist: its mean, and its difference from the chosen one.

    The differences are paired by seed, and their p-values corrected by Holm's method. There are no
    rows before the search has come to its end, or without a second finalist.

    Args:
        search: A `kerasrecipes.tuning.Search`.
    """
    table, chosen = Sweep(tuple(search.finalists)), search.result.get("trial")
    if chosen not in table.labels or len(table.labels) < 2:
        return []
    metric = search.objective.replace("val_", "validation_", 1)
    differences = {row["label"]: row for row in table.differences(chosen, metric)}
    return [
        {
            "trial": mean["label"],
            "n": str(mean["n"]),
            f"mean {search.objective}": score_text(search.objective, mean["mean"]),
            **_difference(search.objective, differences.get(mean["label"])),
        }
        for mean in table.summary(metric)
    ]


def _difference(objective: str, row: dict[str, Any] | None) -> dict[str, str]:
    """Returns the cells of a difference from the chosen finalist; empty ones for itself."""
    accuracy = objective.endswith("accuracy")
    texts = ["", "", ""]
    if row is not None:
        low, high = (_signed(row[bound], accuracy) for bound in ("low", "high"))
        interval = f"{low} to {high}" if row["low"] is not None else number(None)
        texts = [_signed(row["mean"], accuracy), interval, number(row["holm_p_value"])]
    unit = " in points" if accuracy else ""
    return dict(zip([f"difference{unit}", "95% interval", "p by Holm"], texts, strict=True))


def _signed(value: float | None, accuracy: bool) -> str:
    if value is None:
        return number(None)
    return f"{100 * value:+.2f}" if accuracy else f"{value:+.4g}"
