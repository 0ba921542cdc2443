"""Lines of `evaluate` on probabilities: calibration, thresholds."""

import argparse
from collections.abc import Iterator

from kerasrecipes.base.checks import check_number

# Options that ask for a threshold, and what they want of it.
_WANTED = {
    "accuracy": "of --data or of test: answer only from the confidence on that gives this accuracy "
    "on validation, such as 0.99; repeatable",
    "precision": "of two classes: the threshold of the second one that gives this precision on "
    "validation",
    "recall": "of two classes: the threshold that gives this recall on validation",
}


def add_thresholds(parser: argparse.ArgumentParser) -> None:
    """Adds `--accuracy`, `--precision` and `--recall`, which ask for thresholds."""
    for name, told in _WANTED.items():
        parser.add_argument(
            f"--{name}", type=float, action="append", default=[], metavar="SHARE", help=told
        )


def check_thresholds(run, arguments: argparse.Namespace) -> None:
    """Raises unless the thresholds that are asked for are possible of a run.

    Raises:
        ValueError: If a share is not between 0 and 1, the run has no predictions on validation or
            was trained on it, or precision or recall are asked for of more than two classes.
    """
    asked = _asked(arguments)
    for name, share in asked:
        check_number(f"--{name}", share, at_least=0, at_most=1)
        if name != "accuracy" and (classes := len(run.data["class_names"])) != 2:
            raise ValueError(
                f"`--{name}` is for two classes; of several, give `--accuracy`. Received: a run of "
                f"{classes} classes"
            )
    if asked and "validation" not in run.predicted_splits:
        raise ValueError(
            "A threshold is chosen on validation, of which this run keeps no predictions. "
            f"Received: {run.folder}"
        )
    if asked:
        run.check_chooses("A threshold")


def calibration_lines(run, scored) -> Iterator[str]:
    """Yields how much the probabilities mean, as they are and with the run's temperature."""
    import numpy as np

    from kerasrecipes.page.formats import number
    from kerasrecipes.runs.calibrating import (
        FEW_IMAGES,
        calibration_of,
        off_by_design,
        temperature_of,
    )

    if not np.isfinite(scored.probabilities).all():
        return
    yield _calibration_line(calibration_of(scored.labels, scored.probabilities))
    if len(scored.labels) < FEW_IMAGES:
        yield f"note: {len(scored.labels)} images are few to judge probabilities by"
    seen = run.validates_on_training_images
    temperature = None if seen else temperature_of(run.predictions)
    if temperature is not None:
        scaled = calibration_of(scored.labels, temperature.apply(scored.probabilities))
        low, high = number(temperature.low), number(temperature.high)
        yield (
            f"with the temperature {number(temperature.value)} (95% interval {low} to {high}), "
            f"fitted to {temperature.n:,} validation images: {_calibration_line(scaled)}"
        )
    if told := off_by_design(run.recipe.flatten()):
        yield f"note: {told}"


def _calibration_line(found) -> str:
    from kerasrecipes.page.formats import number, percent

    low, high = found.interval
    return (
        f"calibration error {percent(found.error)} (95% interval {percent(low)} to {percent(high)},"
        f" n = {found.n:,}), log loss {number(found.log_loss)}, "
        f"Brier score {number(found.brier_score)}"
    )


def threshold_lines(run, scored, arguments: argparse.Namespace) -> Iterator[str]:
    """Yields areas below the curves of two classes, and a line for each threshold asked for."""
    import numpy as np

    from kerasrecipes.metrics.calibration import two_class_curves
    from kerasrecipes.page.formats import number
    from kerasrecipes.runs.thresholds import answering_threshold, stored, two_class_threshold

    labels, probabilities = scored.labels, scored.probabilities
    if not np.isfinite(probabilities).all():
        return
    if len(run.data["class_names"]) == 2 and len(np.unique(labels)) == 2:
        curves = two_class_curves(labels, probabilities)
        low, high = curves.roc_auc_interval
        yield (
            f"{run.data['class_names'][1]!r} against {run.data['class_names'][0]!r}: area below "
            f"the ROC curve {number(curves.roc_auc)} (95% interval {number(low)} to "
            f"{number(high)}), average precision {number(curves.average_precision)}"
        )
    asked = _asked(arguments)
    for name, share in asked:
        validation = stored(run.predictions, "validation")
        if name == "accuracy":
            yield _answering_line(answering_threshold(validation, (labels, probabilities), share))
        else:
            wanted = {name: share}
            yield _two_class_line(
                two_class_threshold(validation, (labels, probabilities), **wanted)
            )
    if asked and "validation images" in scored.images:
        yield "note: the thresholds were chosen on these images: expect a little less on others"


def _asked(arguments: argparse.Namespace) -> list[tuple[str, float]]:
    return [(name, share) for name in _WANTED for share in getattr(arguments, name)]


def _answering_line(found) -> str:
    from kerasrecipes.page.formats import number, percent

    checked = found.checked
    if checked is None:
        return _not_reached(found)
    return (
        f"answering from a confidence of {number(checked.threshold)} on, {_chosen(found)}: "
        f"{percent(checked.coverage)} of the images are answered, accuracy "
        f"{with_interval(checked.accuracy, checked.interval, checked.answered)}"
    )


def _two_class_line(found) -> str:
    from kerasrecipes.page.formats import number

    checked = found.checked
    if checked is None:
        return _not_reached(found)
    precision, recall = (
        with_interval(checked.precision, checked.precision_interval, checked.counted),
        with_interval(checked.recall, checked.recall_interval, checked.positives),
    )
    return (
        f"from a probability of {number(checked.threshold)} on, {_chosen(found)}: precision "
        f"{precision}, recall {recall}"
    )


def _chosen(found) -> str:
    from kerasrecipes.page.formats import percent

    return f"chosen on {found.n:,} validation images for {percent(found.wanted)} {found.quantity}"


def _not_reached(found) -> str:
    from kerasrecipes.page.formats import percent

    return (
        f"no threshold gives {percent(found.wanted)} {found.quantity} on {found.n:,} validation "
        "images"
    )


def with_interval(share: float, interval: tuple[float, float], n: int) -> str:
    """Returns a share of `n` images in percent, with its interval."""
    from kerasrecipes.page.formats import percent, percent_interval

    low, high = interval
    return f"{percent(share, n)} (95% interval {percent_interval(low, high, n)}, n = {n:,})"
