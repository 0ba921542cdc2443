"""What is told of remedies while they are tried, for `train --heal`."""

from collections.abc import Callable
from typing import Any


def healed(run, attempts: int, train: Callable):
    """Treats what is wrong with a run, tells every step, and returns the best run.

    Args:
        run: A finished run.
        attempts: Positive integer. The most trainings.
        train: Function that trains a recipe and returns its run.
    """
    from kerasrecipes.base.set_options import set_line
    from kerasrecipes.runs.healing import heal

    def train_again(remedy):
        print(f"remedy: {remedy.finding.title}: {set_line(remedy.changes)}", flush=True)
        return train(remedy.recipe)

    changes: dict[str, Any] = {}
    trained = 0
    for attempt in heal(run, attempts, train_again):
        trained += 1
        score, of = ("log loss", _log_loss) if attempt.by_loss else ("accuracy", _accuracy)
        before, after = of(attempt.before), of(attempt.after)
        end = "kept" if attempt.helped else "left again"
        end += ", as it may be luck" if attempt.is_within_noise else ""
        print(f"validation {score} {before} before, {after} with it: {end}", flush=True)
        if attempt.helped:
            run, changes = attempt.after, changes | attempt.remedy.changes
    if trained < attempts:
        print("no further remedy is a change of the recipe")
    print(f"healed by: {set_line(changes)}" if changes else "no remedy helped")
    return run


def _accuracy(run) -> str:
    from kerasrecipes.page.formats import percent

    scores = run.metrics["validation"]
    return percent(scores["accuracy"], scores["n"])


def _log_loss(run) -> str:
    from kerasrecipes.metrics.calibration import log_loss

    found = run.predictions
    loss = log_loss(found["validation_labels"], found["validation_probabilities"])
    return f"{loss:.4g}"
