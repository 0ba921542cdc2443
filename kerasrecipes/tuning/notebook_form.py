"""A search as HTML for notebooks: its result, its rungs and its best trials."""

from typing import Any

from markupsafe import Markup

from kerasrecipes.page.formats import number, percent, plain
from kerasrecipes.page.notebook import fragment, pairs, quiet
from kerasrecipes.page.tables import html_table

# The trials that are shown.
SHOWN = 8


def search_fragment(search) -> Markup:
    """Returns a `Search` as HTML; of an unfinished one, what there is."""
    trials, result = search.trial_rows, search.result
    scored = [trial for trial in trials if trial["score"] is not None]
    best = sorted(scored, key=lambda trial: (-trial["rung"], -_sign(search) * trial["score"]))
    left_out = len(trials) - len(best[:SHOWN])
    return fragment(
        search.folder.name,
        quiet(f"{_state(search)}, rungs {', '.join(search.settings['rungs'])}"),
        pairs(_facts(search, result)),
        html_table([_row(search, trial) for trial in best[:SHOWN]]),
        quiet(f"and {left_out} more" if left_out else ""),
        quiet(search.folder),
    )


def _sign(search) -> int:
    return -1 if search.direction == "min" else 1


def _state(search) -> str:
    return f"{'finished' if search.finished else 'not finished'}, {len(search.trial_rows)} trials"


def _facts(search, result: dict[str, Any]) -> dict[str, object]:
    if not result:
        return {}
    test = result.get("test")
    return {
        "best changes": result["set_line"],
        f"their {search.objective}": _mean(result["score"]),
        "their test accuracy": percent(test["accuracy"], test["n"]) if test else None,
    }


def _mean(score: dict[str, Any]) -> str:
    """Returns a mean with its interval, if it has one, and the number of trainings."""
    interval = ""
    if score.get("low") is not None:
        interval = f"95% {number(score['low'])} to {number(score['high'])}, "
    return f"{number(score['mean'])} ({interval}n = {score['n']})"


def _row(search, trial: dict[str, Any]) -> dict[str, object]:
    """Returns a row of the table: rung, epochs, score, and the values by their whole paths."""
    values = {path: _written(trial.get(path)) for path in search.settings["space"]}
    score = number(trial["score"])
    shown = {"rung": trial["rung"], "epochs": trial["epochs"], search.objective: score}
    return shown | values


def _written(value: object) -> str | None:
    if value is None:
        return None
    return number(value) if isinstance(value, float) else plain(value)
