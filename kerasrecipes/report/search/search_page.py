"""Page of a search."""

import json
from pathlib import Path
from typing import Any

from kerasrecipes.page import formats
from kerasrecipes.page.pages import template, write_page
from kerasrecipes.page.tables import html_table
from kerasrecipes.report.index.scripts import PageScript
from kerasrecipes.report.search import figures
from kerasrecipes.report.search.finalists import finalist_rows
from kerasrecipes.report.search.importance import option_importance
from kerasrecipes.report.search.pareto import pareto_figure, pareto_front
from kerasrecipes.report.search.trial_table import MOST_ROWS, trial_cells, trial_headers
from kerasrecipes.report.search.trials import is_of, options_of, score_text, written
from kerasrecipes.training.numerics import version_of
from kerasrecipes.tuning.constraints import Constraint, constraint_of
from kerasrecipes.tuning.search_folder import WARM
from kerasrecipes.tuning.trial_rows import SOURCE

# So many failed trials are listed with their causes.
SHOWN_FAILURES = 20


def write_search(search) -> Path:
    """Writes `search.html` into the folder of a search: one page that needs no network.

    Its script, which sorts and filters the trials, is its own; the page's policy lets no other run.
    Without it, the page is whole but for that. The page of an unfinished search shows its results
    so far. The same search gives the same bytes.

    Args:
        search: A `kerasrecipes.tuning.Search`.

    Returns:
        The path of the page. The file is written whole, then renamed.
    """
    return write_page(Path(search.folder) / "search.html", render_search(search))


def render_search(search) -> str:
    """Returns the page of a search as a string."""
    objective, trials, result = search.objective, search.trial_rows, search.result
    options = options_of(search.settings, trials)
    shared = {"lower_is_better": search.direction == "min", "best": result.get("trial")}
    constraints = [constraint_of(each) for each in search.settings.get("constraints", ())]
    headers = trial_headers(
        [option.path for option in options],
        list(dict.fromkeys(each.quantity for each in constraints)),
        objective,
        search.direction,
        any(row.get(SOURCE) for row in trials),
    )
    page = template(
        Path(__file__).with_name("search.html.jinja"),
        score=lambda score: score_text(objective, score),
        written=written,
    )
    return page.render(
        name=Path(search.folder).name,
        summary=_summary(search, trials),
        objective=objective,
        result=result,
        finals=search.finalists,
        tested=len(search.scored_on_test),
        finalists=html_table(finalist_rows(search)),
        parallel=figures.parallel(trials, options, objective, **shared),
        options=_options(search, options, trials, shared),
        importance=option_importance(trials, options, lower_is_better=shared["lower_is_better"]),
        rungs=_rungs(search, trials),
        scored=sum(row["score"] is not None for row in trials),
        trials=_ordered(trials, lower_is_better=shared["lower_is_better"]),
        headers=headers,
        cells=lambda row: trial_cells(row, headers, objective),
        most_rows=MOST_ROWS,
        shown_failures=SHOWN_FAILURES,
        fronts=_fronts(constraints, trials, objective, shared),
        script=PageScript.of("sorting.js", "../search/trials.js"),
        failed=[row for row in trials if row["status"] == "failed"],
        recipe_json=_recipe_json(search),
        settings=_settings(search),
    )


def _summary(search, trials: list[dict[str, Any]]) -> str:
    recipe = search.settings["recipe"]
    model, data = (recipe[field]["use"] for field in ("model", "data"))
    epochs = sum(row["cost_epochs"] for row in trials)
    seconds = sum(row["seconds"] or 0 for row in trials)
    folds = f", {search.settings['folds']} folds" if search.settings.get("folds") else ""
    return (
        f"{len(trials):,} trials of {model} on {data}, {epochs:,} epochs in "
        f"{formats.duration(seconds)}; rungs {', '.join(search.settings['rungs'])} (trials x "
        f"epochs), by {search.objective}{folds}."
    )


def _options(search, options, trials, shared) -> list[dict[str, Any]]:
    """Returns the path, figure and note of each option that a scored trial has."""
    regions, at_bounds = search.regions, search.result.get("at_bounds", {})
    drawn = []
    for option in options:
        svg = figures.option_figure(option, trials, regions, search.objective, **shared)
        notes = [
            f"the best lie at the {end} end of the range{name.removeprefix(option.path)}"
            for name, end in at_bounds.items()
            if is_of(name, option.path)
        ]
        drawn.append({"path": option.path, "svg": svg, "note": "; ".join(notes)})
    return [figure for figure in drawn if figure["svg"]]


def _rungs(search, trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns a row for each rung: counts of its trials, its epochs, and its best score."""
    best = min if search.direction == "min" else max
    rows = []
    for position, rung in enumerate(search.settings["rungs"], start=1):
        own = [row for row in trials if row["rung"] == position]
        scores = [row["score"] for row in own if row["score"] is not None]
        rows.append(
            {
                "rung": f"{position}: {rung.replace('x', ' × ')}",
                "trials": len(own),
                "promoted": sum(row["parent"] is not None for row in own),
                "stopped": sum(row["status"] == "stopped" for row in own),
                "failed": sum(row["status"] in ("failed", "infeasible") for row in own),
                "epochs": sum(row["cost_epochs"] for row in own),
                "best": best(scores, default=None),
            }
        )
    return rows


def _ordered(trials: list[dict[str, Any]], *, lower_is_better: bool) -> list[dict[str, Any]]:
    """Returns the trials: those of later rungs first, the best first in each, then the failed."""
    sign = 1 if lower_is_better else -1
    scored = [row for row in trials if row["score"] is not None]
    rest = [row for row in trials if row["score"] is None]
    return [*sorted(scored, key=lambda row: (-row["rung"], sign * row["score"])), *rest]


def _fronts(
    constraints: list[Constraint], trials: list[dict[str, Any]], objective: str, shared
) -> list[dict[str, Any]]:
    """Returns constraint, figure and number of trials of each front that can be drawn."""
    fronts = []
    for constraint in constraints:
        svg = pareto_figure(trials, constraint, objective, **shared)
        if svg:
            lower = shared["lower_is_better"]
            front = pareto_front(trials, constraint, lower_is_better=lower)
            fronts.append({"constraint": str(constraint), "svg": svg, "count": len(front)})
    return fronts


def _recipe_json(search) -> str | None:
    path = Path(search.folder) / "best_recipe.json"
    if not path.is_file():
        return None
    return json.dumps(json.loads(path.read_text("utf-8")), indent=2, ensure_ascii=False)


def _settings(search) -> dict[str, Any]:
    names = ("rungs", "objective", "direction", "seed", "folds")
    settings = {name: search.settings.get(name) for name in names}
    # What only some searches have.
    for name in WARM:
        settings |= {name: search.settings[name]} if name in search.settings else {}
    return {**settings, "numerics version": version_of(search.settings)}
