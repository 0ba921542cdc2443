"""What a newcomer wants to know of a finished run, in lines."""

import os
from collections.abc import Iterator

import numpy as np

from kerasrecipes.page.formats import percent
from kerasrecipes.proposals.folds import CrossValidated
from kerasrecipes.runs.calibrating import calibration_of, off_by_design, temperature_of
from kerasrecipes.training.run import Run


def result_lines(run: Run, folds: CrossValidated | None = None) -> Iterator[str]:
    """Yields lines about a run: its score, what guessing would score, its probabilities.

    Args:
        run: A finished run.
        folds: The cross-validation of its recipe. The run's own scores are then of images that it
            has seen, and are not told.
    """
    if folds is None:
        split = run.evaluation_split or "validation"
        labels = np.asarray(run.predictions[f"{split}_labels"])
        score, n = run.metrics[split]["accuracy"], len(labels)
        low, high = run.metrics[split]["accuracy_interval"]
        where = f"of {n:,} {split} images"
    else:
        labels, score, n = folds.labels, folds.accuracy, len(folds.labels)
        low, high = folds.interval
        of = "" if folds.trained == folds.folds else f" in {folds.trained} of {folds.folds} folds"
        where = f"of {n:,} images, each by a network that had not seen it{of}"
    yield (
        f"right on {percent(score, n)} {where} (95% interval {percent(low, n)} to "
        f"{percent(high, n)}); {_guessing(run, labels)}"
    )
    yield from _probabilities(run, folds)
    if run.diagnosis is not None:
        yield run.diagnosis.verdict()


def next_steps(run: Run, script: str | os.PathLike) -> Iterator[str]:
    """Yields what can be done with a run now: a command a line."""
    yield f"kerasrecipes predict {run.folder} PHOTO...   what it says of further images"
    yield f"python {script} --set epochs=40   another training, beside this one"


def _guessing(run: Run, labels: np.ndarray) -> str:
    """Returns what the largest class alone would score: a score is to be compared with it."""
    counts = np.bincount(labels)
    name = run.data["class_names"][int(counts.argmax())]
    share = percent(counts.max() / len(labels), len(labels))
    return f"always {name!r} would be right on {share}"


def _probabilities(run: Run, folds: CrossValidated | None) -> Iterator[str]:
    scored = "validation" if folds is not None else run.evaluation_split
    predictions = run.predictions if folds is None else folds.predictions
    temperature = temperature_of(predictions)
    if temperature is None:
        yield "no mistake on validation images, so nothing to calibrate probabilities by"
        return
    labels = np.asarray(predictions[f"{scored}_labels"])
    before = np.asarray(predictions[f"{scored}_probabilities"])
    after = calibration_of(labels, temperature.apply(before))
    fitted = " (fitted to these images)" if scored == "validation" else ""
    yield (
        f"probabilities are off by {calibration_of(labels, before).error:.1%} on average, and by "
        f"{after.error:.1%} at the temperature {temperature.value:.2f}{fitted}: "
        f"`kerasrecipes export ... --temperature {temperature.value:.2f}` applies it"
    )
    if by_design := off_by_design(run.recipe.flatten()):
        yield by_design
