"""Page of explanations of image files, by a run's model."""

import os
from collections.abc import Iterable
from pathlib import Path

from kerasrecipes.base.text import printable
from kerasrecipes.page.pages import template, write_page
from kerasrecipes.report.explanations.overlays import overlaid
from kerasrecipes.report.run.explanations_section import TITLES
from kerasrecipes.report.run.pictures import picture

# The most probable classes that are named.
TOP = 3


def write_explanations(run, explanations: Iterable, path: str | os.PathLike) -> Path:
    """Writes a page that shows what a run's model looks at in images.

    The page is one file that needs no network and no script.

    Args:
        run: The run.
        explanations: What `kerasrecipes.runs.explain_files` yields.
        path: Path of the page.

    Returns:
        The path of the page.
    """
    names = run.data["class_names"]
    shown = [_shown(explanation, names) for explanation in explanations]
    page = template(Path(__file__).with_name("explanations.html.jinja")).render(
        name=run.name,
        images=[entry for entry in shown if "reason" not in entry],
        broken=[entry for entry in shown if "reason" in entry],
    )
    return write_page(Path(path), page)


def _shown(explanation, names: list[str]) -> dict:
    name = printable(explanation.path)
    if explanation.image is None:
        return {"name": name, "reason": explanation.reason}
    order = explanation.probabilities.argsort(kind="stable")[::-1][:TOP]
    pictures = [{"title": "image", "picture": picture(explanation.image, name), "note": ""}]
    for method, map in explanation.maps.items():
        title = TITLES[method]
        drawn = picture(overlaid(explanation.image, map), f"{name}, {title}")
        note = f"−{100 * map.max():.1f} points" if method == "occlusion" else ""
        pictures.append({"title": title, "picture": drawn, "note": note})
    return {
        "name": name,
        "class_name": names[explanation.label],
        "pictures": pictures,
        "classes": [
            {"name": names[label], "probability": float(explanation.probabilities[label])}
            for label in order
        ],
    }
