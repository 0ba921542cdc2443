"""A run as HTML for notebooks: its state, scores, curves and findings."""

from typing import Any

from markupsafe import Markup

from kerasrecipes.page.epoch_curves import curves
from kerasrecipes.page.formats import duration, percent, percent_interval
from kerasrecipes.page.notebook import figures, fragment, pairs, quiet


def run_fragment(run) -> Markup:
    """Returns a `Run` as HTML. Of a file that is damaged it says so, and shows the others."""
    sections = (_state, _diverged, _facts, _curves, _verdict)
    return fragment(run.name, *(_readable(section, run) for section in sections), _place(run))


def _readable(section, run) -> object:
    """Returns a section of the page, or why it cannot be shown."""
    try:
        return section(run)
    except ValueError as error:  # As a `DamagedFileError` is.
        return error


def _state(run) -> Markup:
    if run.finished:
        return quiet("finished")
    epochs = f"{len(run.readable_history)} of {run.recipe.epochs} epochs"
    return quiet(f"{'training now' if run.running else 'not finished'}, {epochs}")


def _diverged(run) -> str | None:
    return run.diverged


def _facts(run) -> Markup:
    scores = {
        f"{split} accuracy": _score(run.metrics[split])
        for split in ("test", "validation")
        if run.metrics.get(split)
    }
    epoch, seconds = run.metrics.get("epoch"), run.environment.get("wall_seconds")
    weights = f"epoch {epoch} of {len(run.readable_history)}" if epoch else None
    time = None if seconds is None else duration(seconds)
    backend = run.environment.get("backend")
    data = run.data.get("source")
    return pairs({**scores, "weights of": weights, "time": time, "backend": backend, "data": data})


def _score(score: dict[str, Any]) -> str:
    n, (low, high) = score["n"], score["accuracy_interval"]
    return f"{percent(score['accuracy'], n)} (95% {percent_interval(low, high, n)}, n = {n:,})"


def _curves(run) -> Markup:
    """Returns the curves of loss and accuracy; nothing before there are two epochs."""
    history = run.readable_history
    if len(history) < 2:
        return Markup()
    return figures(
        {
            metric: curves(
                history,
                metric,
                chosen_epoch=run.metrics.get("epoch"),
                in_percent=metric == "accuracy",
                description=f"{metric} of {run.name}, epoch by epoch",
            )
            for metric in ("loss", "accuracy")
        }
    )


def _verdict(run) -> Markup:
    if run.diagnosis is None:
        return Markup()
    lines = run.diagnosis.verdict().splitlines()
    return Markup().join(Markup("<p>{}</p>").format(line) for line in lines)


def _place(run) -> Markup:
    report = run.folder / "report.html"
    return quiet(report if report.is_file() else run.folder)
