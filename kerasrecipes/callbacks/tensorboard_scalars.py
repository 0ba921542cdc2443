"""Callback that logs scalars for TensorBoard, with any backend."""

from pathlib import Path

import keras

from kerasrecipes.base.event_files import EventFile


class TensorBoardScalars(keras.callbacks.Callback):
    """Logs the numbers of every epoch for TensorBoard, with training and validation as two runs.

    Differs from `keras.callbacks.TensorBoard` in: it does not need TensorFlow; an epoch is in the
    files as soon as it ends.

    Args:
        directory: The folder of the logs, which gets the folders `train` and `validation`.

    Raises:
        OSError: If the logs cannot be written.
    """

    def __init__(self, directory: str | Path):
        super().__init__()
        self.directory = Path(directory)
        self._files: dict[str, EventFile] = {}

    def on_epoch_end(self, epoch, logs=None):
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb  # A slow import.

        summaries: dict[str, list] = {"train": [], "validation": []}
        for name, value in (logs or {}).items():
            run = "validation" if name.startswith("val_") else "train"
            summaries[run].append(scalar_pb(name.removeprefix("val_"), float(value)))
        for run, own in summaries.items():
            if own:
                file = self._files.setdefault(run, EventFile(self.directory / run))
                file.append(own, epoch + 1)
