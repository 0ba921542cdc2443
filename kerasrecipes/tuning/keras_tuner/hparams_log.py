"""What a trial tried, for TensorBoard's HParams page, with any backend."""

import time
from collections.abc import Mapping
from pathlib import Path

from kerasrecipes.base.csv_table import to_cell
from kerasrecipes.recipe.spec import to_plain

SUFFIX = ".hparams"


def log_hyperparameters(folder: Path, changes: Mapping[str, object], trial: str) -> None:
    """Writes an event file with a trial's values, unless there is one.

    Differs from `keras.callbacks.TensorBoard` with keras-tuner in: it does not need TensorFlow.

    Args:
        folder: Where the scalars of its run are logged, in folders of their own.
        changes: Dictionary from path to value.
        trial: Its name. Runs of one trial, such as folds, are shown as one.
    """
    if any(folder.glob(f"*{SUFFIX}")):
        return
    # Heavy; what TensorBoard itself offers for this imports TensorFlow.
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    values = {path: _shown(value) for path, value in changes.items()}
    writer = EventFileWriter(str(folder), filename_suffix=SUFFIX)
    writer.add_event(Event(wall_time=time.time(), summary=hparams_pb(values, trial_id=trial)))
    writer.close()


def _shown(value: object) -> bool | int | float | str:
    return value if isinstance(value, bool | int | float | str) else to_cell(to_plain(value))
