"""Table of a search's trials that sorts and filters: its headers and cells."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kerasrecipes.page import formats
from kerasrecipes.report.search.trials import score_text, short_names, written
from kerasrecipes.tuning.trial_rows import SOURCE

# The most trials on the page, the best of the longest ones; all are in trials.csv.
MOST_ROWS = 1000


def trial_headers(
    paths: Sequence[str], quantities: Sequence[str], objective: str, direction: str, adopts: bool
) -> list[dict[str, str]]:
    """Returns the text and the name of each column, by which a filter asks for it.

    Args:
        paths: The paths that were searched.
        quantities: The quantities that the search constrains.
        objective: The name of the score.
        direction: `"max"` or `"min"`.
        adopts: Whether some trials are those of another search.
    """
    best = "high" if direction == "max" else ""
    names = short_names(paths)
    return [
        {"text": "Trial", "name": "trial"},
        *([{"text": "Search", "name": SOURCE}] if adopts else []),
        {"text": "Rung", "name": "rung"},
        {"text": "Epochs", "name": "epochs"},
        {"text": "Status", "name": "status"},
        {"text": objective, "name": "score", "best": best},
        {"text": "Time", "name": "seconds"},
        *({"text": name, "name": name} for name in quantities),
        *({"text": names[path], "name": path, "title": path} for path in paths),
    ]


def trial_cells(
    row: Mapping[str, Any], headers: Sequence[Mapping[str, str]], objective: str
) -> list[dict[str, Any]]:
    """Returns the text of each cell of a trial, and the value that it is sorted by, as JSON."""
    return [_cell(row, header["name"], objective) for header in headers]


def _cell(row: Mapping[str, Any], name: str, objective: str) -> dict[str, Any]:
    value = row.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = "" if value is None else written(value)
    if name == "score":
        text = score_text(objective, value) if value is not None else ""
    elif name == "seconds":
        text = formats.duration(value) if value is not None else ""
    sortable = value if is_number or value is None else text
    return {
        "text": text,
        "value": "" if sortable is None else json.dumps(sortable),
        "is_number": is_number,
        "title": row.get("cause") if name == "status" else None,
    }
