"""Lines of `evaluate` on probabilities: calibration, thresholds, views, dropout masks."""

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
        ValueError: If a share is not between 0 and 1, the run has no predictions on validation, or
            precision or recall are asked for of more than two classes.
    """
    asked = [(name, share) for name in _WANTED for share in getattr(arguments, name)]
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
    temperature = temperature_of(run.predictions)
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
    from kerasrecipes.page.formats import number, percent, percent_interval
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
    asked = [(name, share) for name in _WANTED for share in getattr(arguments, name)]
    for name, share in asked:
        validation = stored(run.predictions, "validation")
        if name == "accuracy":
            found = answering_threshold(validation, (labels, probabilities), share)
        else:
            found = two_class_threshold(validation, (labels, probabilities), **{name: share})
        if found.checked is None:
            yield f"no threshold gives {percent(share)} {name} on {found.n:,} validation images"
            continue
        chosen = f"chosen on {found.n:,} validation images for {percent(share)} {name}"
        checked = found.checked
        if name == "accuracy":
            interval = percent_interval(*checked.interval, checked.answered)
            yield (
                f"answering from a confidence of {number(checked.threshold)} on, {chosen}: "
                f"{percent(checked.coverage)} of the images are answered, accuracy "
                f"{percent(checked.accuracy)} (95% interval {interval}, n = {checked.answered:,})"
            )
        else:
            yield (
                f"from a probability of {number(checked.threshold)} on, {chosen}: precision "
                f"{percent(checked.precision)} (95% interval "
                f"{percent_interval(*checked.precision_interval, checked.counted)}, n = "
                f"{checked.counted:,}), recall {percent(checked.recall)} ("
                f"{percent_interval(*checked.recall_interval, checked.positives)}, n = "
                f"{checked.positives:,})"
            )
    if asked and "validation images" in scored.images:
        yield "note: the thresholds were chosen on these images: expect a little less on others"


def unsure_rows(run, kind: str, split: str | None) -> tuple[list[dict[str, object]], str]:
    """Returns the scores with views of no image, of unsure ones and of all; and what was chosen."""
    from scipy.special import softmax

    from kerasrecipes.base.checks import check_choice
    from kerasrecipes.base.intervals import wilson_interval
    from kerasrecipes.data.dataset import evaluation_split
    from kerasrecipes.data.predicting import predict_split
    from kerasrecipes.metrics.calibration import log_loss
    from kerasrecipes.models.surgery.test_time_augmentation import COPIES
    from kerasrecipes.page.formats import number, percent, percent_interval
    from kerasrecipes.runs import selective_augmentation
    from kerasrecipes.runs.prediction import BATCH_SIZE

    check_choice("--test-time-augmentation", kind, COPIES)
    split = split or evaluation_split(run.predicted_splits)
    check_choice("--split", split, run.predicted_splits)
    selective, chosen = selective_augmentation(run, kind)
    images = run.recipe.data.build("data").load().splits[split]
    some = selective.predict_split(images)
    size = max(1, BATCH_SIZE // COPIES[kind])
    every = softmax(predict_split(selective.with_views, images, size).astype("float32"), axis=-1)
    n, rows = len(images), []
    for views, probabilities, share, passes in (
        ("none", run.predictions[f"{split}_probabilities"], 0.0, 1.0),
        ("of unsure images", some.probabilities, some.share, some.passes),
        ("of all images", every, 1.0, float(COPIES[kind])),
    ):
        right = int((probabilities.argmax(-1) == images.labels).sum())
        rows.append(
            {
                "views": views,
                "images with views": percent(share),
                "passes an image": f"{passes:.2f}",
                f"accuracy on {split}": percent(right / n, n),
                "95% interval": percent_interval(*wilson_interval(right, n), n),
                "log loss": number(log_loss(images.labels, probabilities)),
            }
        )
    losses = [chosen.log_loss_of_none, chosen.log_loss, chosen.log_loss_of_all]
    on_validation = ", ".join(
        f"{number(loss)} {which}" for loss, which in zip(losses, ("none", "so", "all"), strict=True)
    )
    if not chosen.share:
        told = "no image gets views: they bring nothing on validation"
    else:
        told = f"images get views up to a confidence of {number(chosen.confidence)}"
    return rows, f"{told} (log loss on {chosen.n:,} validation images: {on_validation})"


def dropout_lines(run, split: str | None, samples: int) -> Iterator[str]:
    """Yields what many dropout masks say of a run's images."""
    from kerasrecipes.base.intervals import wilson_interval
    from kerasrecipes.metrics.calibration import log_loss
    from kerasrecipes.page.formats import number, percent, percent_interval
    from kerasrecipes.runs import evaluate_dropout

    found = evaluate_dropout(run, split, samples)
    n = len(found.labels)
    surest = found.surest()
    others = sorted(set(range(n)) - set(surest.tolist()))

    def accuracy(correct) -> str:
        interval = wilson_interval(int(correct.sum()), len(correct))
        return (
            f"{percent(correct.mean(), len(correct))} (95% interval "
            f"{percent_interval(*interval, len(correct))}, n = {len(correct):,})"
        )

    yield (
        f"without dropout: accuracy {accuracy(found.once.argmax(-1) == found.labels)}, log loss "
        f"{number(log_loss(found.labels, found.once))}, on {found.split}"
    )
    yield (
        f"mean of {samples} masks: accuracy {accuracy(found.correct)}, log loss "
        f"{number(log_loss(found.labels, found.prediction.mean))}"
    )
    if n > 1:
        yield f"the half that masks agree about most: accuracy {accuracy(found.correct[surest])}"
        yield f"the other half: accuracy {accuracy(found.correct[others])}"
    told = found.mistakes_told
    if told is not None:
        area, (low, high) = told
        yield (
            f"a mistake is more uncertain than a right answer in {percent(area)} of all pairs (95% "
            f"interval {percent(low)} to {percent(high)}; 50% would say nothing)"
        )
