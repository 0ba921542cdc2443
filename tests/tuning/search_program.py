"""Program of a small search of a recipe, which tests start and kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from kerasrecipes import Recipe, main, use
from kerasrecipes.base.csv_table import read_rows
from kerasrecipes.tuning import log_uniform, uniform

ROOT = Path(__file__).parents[2]
recipe = Recipe(
    data=use("Digits", examples_per_class=10),
    model=use("MLP", units=[8]),
    optimizer=use("SGD", learning_rate=0.1, momentum=0.9),
    batch_size=64,
)
space = {
    "optimizer.learning_rate": log_uniform(1e-3, 1.0),
    "optimizer.momentum": uniform(0.0, 0.9),
}


class Program:
    """This program as a process that runs in a folder.

    Args:
        folder: The folder.
        *arguments: Further arguments of the command line.
    """

    def __init__(self, folder: Path, *arguments: str):
        self.folder = folder
        argv = [__file__, "search", "--rungs", "4x2,2x4", "--finalists", "1", "--final-seeds", "1"]
        self.process = subprocess.Popen(
            [sys.executable, *argv, *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # What a shell runs in the background would ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def until(self, epochs: int) -> None:
        """Waits until all trials together have trained so many epochs, or the program ends."""
        while self.process.poll() is None and self._epochs() < epochs:
            time.sleep(0.01)

    def end(self) -> tuple[int, str]:
        """Waits for its end, and returns its exit code and its stderr."""
        _, written = self.process.communicate(timeout=900)
        return self.process.returncode, written

    def workers(self) -> list[int]:
        """Returns the ids of the processes that the program has started, and that are at work."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                here = os.readlink(path / "cwd") == str(self.folder)
                starts = b"spawn_main" in (path / "cmdline").read_bytes()
            except OSError:
                continue
            if here and starts:
                found.append(int(path.name))
        return found

    def workers_end(self) -> bool:
        """Returns whether all of them end within some seconds."""
        until = time.monotonic() + 20
        while self.workers() and time.monotonic() < until:
            time.sleep(0.1)
        return not self.workers()

    def trials(self) -> list[dict]:
        """Returns the rows of trials.csv without the seconds, which differ between runs."""
        (path,) = self.folder.glob("saved_models/*/trials.csv")
        return [{**row, "seconds": None} for row in read_rows(path)]

    def _epochs(self) -> int:
        files = self.folder.glob("saved_models/*/runs/trial-*/history.csv")
        return sum(len(path.read_text().splitlines()) - 1 for path in files)


if __name__ == "__main__":
    main(recipe, space)
