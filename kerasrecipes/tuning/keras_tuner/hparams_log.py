"""Log of a trial's hyperparameters for TensorBoard's HParams page."""

from collections.abc import Mapping
from pathlib import Path

from kerasrecipes.base.csv_table import to_cell
from kerasrecipes.base.event_files import EventFile
from kerasrecipes.recipe.spec import to_plain

SUFFIX = ".hparams"


def log_hyperparameters(folder: Path, changes: Mapping[str, object], trial: str) -> None:
    """Writes an event file with the hyperparameters of a trial, unless the folder has one.

    Unlike the log of `keras.callbacks.TensorBoard` under keras-tuner, it does not need TensorFlow.

    Args:
        folder: The log folder of the trial's run. Its sub-folders hold the logged scalars.
        changes: Dictionary from dotted path to value.
        trial: The name of the trial. TensorBoard shows several runs of one trial, such as folds, as
            one.
    """
    if any(folder.glob(f"*{SUFFIX}")):
        return
    # This import is slow. TensorBoard's own function for this would import TensorFlow.
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    values = {path: _as_hparam(value) for path, value in changes.items()}
    EventFile(folder, SUFFIX).append([hparams_pb(values, trial_id=trial)])


def _as_hparam(value: object) -> bool | int | float | str:
    return value if isinstance(value, bool | int | float | str) else to_cell(to_plain(value))
