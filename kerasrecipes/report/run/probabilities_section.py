"""Section of a run's page on its probabilities: reliability diagram, scores, temperature."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.data.dataset import evaluation_split
from kerasrecipes.metrics.calibration.reliability import ReliabilityBins
from kerasrecipes.page.svg import MUTED, VALIDATION
from kerasrecipes.report.run.share_figures import share_figure
from kerasrecipes.runs.calibrating import (
    FEW_IMAGES,
    Calibration,
    calibration_of,
    off_by_design,
    temperature_of,
)

# As high as it is wide, within its axes.
PIXELS = (294, 270)


def calibration(run) -> dict | None:
    """Returns what the page says of a run's probabilities; `None` without finite predictions."""
    if not run.predicted_splits:
        return None
    split = evaluation_split(run.predicted_splits)
    labels = np.asarray(run.predictions[f"{split}_labels"])
    probabilities = np.asarray(run.predictions[f"{split}_probabilities"])
    if not np.isfinite(probabilities).all():
        return None
    found = calibration_of(labels, probabilities)
    rows = [{"name": "as they are", **_row(found)}]
    # On the images that it is fitted to, it would flatter.
    temperature = temperature_of(run.predictions) if split == "test" else None
    if temperature is not None:
        scaled = calibration_of(labels, temperature.apply(probabilities))
        rows.append({"name": f"with the temperature {temperature.value:.3g}", **_row(scaled)})
    return {
        "split": split,
        "n": found.n,
        "few": found.n < FEW_IMAGES,
        "rows": rows,
        "overconfidence": found.bins.overconfidence,
        "temperature": temperature,
        "by_design": off_by_design(run.recipe.flatten()),
        "svg": reliability_diagram(found.bins),
    }


def reliability_diagram(bins: ReliabilityBins) -> Markup:
    """Draws the accuracy of each bin of images over their mean confidence.

    Bars are Wilson's 95% intervals. On the dashed line, probabilities mean what they say.

    Args:
        bins: The bins; empty ones are left out.
    """
    filled = bins.count > 0
    confidence, accuracy = bins.confidence[filled], bins.accuracy[filled]
    counts = bins.count[filled]
    intervals = np.array(
        [wilson_interval(round(a * n), int(n)) for a, n in zip(accuracy, counts, strict=True)]
    )
    lowest = min(confidence.min(), intervals.min())
    start = np.floor(10 * min(lowest, 0.9)) / 10

    def draw(axes: Axes) -> None:
        axes.plot([start, 1], [start, 1], color=MUTED, linewidth=0.8, linestyle=(0, (4, 2)))
        axes.vlines(confidence, *intervals.T, color=VALIDATION, linewidth=1.2)
        axes.plot(confidence, accuracy, "o", color=VALIDATION, markersize=4, clip_on=False)
        axes.set_xlim(start, 1)
        axes.set_ylim(start, 1)

    text = "accuracy over confidence, in bins of equally many images"
    return share_figure(draw, "confidence", "accuracy", text, PIXELS)


def _row(found: Calibration) -> dict[str, float]:
    low, high = found.interval
    return {
        "error": found.error,
        "low": low,
        "high": high,
        "log_loss": found.log_loss,
        "brier_score": found.brier_score,
    }
