"""Callback that logs scalars for TensorBoard, with any backend."""

from pathlib import Path

import keras


class TensorBoardScalars(keras.callbacks.Callback):
    """Logs the numbers of every epoch for TensorBoard, with training and validation as two runs.

    Differs from `keras.callbacks.TensorBoard` in: it does not need TensorFlow.

    Args:
        directory: The folder of the logs, which gets the folders `train` and `validation`.
    """

    def __init__(self, directory: str | Path):
        super().__init__()
        self.directory = Path(directory)
        self._writers: dict = {}

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            run = "validation" if name.startswith("val_") else "train"
            self._writer(run).add_scalar(name.removeprefix("val_"), float(value), epoch + 1)

    def on_train_end(self, logs=None):
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _writer(self, run: str):
        if run not in self._writers:
            from tensorboard.summary import Writer

            self._writers[run] = Writer(str(self.directory / run))
        return self._writers[run]
