"""Snapshots of a run as values: step, model file and predictions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerasrecipes.training.files.run_files import load_model_file, read_run_arrays

ARRAYS = "snapshots.npz"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A model that a run kept at the end of a cycle of its learning rate.

    Args:
        step: The number of training steps before it.
        path: Its `.keras` file, which takes raw pixels and returns logits as the run's model does.
        predictions: Its probabilities and the labels on validation and test, as
            `Run.predictions`.
        not_allowed: Users' own modules that its layers may come from, and that are not imported.
    """

    step: int
    path: Path
    predictions: Mapping[str, np.ndarray]
    not_allowed: tuple[str, ...] = ()

    def load_model(self):
        """Returns the model, not compiled.

        Raises:
            ValueError: If its file is not there, or is damaged.
        """
        return load_model_file(self.path, list(self.not_allowed))


def model_file(step: int) -> str:
    """Returns the name of a snapshot's file."""
    return f"snapshot-{step}.keras"


def read_snapshots(
    folder: Path, predictions: Mapping[str, np.ndarray], not_allowed: tuple[str, ...] = ()
) -> list[Snapshot]:
    """Returns the snapshots of a run, from the first to the last; none if it has kept none.

    Args:
        folder: The run folder.
        predictions: Those of the run, for the labels.
        not_allowed: As in `Snapshot`.

    Raises:
        DamagedFileError: If their predictions cannot be read.
    """
    arrays = read_run_arrays(folder, ARRAYS)
    labels = {name: given for name, given in predictions.items() if name.endswith("_labels")}
    own = {name: each for name, each in arrays.items() if name.endswith("_probabilities")}
    return [
        Snapshot(
            step=int(step),
            path=folder / model_file(int(step)),
            predictions={**labels, **{name: each[place] for name, each in own.items()}},
            not_allowed=not_allowed,
        )
        for place, step in enumerate(arrays.get("steps", ()))
    ]
