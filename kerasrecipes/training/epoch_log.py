"""Log of a run's epochs as a CSV file: losses, metrics, learning rate, seconds."""

import csv
import io
import time
from pathlib import Path

from kerasrecipes.base.files import write_text
from kerasrecipes.callbacks.learning_rate_logger import LearningRateLogger


class EpochLog(LearningRateLogger):
    """Writes a CSV row for each epoch, with its seconds and the rates of `LearningRateLogger`.

    Differs from `keras.callbacks.CSVLogger` in: the file is whole at any moment; rows from before
    an interruption are kept by `ResumableCheckpoint`; the learning rate is logged even if it comes
    from a schedule. Place it before callbacks that change the learning rate.

    Args:
        path: The CSV file.
    """

    def __init__(self, path: str | Path):
        super().__init__()
        self.path = Path(path)
        self.rows: list[dict] = []

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch)
        began = time.perf_counter()
        # A function, which no checkpoint carries over to a process with another clock.
        self._elapsed = lambda: time.perf_counter() - began

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        super().on_epoch_end(epoch, logs)
        row = {"epoch": epoch + 1, **{k: float(v) for k, v in logs.items()}}
        row["seconds"] = round(self._elapsed(), 3)
        self.rows = [*self.rows, row]
        write_text(self.path, self._table(), durable=False)

    def _table(self) -> str:
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()
