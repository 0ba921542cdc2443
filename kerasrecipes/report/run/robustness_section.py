"""Sections of a run's page on adversarial examples and corrupted images."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kerasrecipes.page.svg import (
    HEAT,
    INK,
    MUTED,
    RULE,
    TRAIN,
    VALIDATION,
    house_style,
    new_axes,
    to_svg,
)
from kerasrecipes.report.run.pictures import picture
from kerasrecipes.training.files.plain_files import read_run_json
from kerasrecipes.training.files.run_files import read_run_arrays

# Of curves whose names stand beside them.
_COLOURS = (VALIDATION, TRAIN, INK, HEAT[4], HEAT[10])

# What the page calls the norms of a change.
_NORMS = {"inf": "of any pixel", 2: "of the image (L2)"}


def adversarial(run) -> dict[str, Any] | None:
    """Returns what the page says of a run under attacks; `None` if it was not evaluated so."""
    kept = read_run_json(run.folder, "adversarial.json")
    if not kept:
        return None
    rows = kept["rows"]
    return {
        **kept,
        "attacks": list(rows[0]["attacks"]),
        "of_norm": _NORMS[kept["norm"]],
        "svg": _robust_curve(kept),
        "pictures": _pictures(run),
    }


def corruptions(run) -> dict[str, Any] | None:
    """Returns what the page says of a run on corrupted images; `None` without such scores."""
    kept = read_run_json(run.folder, "corruptions.json")
    return {**kept, "svg": _strength_curves(kept)} if kept else None


def _pictures(run) -> list[dict[str, Any]]:
    """Returns an image, its adversarial example and their difference, made visible, of each."""
    arrays = read_run_arrays(run.folder, "adversarial.npz")
    names, shown = run.data["class_names"], []
    for place, original in enumerate(arrays.get("originals", ())):
        adversarial = arrays["adversarial"][place]
        change = adversarial - original.astype("float32")
        largest = float(np.abs(change).max()) or 1.0
        label, predicted = (names[arrays[of][place]] for of in ("true", "predicted"))
        shown.append(
            {
                "true": label,
                "predicted": predicted,
                "epsilon": float(arrays["epsilon"][place]),
                "factor": 127 / largest,
                "images": [
                    picture(original, f"{label}, as it is ({place})"),
                    picture(_bytes(adversarial), f"{label}, taken for {predicted} ({place})"),
                    picture(_bytes(128 + change * 127 / largest), f"their difference ({place})"),
                ],
            }
        )
    return shown


def _bytes(pixels: np.ndarray) -> np.ndarray:
    return np.clip(np.round(pixels), 0, 255).astype("uint8")


def _robust_curve(kept: Mapping[str, Any]) -> Markup:
    """Draws the accuracy over epsilon: withstood, with its intervals, and under noise."""
    rows = kept["rows"]
    epsilons = [0.0, *(row["epsilon"] for row in rows)]
    robust = [kept["accuracy"], *(row["robust"] for row in rows)]
    noise = [kept["accuracy"], *(row["attacks"]["noise"] for row in rows)]

    def draw(axes: Axes) -> None:
        axes.plot(epsilons, noise, color=MUTED, linewidth=1.2, clip_on=False)
        axes.plot(epsilons, robust, "o-", color=VALIDATION, markersize=3.5, clip_on=False)
        axes.vlines(
            epsilons[1:],
            *np.transpose([row["interval"] for row in rows]),
            color=VALIDATION,
            linewidth=1.2,
        )
        axes.annotate("noise", (epsilons[-1], noise[-1]), (4, 0), color=MUTED, **_BESIDE)
        axes.annotate("attacks", (epsilons[-1], robust[-1]), (4, 0), color=VALIDATION, **_BESIDE)

    return _figure(draw, "epsilon", "accuracy over the size of the change")


def _strength_curves(kept: Mapping[str, Any]) -> Markup:
    """Draws the accuracy over the strength of each corruption, each with its name beside it."""
    strengths, curves = kept["strengths"], kept["accuracies"]
    places = _apart([of[-1] for of in curves.values()])

    def draw(axes: Axes) -> None:
        for number, (name, accuracies) in enumerate(curves.items()):
            colour = _COLOURS[number % len(_COLOURS)]
            points = [0, *strengths], [kept["accuracy"], *accuracies]
            axes.plot(*points, color=colour, linewidth=1.4, clip_on=False)
            at = (strengths[-1], places[number])
            axes.annotate(name, at, (5, 0), color=colour, **_BESIDE)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    return _figure(draw, "strength", "accuracy over the strength of corruptions")


_BESIDE: dict[str, Any] = {
    "textcoords": "offset points",
    "va": "center",
    "annotation_clip": False,
}


def _apart(heights: list[float], gap: float = 0.075) -> list[float]:
    """Returns heights for labels that do not overlap, near those of the ends of their curves."""
    order = np.argsort(heights)[::-1]
    placed = dict.fromkeys(order.tolist(), 0.0)
    above = 1.0 + gap
    for place in order.tolist():
        above = placed[place] = min(heights[place], above - gap)
    return [placed[place] for place in range(len(heights))]


def _figure(draw, x: str, description: str) -> Markup:
    with house_style():
        axes = new_axes(340, 240, left=54, top=10, right=74, bottom=36)
        draw(axes)
        axes.set_xlim(left=0)
        axes.set_ylim(0, 1)
        axes.grid(color=RULE, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel(x, labelpad=2)
        axes.set_ylabel("accuracy", labelpad=2)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}%"))
        return to_svg(axes.figure, description)
