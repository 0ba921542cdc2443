"""Section of a run's page on thresholds: when to abstain, and the curves of two classes."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from kerasrecipes.data.dataset import evaluation_split
from kerasrecipes.metrics.calibration.coverage import CoverageCurve, coverage_curve
from kerasrecipes.metrics.calibration.two_classes import TwoClassCurves, two_class_curves
from kerasrecipes.page.svg import MUTED, VALIDATION
from kerasrecipes.report.run.share_figures import share_figure
from kerasrecipes.runs.thresholds import (
    CheckedThreshold,
    answering_threshold,
    stored,
    two_class_threshold,
    worth_asking,
)

# What is shown of two classes without being asked for.
WANTED_SHARE = 0.95

# With fewer answers than this, their accuracy is mostly chance, and is not drawn.
FEWEST_ANSWERS = 10


def abstention(run) -> dict | None:
    """Returns what the page says of answering only where the model is confident."""
    judging = _judging(run)
    if judging is None:
        return None
    curve, validation = coverage_curve(*judging), _validation(run)
    found: Sequence[CheckedThreshold] = ()
    if validation is not None:
        wanted = worth_asking(coverage_curve(*validation))
        found = [answering_threshold(validation, judging, accuracy) for accuracy in wanted]
    return {
        "split": evaluation_split(run.predicted_splits),
        "n": int(curve.answered[-1]),
        "area": curve.area,
        "accuracy": float(curve.accuracy[-1]),
        "svg": coverage_figure(curve),
        "thresholds": found,
    }


def two_classes(run) -> dict | None:
    """Returns what the page says of two classes; `None` of more, or if one does not occur."""
    judging = _judging(run)
    if judging is None or len(run.data["class_names"]) != 2:
        return None
    if len(np.unique(judging[0])) != 2:
        return None
    curves, validation = two_class_curves(*judging), _validation(run)
    found: Sequence[CheckedThreshold] = ()
    if validation is not None and len(np.unique(validation[0])) == 2:
        found = [
            two_class_threshold(validation, judging, precision=WANTED_SHARE),
            two_class_threshold(validation, judging, recall=WANTED_SHARE),
        ]
    negative, positive = run.data["class_names"]
    return {
        "split": evaluation_split(run.predicted_splits),
        "n": len(judging[0]),
        "positive": positive,
        "negative": negative,
        "curves": curves,
        "roc": roc_figure(curves),
        "precision_recall": precision_recall_figure(curves, float(np.mean(judging[0]))),
        "thresholds": found,
    }


def coverage_figure(curve: CoverageCurve) -> Markup:
    """Draws the accuracy of the answers over the share of the images that is answered."""
    drawn = curve.answered >= min(FEWEST_ANSWERS, curve.answered[-1])
    coverage, accuracy = curve.coverage[drawn], curve.accuracy[drawn]
    lowest = np.floor(10 * min(accuracy.min(), 0.95)) / 10

    def draw(axes: Axes) -> None:
        axes.plot(coverage, accuracy, color=VALIDATION, linewidth=1.4, clip_on=False)
        axes.set_ylim(lowest, 1)

    text = "accuracy of the answers over the share of images that is answered"
    return share_figure(draw, "images answered", "accuracy of answers", text)


def roc_figure(curves: TwoClassCurves) -> Markup:
    """Draws the ROC curve."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (4, 2)))
        rates = curves.false_positive_rate, curves.true_positive_rate
        axes.plot(*rates, color=VALIDATION, linewidth=1.4, clip_on=False)
        axes.set_ylim(0, 1)

    text = "ROC curve: true positive rate over false positive rate"
    return share_figure(draw, "false positive rate", "true positive rate", text)


def precision_recall_figure(curves: TwoClassCurves, share: float) -> Markup:
    """Draws precision over recall; the dashed line is what a guess has, the share of positives."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [share, share], color=MUTED, linewidth=0.8, linestyle=(0, (4, 2)))
        # Precision between two points does not lie on the line between them.
        points = curves.recall, curves.precision
        axes.step(*points, where="post", color=VALIDATION, linewidth=1.4, clip_on=False)
        axes.set_ylim(0, 1)

    return share_figure(draw, "recall", "precision", "precision over recall")


def _judging(run) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns labels and probabilities of the split to judge by; `None` without finite ones."""
    if not run.predicted_splits:
        return None
    given = stored(run.predictions, evaluation_split(run.predicted_splits))
    return given if np.isfinite(given[1]).all() else None


def _validation(run) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns those of validation, if another split judges what is chosen on them."""
    splits = run.predicted_splits
    if "validation" not in splits or evaluation_split(splits) == "validation":
        return None
    given = stored(run.predictions, "validation")
    return given if np.isfinite(given[1]).all() else None
