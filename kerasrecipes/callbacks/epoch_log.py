"""A row an epoch: losses, metrics, learning rate, seconds."""

import csv
import io
import time
from pathlib import Path

import keras

from kerasrecipes.atomic import write_text


class EpochLog(keras.callbacks.Callback):
    """Writes a CSV row an epoch, and adds learning rate and seconds to the logs.

    Differs from `keras.callbacks.CSVLogger` in: the file is whole at any moment; rows from before
    an interruption are kept by `ResumableCheckpoint`; a schedule's learning rate, which Keras does
    not log, is there. Stand it before callbacks that change the learning rate.

    The learning rate is that of the epoch's first step.

    Args:
        path: The CSV file.
    """

    def __init__(self, path: str | Path):
        super().__init__()
        self.path = Path(path)
        self.rows: list[dict] = []

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.perf_counter()
        rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        # The shortest decimal that is this float32: 0.1, not 0.10000000149.
        self._learning_rate = float(str(rate))

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        logs.setdefault("learning_rate", self._learning_rate)
        row = {"epoch": epoch + 1, **{k: float(v) for k, v in logs.items()}}
        row["seconds"] = round(time.perf_counter() - self._began, 3)
        self.rows = [*self.rows, row]
        write_text(self.path, self._table())

    def _table(self) -> str:
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()
