"""Comparison of searches: what they found, what they searched, and whether it is more than luck."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from kerasrecipes.page.formats import MISSING, duration, number, plain
from kerasrecipes.page.pages import template, write_page
from kerasrecipes.page.svg import HEAT, TRAIN, VALIDATION, house_style, new_axes, to_svg
from kerasrecipes.page.tables import html_table
from kerasrecipes.report.search.trials import score_text, written
from kerasrecipes.runs.sweep_table import Sweep
from kerasrecipes.tuning.trial_rows import ranges_in

SETTINGS = ("rungs", "objective", "direction", "seed", "folds", "constraints", "from")
PIXELS = (760, 320)


def write_search_comparison(searches: Sequence, path: str | os.PathLike) -> Path:
    """Writes a page that compares searches: scores, best values, spaces, and their progress.

    The page is one file that needs no network and no script.

    Args:
        searches: `kerasrecipes.tuning.Search`es; each is compared with the first.
        path: Path of the page.

    Returns:
        The path of the page.
    """
    named = searches_by_name(searches)
    rows, notes = difference_rows(named)
    page = template(Path(__file__).with_name("search_comparison.html.jinja")).render(
        count=len(named),
        scores=html_table([found_row(name, search) for name, search in named.items()]),
        differences=html_table(rows),
        notes=notes,
        progress=progress_figure(named),
        values=html_table(value_rows(named)),
        settings=html_table(setting_rows(named)),
    )
    return write_page(Path(path), page)


def searches_by_name(searches: Sequence) -> dict[str, Any]:
    """Returns searches by the names of their folders, or by the folders if names occur twice."""
    unique = len({Path(search.folder).name for search in searches}) == len(searches)
    return {
        Path(search.folder).name if unique else str(search.folder): search for search in searches
    }


def found_row(name: str, search) -> dict[str, object]:
    """Returns what a search found, and what that cost."""
    trials, score = search.trial_rows, search.result.get("score") or {}
    scores = [row["score"] for row in trials if row["score"] is not None]
    best = min if search.direction == "min" else max
    mean = score.get("mean", best(scores, default=None))
    low, high = score.get("low"), score.get("high")
    return {
        "search": name,
        "status": "finished" if search.finished else "not finished",
        "trials": len(trials),
        "epochs trained": sum(row["cost_epochs"] for row in trials),
        "time": duration(sum(row["seconds"] or 0 for row in trials)),
        f"best {search.objective}": score_text(search.objective, mean),
        "95% interval": MISSING
        if low is None
        else f"{score_text(search.objective, low)} to {score_text(search.objective, high)}",
        "n": score.get("n", 0),
    }


def value_rows(searches: Mapping[str, Any]) -> list[dict[str, object]]:
    """Returns a row for each path that any of the searches searched: the best value of each."""
    paths = dict.fromkeys(
        path for search in searches.values() for path, _ in ranges_in(search.settings["space"])
    )
    best = {}
    for name, search in searches.items():
        scored = any(row["score"] is not None for row in search.trial_rows)
        best[name] = search.best if scored else {}
    return [
        {"option": path, **{name: _value(best[name].get(path)) for name in searches}}
        for path in paths
    ]


def setting_rows(searches: Mapping[str, Any]) -> list[dict[str, object]]:
    """Returns a row for each setting, and for each range, in which the searches differ."""
    columns: dict[str, dict[str, str]] = {}
    for name, search in searches.items():
        settings = search.settings
        given = {key: plain(settings[key]) for key in SETTINGS if settings.get(key) is not None}
        given["data"] = str(settings.get("data_hash", ""))[:8]
        given["numerics version"] = str(search.numerics_version)
        for path, fields in ranges_in(settings["space"]):
            given[path] = "; ".join(filter(None, [given.get(path), range_text(fields)]))
        for path, value in search.recipe.flatten().items():
            given.setdefault(f"recipe: {path}", plain(value))
        for key, text in given.items():
            columns.setdefault(key, {})[name] = text
    return [
        {"setting": key, **{name: texts.get(name, MISSING) for name in searches}}
        for key, texts in columns.items()
        if len({texts.get(name) for name in searches}) > 1
    ]


def difference_rows(searches: Mapping[str, Any]) -> tuple[list[dict[str, object]], list[str]]:
    """Returns the difference of each search's best from that of the first, and what is to be said.

    The best are compared by their runs with further seeds, which the searches did not see, paired
    by seed.
    """
    (base, first), *others = searches.items()
    metric = first.objective.replace("val_", "validation_", 1)
    rows = [{**row, "label": name} for name, search in searches.items() for row in _chosen(search)]
    runs = Sweep(tuple(rows))
    found: list[dict[str, object]] = []
    notes = []
    for name, search in others:
        try:
            if search.objective != first.objective:
                raise ValueError("its objective is another")
            if not {base, name} <= set(runs.labels):
                raise ValueError("one of them has no finalists, which further seeds would train")
            (row,) = runs.differences(base, metric, [name])
        except ValueError as error:
            notes.append(f"{name} is not compared with {base}: {error}.")
            continue
        unit = 100 if metric.endswith("accuracy") else 1
        low, high = row["low"], row["high"]
        found.append(
            {
                "search": name,
                "against": base,
                "pairs": row["n"],
                f"difference of {first.objective}"
                + (" in points" if unit == 100 else ""): f"{unit * row['mean']:+.3g}",
                "95% interval": MISSING
                if low is None
                else f"{unit * low:+.3g} to {unit * high:+.3g}",
                "p": number(row["p_value"]),
            }
        )
    return found, notes


def progress_figure(searches: Mapping[str, Any]) -> Markup | None:
    """Draws the best score of each search against the epochs that it had trained."""
    colours = (VALIDATION, TRAIN, HEAT[10], HEAT[6], HEAT[3])
    objective = next(iter(searches.values())).objective
    with house_style():
        axes = new_axes(*PIXELS, left=60, top=14, right=20, bottom=42)
        drawn = 0
        for number_, (name, search) in enumerate(searches.items()):
            better = np.minimum if search.direction == "min" else np.maximum
            rows = [row for row in search.trial_rows if row["score"] is not None]
            if not rows or search.objective != objective:
                continue
            epochs = np.cumsum([row["cost_epochs"] for row in rows])
            best = better.accumulate([row["score"] for row in rows])
            colour = colours[number_ % len(colours)]
            axes.step(epochs, best, where="post", color=colour, label=name, linewidth=1.8)
            drawn += 1
        if not drawn:
            return None
        axes.set_xlabel("epochs trained by the trials")
        axes.yaxis.set_major_formatter(lambda value, _: score_text(objective, value))
        axes.legend(frameon=False, loc="lower right")
        return to_svg(axes.figure, f"Best {objective} so far of each search, by epochs trained")


def range_text(fields: Mapping[str, Any]) -> str:
    """Returns a range of search.json as a user writes it.

    Example:

    >>> range_text({"range": "uniform", "low": 0, "high": 0.9})
    'uniform(0, 0.9)'
    """
    if fields["range"] == "choice":
        return f"choice({', '.join(map(written, fields['options']))})"
    ends = [f"{fields[end]:g}" for end in ("low", "high")]
    step = [f"step={fields['step']:g}"] if "step" in fields else []
    return f"{fields['range']}({', '.join([*ends, *step])})"


def _chosen(search) -> list[dict[str, Any]]:
    """Returns the runs of a search's best recipe with further seeds."""
    return [row for row in search.finalists if row["label"] == search.result.get("trial")]


def _value(value: object) -> str:
    return MISSING if value is None else written(value)
