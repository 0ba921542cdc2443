"""Explanations beside the most confident mistakes on the page of a run."""

import numpy as np

from kerasrecipes.report.explanations.overlays import overlaid
from kerasrecipes.report.run.pictures import picture
from kerasrecipes.training.examples import Mistake

# What the page calls the methods.
TITLES = {"grad_cam": "Grad-CAM", "occlusion": "occlusion"}


def explanations(run, mistakes: list[Mistake]) -> tuple[list[list], str]:
    """Returns the pictures that explain each mistake, and why there are none, if there are none.

    What a page cannot explain must not keep it from being written: so any error is its sentence.

    Args:
        run: A `Run`.
        mistakes: Its most confident mistakes.
    """
    try:
        maps = _maps(run)
    except Exception as error:
        reason = " ".join(str(error).split())
        return [[] for _ in mistakes], f"They are not explained: {reason}"
    return [
        [_picture(mistake, name, of[index]) for name, of in maps.items() if index < len(of)]
        for index, mistake in enumerate(mistakes)
    ], ""


def _maps(run) -> dict[str, np.ndarray]:
    # Nothing to explain with: Keras need not be imported.
    if not any((run.folder / name).is_file() for name in ("explanations.npz", "model.keras")):
        return {}
    from kerasrecipes.runs.explaining import explained_mistakes

    return explained_mistakes(run)


def _picture(mistake: Mistake, name: str, map: np.ndarray) -> dict:
    return {
        "title": TITLES[name],
        "picture": picture(overlaid(mistake.image, map), f"{mistake.name}, {TITLES[name]}"),
        "fall": float(map.max()) if name == "occlusion" else None,
    }
