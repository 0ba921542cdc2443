"""The progress of a search, shown while it runs."""

import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kerasrecipes.base.csv_table import read_rows
from kerasrecipes.page.formats import duration, number, plain
from kerasrecipes.training.numerics import NUMERICS_VERSION
from kerasrecipes.tuning import Rung
from kerasrecipes.tuning.begun_searches import other_searches
from kerasrecipes.tuning.keras_tuner.distributed import role
from kerasrecipes.tuning.trial_rows import TRIAL_COLUMNS

# As many of the latest trials as fit beside what else a terminal shows.
SHOWN = 8


class SearchProgress:
    """Shows rung, trial, best score so far and time left: live on a terminal, else in lines.

    A context manager whose `on_event` is for `kerasrecipes.tuning.search`.

    Args:
        rungs: The rungs of the search.
        final_trainings: How many trainings of the longest rung follow the trials.
        objective: The quantity that is searched for.
        minutes: The time of the search, if it has only so much.
        prefix: What each line begins with, such as a worker's name.
        live: Whether to redraw a table. Defaults to whether stdout is a terminal.
    """

    def __init__(
        self,
        rungs: Sequence[Rung],
        final_trainings: int,
        objective: str,
        *,
        minutes: float | None = None,
        prefix: str = "",
        live: bool | None = None,
    ):
        self.rungs, self.objective, self.prefix = rungs, objective, prefix
        self.final_epochs = rungs[-1].epochs
        self.limit = math.inf if minutes is None else 60 * minutes
        self.total = sum(rung.budget_epochs for rung in rungs)
        self.total += final_trainings * self.final_epochs
        self.live = sys.stdout.isatty() if live is None else live
        self.folder = Path()
        self._sign = 1
        self.rows: list[dict[str, Any]] = []
        self.now: dict[str, Any] = {}
        self.done = self.done_before = self.finals = 0
        self.best: float | None = None
        self._began = time.monotonic()
        self._display: Any = None

    def __enter__(self):
        if self.live:
            from rich.live import Live

            self._display = Live(get_renderable=self._table, refresh_per_second=2)
            self._display.start()
        return self

    def __exit__(self, *raised):
        if self._display is not None:
            self._display.stop()

    def on_event(self, event: str, row: dict[str, Any]) -> None:
        """Takes note of what happened, and shows it."""
        if event == "search":
            self.folder, self._sign = Path(row["folder"]), -1 if row["direction"] == "min" else 1
            if role() != "worker":
                for other in other_searches(self.folder):
                    print(f"note: {other.folder} is not reused: {_why(other)}", file=sys.stderr)
            self._read()
            self.done_before, self._began = self.done, time.monotonic()
        elif event == "trial_begin":
            self.now = {**row, "epoch": 0}
        elif event == "epoch":
            self.now["epoch"], self.now["score"] = row["epoch"], row["score"]
        elif event == "trial_end":
            self.now = {}
            self._read()
            self._line(next(each for each in self.rows if each["trial"] == row["trial"]))
        elif event == "adopted":
            self._read()
            print(f"note: {row['text']}", file=sys.stderr)
        elif event == "other_spaces":
            for folder in row["folders"]:
                print(
                    f"note: {folder} searched another space: --from {folder} keeps those of its "
                    "trials that lie in this one",
                    file=sys.stderr,
                )
        elif event == "finalist":
            # A chief hears of the finalists only: the trials were its workers'.
            self._read()
            self.now = {"finalist": row["trial"], "seed": row["seed"]}
            self.finals += 1
            self._print("  ".join([_finalist(row), "begins", *self._left()]))
        elif event == "finalist_end":
            score = f"{self.objective} {number(row['score'])}"
            self._print("  ".join([_finalist(row), score, *self._left()]))

    @property
    def seconds_left(self) -> float | None:
        """The time that the rest takes at the pace so far; `None` before any trial has ended."""
        # A finalist is counted when it begins.
        done = self.done + max(0, self.finals - 1) * self.final_epochs
        paced = done - self.done_before
        pace = (time.monotonic() - self._began) / paced if paced > 0 else None
        if pace is None:
            return None
        remaining = max(0.0, self.limit - (time.monotonic() - self._began))
        return min(pace * max(0, self.total - done), remaining)

    def _read(self) -> None:
        path = self.folder / "trials.csv"
        self.rows = read_rows(path) if path.is_file() else []
        self.done = sum(row["cost_epochs"] for row in self.rows)
        scores = [row["score"] for row in self.rows if row["score"] is not None]
        self.best = max(scores, key=lambda score: self._sign * score, default=None)

    def _line(self, row: dict[str, Any]) -> None:
        parts = [
            f"rung {row['rung']}/{len(self.rungs)}",
            f"trial {row['trial']}",
            f"{row['epochs']} epoch{'s' if row['epochs'] != 1 else ''}",
            row["cause"] or f"{self.objective} {number(row['score'])}",
            *(["stopped"] if row["status"] == "stopped" else []),
            f"best {number(self.best)}",
            *self._left(),
            _given(_tried(row)),
        ]
        self._print("  ".join(parts))

    def _print(self, line: str) -> None:
        if not self.live:
            print(self.prefix + line, flush=True)

    def _left(self) -> list[str]:
        """Returns the text of the time left, in a list that is empty while it is unknown."""
        left = self.seconds_left
        return [] if left is None else [f"about {duration(left)} left"]

    def _table(self):
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
        table.title, table.title_justify = Text(self._headline(), style="bold"), "left"
        table.title_style = ""
        for header in ("rung", "trial", "epochs", self.objective, "status"):
            table.add_column(header, no_wrap=True)
        # The one column that may be narrowed: its texts are cut, those of the others stay whole.
        table.add_column("values", ratio=1)
        for row in self.rows[-SHOWN:]:
            cells = [row["rung"], row["trial"], row["epochs"], number(row["score"])]
            is_best = row["score"] is not None and row["score"] == self.best
            status = row["cause"] or ("best so far" if is_best else row["status"])
            texts = [Text(str(cell)) for cell in (*cells, status.partition(":")[0])]
            table.add_row(*texts, _one_line(_tried(row)), style="bold" if is_best else None)
        if "trial" in self.now:
            now = self.now
            epochs = f"{now['epoch']}/{now['epochs']}"
            cells = [now["rung"], now["trial"], epochs, number(now.get("score")), "running"]
            table.add_row(*(Text(str(cell)) for cell in cells), _one_line(now["values"]))
        return table

    def _headline(self) -> str:
        where = "search"
        if "seed" in self.now:
            where = f"finalist {self.now['finalist']}, seed {self.now['seed']}"
        if "rung" in self.now:
            where = f"rung {self.now['rung']} of {len(self.rungs)}"
        epochs = f"{min(self.done, self.total)} of {self.total} epochs"
        best = f"best {self.objective} {number(self.best)}"
        return " · ".join([where, epochs, best, *self._left()])


def _finalist(row: dict[str, Any]) -> str:
    return f"finalist {row['trial']}  seed {row['seed']}"


def _why(search) -> str:
    """Returns why an earlier search of the same settings does not count."""
    version = search.numerics_version
    if version == NUMERICS_VERSION:
        return "its data are others"
    return f"its numerics version is {version}, now {NUMERICS_VERSION}"


def _one_line(values: dict[str, Any]):
    """Returns values by the last parts of their paths, cut where there is no more room."""
    from rich.text import Text

    short = {path.split(".")[-1]: value for path, value in values.items() if value is not None}
    return Text(_given(short), no_wrap=True, overflow="ellipsis")


def _tried(row: dict[str, Any]) -> dict[str, Any]:
    """Returns what a row of trials.csv tried, after the quantities that a search constrains."""
    return {path: value for path, value in row.items() if path not in TRIAL_COLUMNS}


def _given(values: dict[str, Any]) -> str:
    return " ".join(
        f"{path}={number(value) if isinstance(value, float) else plain(value)}"
        for path, value in values.items()
        if value is not None
    )
