"""Progress of trainings that run at the same time, as their run folders tell it."""

import sys
import time
from pathlib import Path
from typing import Any

from kerasrecipes.base.damaged_files import DamagedFileError
from kerasrecipes.page.formats import duration, number
from kerasrecipes.runs.trainings.one_training import Training
from kerasrecipes.training.run import Run


class TrainingsProgress:
    """Shows the trainings that run: live on a terminal, else in a line where one begins and ends.

    A context manager.

    Args:
        verbose: `0` to show nothing, `"auto"` or `1` for a table that is redrawn if stdout is a
            terminal, `2` for lines.
    """

    def __init__(self, verbose: str | int = "auto"):
        self.shown = verbose != 0
        self.live = self.shown and verbose != 2 and sys.stdout.isatty()
        self.ended = 0
        self._running: dict[Training, tuple[Path, float]] = {}
        self._rows: dict[Training, dict[str, Any]] = {}
        self._display: Any = None

    def __enter__(self):
        if self.live:
            from rich.live import Live

            self._display = Live(get_renderable=self.table, refresh_per_second=2)
            self._display.start()
        return self

    def __exit__(self, *raised):
        if self._display is not None:
            self._display.stop()

    def begin(self, training: Training, folder: Path) -> None:
        """Takes note that a training begins in a run folder."""
        self._running[training] = folder, time.monotonic()

    def look(self) -> None:
        """Looks for new epochs of the trainings that run."""
        if self.live:
            for training, (folder, _) in self._running.items():
                self._rows[training] = last_epoch(folder)

    def end(self, training: Training, run: Run) -> None:
        """Takes note that a training has ended."""
        folder, began = self._running.pop(training)
        self._rows.pop(training, None)
        self.ended += 1
        if self.shown:
            row = run.history[-1] if run.readable_history else {}
            took = duration(time.monotonic() - began)
            line = "  ".join([folder.name, *_texts(row, training.recipe.epochs), f"in {took}"])
            print(line, flush=True)

    def table(self):
        """Returns the table of what runs, for `rich`."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
        headline = f"{len(self._running)} trainings run, {self.ended} have ended"
        table.title, table.title_justify = Text(headline, style="bold"), "left"
        table.title_style = ""
        for header in ("run", "seed", "last epoch", "for"):
            table.add_column(header, no_wrap=True, overflow="ellipsis")
        for training, (folder, began) in list(self._running.items()):
            epoch = "  ".join(_texts(self._rows.get(training, {}), training.recipe.epochs))
            took = duration(time.monotonic() - began)
            cells = (folder.name, training.recipe.seed, epoch or "it begins", took)
            table.add_row(*(Text(str(cell)) for cell in cells))
        return table


def last_epoch(folder: Path) -> dict[str, Any]:
    """Returns the last row of the history of a run, which another process may be writing.

    It is empty before there is any.
    """
    try:
        rows = Run(folder).readable_history
    except (DamagedFileError, OSError, ValueError):  # It is not there yet, or not whole.
        return {}
    return rows[-1] if rows else {}


def _texts(row: dict[str, Any], epochs: int) -> list[str]:
    """Returns the epoch and the scores of a row of a history."""
    names = [name for name in ("val_accuracy", "val_loss", "loss") if row.get(name) is not None]
    scores = [f"{name} {number(row[name])}" for name in names[:2]]
    return [f"epoch {row['epoch']:.0f}/{epochs}", *scores] if row else []
