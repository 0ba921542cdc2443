"""Page of the runs in a directory, index.html."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kerasrecipes.page import formats
from kerasrecipes.page.pages import template, write_page
from kerasrecipes.report.index.scripts import PageScript, as_data, curves_of
from kerasrecipes.runs.listing.small_files import ListedRun, ListedSearch, differing_values

# The options that a run's label names, and the longest label.
_LABELLED_OPTIONS = 4


def write_index(
    runs: Sequence[ListedRun],
    directory: str | os.PathLike,
    searches: Sequence[ListedSearch] = (),
) -> Path:
    """Writes `index.html` into a directory: a table of its runs that sorts and filters.

    It also lays the curves of runs over each other. The page is one file that needs no network. Its
    script is its own; the page's policy lets no other run.

    Args:
        runs: What `kerasrecipes.runs.listed_runs` returns, or some of it.
        directory: The directory of the run folders.
        searches: The searches in it.

    Returns:
        The path of the page.
    """
    differing = differing_values(runs)
    script = PageScript.of("curves.js", "sorting.js", "index.js")
    page = template(Path(__file__).with_name("index.html.jinja")).render(
        name=Path(directory).resolve().name,
        runs=[_row(run, n, differing, Path(directory)) for n, run in enumerate(runs)],
        options=list(differing),
        searched=any(run.search for run in runs),
        searches=[_search(search, Path(directory)) for search in searches],
        script=script,
        data=as_data([curves_of(_label(r, n, differing), r.history) for n, r in enumerate(runs)]),
    )
    return write_page(Path(directory) / "index.html", page)


def _row(run: ListedRun, number: int, differing: Mapping[str, list], directory: Path) -> dict:
    """Returns the cells of a run: what is shown, and the value that it is sorted by, as JSON."""
    values, started = run.values, run.started
    cells = [
        _cell(run.status),
        _cell(
            f"{values['epochs_done']}/{run.options.get('epochs', formats.MISSING)}",
            values["epochs_done"],
        ),
        *map(_score, run.scores.values()),
        _cell(formats.duration(run.seconds), run.seconds),
        _cell(f"{started:%Y-%m-%d %H:%M}" if started else None, values["started"]),
    ]
    shown = (of_path[number] for of_path in differing.values())
    options = [_cell(None if v is None else formats.option(v), _sortable(v)) for v in shown]
    return {
        "name": run.name,
        "folder": run.folder.name,
        "folder_value": json.dumps(run.folder.name),
        "search": run.search,
        "search_value": json.dumps(run.search),
        "damage": run.damage,
        "report": _link(run.folder / "report.html", directory),
        "cells": cells,
        "options": options,
    }


def _cell(text: str | None, value: object = None) -> dict[str, Any]:
    """Returns the text of a cell, and what it is sorted by: the text unless a value is given."""
    value = text if value is None else value
    return {
        "text": formats.MISSING if text is None else text,
        "value": "" if value is None else json.dumps(value),
        "is_number": isinstance(value, int | float),
    }


def _score(score: Mapping[str, Any]) -> dict[str, Any]:
    accuracy, n = score.get("accuracy"), score.get("n")
    cell = _cell(formats.percent(accuracy, n), accuracy if formats.is_finite(accuracy) else None)
    if not formats.is_finite(accuracy):
        return {**cell, "value": "", "is_number": True}
    low, high = score.get("accuracy_interval") or (None, None)
    if formats.is_finite(low) and formats.is_finite(high):
        cell["interval"] = formats.percent_interval(low, high, n)
    return cell


def _sortable(value: object) -> object:
    """Returns a value as a script compares it: numbers as such, everything else as text."""
    if value is None or isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return formats.plain(value)


def _label(run: ListedRun, number: int, differing: Mapping[str, list]) -> str:
    """Returns what a legend calls a run: its name, and the first options in which it differs."""
    own = {path: of_path[number] for path, of_path in differing.items()}
    named = [f"{path}={formats.option(v)}" for path, v in own.items() if v is not None]
    beginning = run.fingerprint[:6] or run.folder.name
    return ", ".join([f"{run.name} {beginning}".strip(), *named[:_LABELLED_OPTIONS]])


def _search(search: ListedSearch, directory: Path) -> dict[str, Any]:
    return {
        "name": search.folder.name,
        "status": search.status,
        "trials": search.trials,
        "objective": search.objective,
        "score": search.score,
        "page": _link(search.folder / "search.html", directory),
    }


def _link(path: Path, directory: Path) -> str | None:
    """Returns the address of a page that is there, relative to the directory."""
    if not path.is_file():
        return None
    return quote(os.path.relpath(path, directory).replace(os.sep, "/"))
