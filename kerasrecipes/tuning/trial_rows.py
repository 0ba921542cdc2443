"""Rows of trials.csv: the changes of a trial, and the best of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# The column of trials.csv that names the search that a trial was taken over from.
SOURCE = "search"
# The columns other than the paths, and other than the quantities that the search constrains.
TRIAL_COLUMNS = (
    "trial", "rung", "epochs", "cost_epochs", "parent", "status", "score", "cause", "seconds",
    SOURCE,
)  # fmt: skip


def best_row(
    trials: Sequence[Mapping[str, Any]], chosen: object, direction: str
) -> dict[str, Any] | None:
    """Returns the row of a search's best trial; `None` if no trial has a score.

    Args:
        trials: The rows of trials.csv.
        chosen: The name of the trial that the search chose. Without one that is among them, it is
            the best of the last rung.
        direction: `"max"` if a high score is good, `"min"` if a low one is.
    """
    scored = [dict(row) for row in trials if row["score"] is not None]
    among = [row for row in scored if row["trial"] == chosen] or scored
    sign = -1 if direction == "min" else 1
    return max(among, default=None, key=lambda row: (row["rung"], sign * row["score"]))


def changes_of(row: Mapping[str, Any], space: Mapping[str, Mapping]) -> dict[str, Any]:
    """Returns the changes of a trial to the recipe of its search, by path.

    Args:
        row: A row of trials.csv. An empty cell is an option that the trial does not have, unless
            `None` is one of its choices.
        space: The space as search.json holds it.
    """
    given: dict[str, list[Mapping]] = {}
    for path, fields in ranges_in(space):
        given.setdefault(path, []).append(fields)
    nothing = {
        path
        for path, ranges in given.items()
        if any(each["range"] == "choice" and None in each.get("options", ()) for each in ranges)
    }
    return {
        path: row[path]
        for path in given
        if path in row and (row[path] is not None or path in nothing)
    }


def ranges_in(space: Mapping[str, Mapping]) -> Iterator[tuple[str, Mapping]]:
    """Yields path and fields of each range of a space, including those below choices."""
    for path, fields in space.items():
        yield path, fields
        for inner in fields.get("spaces", ()):
            yield from ranges_in(inner)
