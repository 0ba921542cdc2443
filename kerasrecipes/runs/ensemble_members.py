"""Members of an ensemble's run, as its ensemble.json tells, and the snapshots of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerasrecipes.base.damaged_files import read_json
from kerasrecipes.metrics.calibration.proper_scores import log_loss

FILE = "ensemble.json"


@dataclass(frozen=True)
class Members:
    """Models whose probabilities are averaged, or could be.

    Args:
        members: A dict for each: `folder`, `weight`, and for each split `accuracy` and `log_loss`.
        disagreement: For each split a matrix: the share of images to which two members give other
            classes.
    """

    members: list[dict[str, Any]]
    disagreement: dict[str, list[list[float]]]


def ensemble_of(folder: Path) -> Members | None:
    """Returns the members of a run that `kerasrecipes.ensembles` wrote; `None` of others.

    Args:
        folder: The run folder.

    Raises:
        DamagedFileError: If the file cannot be read.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    way_out = "Delete it: nothing but the table of members depends on it."
    told = read_json(path, {"members": list}, way_out)
    return Members(told["members"], told.get("disagreement", {}))


def members_of(folder: Path) -> list[dict[str, Any]]:
    """Returns the members of a run that `kerasrecipes.ensembles` wrote; of others none.

    Args:
        folder: The run folder.

    Raises:
        DamagedFileError: If the file cannot be read.
    """
    found = ensemble_of(folder)
    return found.members if found else []


def scores_of(predictions: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """Returns accuracy and log loss on each split that predictions cover.

    Args:
        predictions: As `Run.predictions`.

    Example:

    >>> scored = scores_of({"test_labels": np.array([0, 1]),
    ...                     "test_probabilities": np.array([[0.5, 0.5], [0.5, 0.5]])})
    >>> scored["test"]["accuracy"], round(scored["test"]["log_loss"], 3)
    (0.5, 0.693)
    """
    splits = [name.removesuffix("_labels") for name in predictions if name.endswith("_labels")]
    scored = {}
    for split in splits:
        labels, given = predictions[f"{split}_labels"], predictions[f"{split}_probabilities"]
        accuracy = float(np.mean(given.argmax(-1) == labels))
        scored[split] = {"accuracy": accuracy, "log_loss": log_loss(labels, given)}
    return scored
