"""Claim: SIGTERM and Ctrl-C end a training with 143 and 130 wherever they strike, and lose nothing.

    python benchmarks/signals.py [--signals 60] [--seed 0]

Trainings of the command line, one in many short epochs and one in long epochs with
`checkpoint_minutes`, are sent signals at random moments: while they build, train, validate, score
and save. After each signal the same command goes on. Every run must end with the numbers of one
that was left alone. With `checkpoint_minutes`, no step may be trained twice; without, no more than
those of an epoch for each signal. Processes are forked from one that has imported Keras, because
imports would take most of the time.

Then what `checkpoint_minutes` costs is measured where it costs most, with checkpoints as often as
they ever come: the time that its callbacks take of that of a whole epoch.
"""

import argparse
import collections
import contextlib
import io
import multiprocessing
import os
import signal
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np

from kerasrecipes import Recipe, load, main, train, use
from kerasrecipes.cli.exits import clean_exit
from kerasrecipes.report import write_report  # noqa: F401 - before the processes are forked
from kerasrecipes.training import fit
from kerasrecipes.training.resumable_checkpoint import ResumableCheckpoint
from kerasrecipes.training.resuming.interruption import StopOnSignal

CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}
GOES_ON = "Stopped. The same command goes on from its last checkpoint."
SHORT = Recipe(
    data=use("Digits", classes=[0, 1, 2], examples_per_class=60),
    model=use("MLP", units=[16], dropout_rate=0.2, normalization="batch"),
    batch_size=16,
    epochs=6,
    monitor=None,
)
LONG = SHORT.replace({"epochs": 2, "steps_per_epoch": 300, "checkpoint_minutes": 60})
COST = {"steps_per_epoch": 1000, "epochs": 1, "checkpoint_minutes": 1e-9, "model.units": [512, 512]}


class Steps(keras.callbacks.Callback):
    """Notes every step that is done in a file."""

    def __init__(self, path: Path):
        super().__init__()
        self.file = path.open("ab", buffering=0)

    def on_train_batch_end(self, batch, logs=None):
        self.file.write(b".")


def run_signals(title: str, recipe: Recipe, signals: int, rng: np.random.Generator) -> None:
    """Sends signals to runs of a recipe until there were enough, and checks how they end."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, codes, again, runs = Path(temporary), collections.Counter(), [], 0
        seconds, code, _ = _command(recipe, folder, "whole")
        assert code == 0
        whole = _numbers(folder, "whole")
        while codes.total() < signals:
            runs += 1
            name, struck, code = f"run{runs}", 0, None
            while code != 0:
                number = signal.Signals(rng.choice(list(CODES)))
                moment = rng.uniform(0, seconds) if codes.total() < signals else None
                _, code, said = _command(recipe, folder, name, number, moment)
                if code != 0:
                    assert code == CODES[number], (code, number, said)
                    assert GOES_ON in said
                    codes[number.name, code] += 1
                    struck += 1
            assert _numbers(folder, name) == whole
            again.append(_steps(folder, name) - _steps(folder, "whole"))
            an_epoch = recipe.steps_per_epoch or _steps(folder, "whole") // recipe.epochs
            assert again[-1] <= (0 if recipe.checkpoint_minutes else struck * an_epoch)
            print(f"  {codes.total()} signals", flush=True)
    counted = ", ".join(f"{n} {name} ended with {code}" for (name, code), n in codes.items())
    print(f"{title}: {counted}; n = {codes.total()} signals in {runs} runs")
    print(f"  equal logs, scores and weights in all; steps trained twice: {sum(again)}")


def _command(recipe, folder, name, number=None, moment=None) -> tuple[float, int, str]:
    """Trains in a process; returns its seconds, its exit code and what it said."""
    context = multiprocessing.get_context("fork")
    began, ready = time.perf_counter(), context.Event()
    process = context.Process(target=_train, args=(recipe, folder, name, ready))
    process.start()
    ready.wait()
    if moment is not None:
        process.join(moment)
        if process.is_alive():
            os.kill(process.pid, number)
    process.join()
    said = (folder / f"{name}.log").read_text()
    return time.perf_counter() - began, process.exitcode, said


def _train(recipe, folder, name, ready) -> None:
    log = os.open(folder / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    fit.TensorBoardScalars = lambda _: Steps(folder / f"{name}.steps")
    # A shell lets its background jobs ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with clean_exit(debug=True, when_stopped=GOES_ON):
        ready.set()
        main(recipe, argv=["train", "--directory", str(folder), "--name", name])


def _numbers(folder: Path, name: str) -> tuple:
    """Returns all that a run computed. This process must not use the backend: it is forked."""
    (path,) = folder.glob(f"{name}-*")
    run, weights = load(path), {}
    with zipfile.ZipFile(path / "model.keras") as archive:
        stored = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(stored) as file:
        file.visititems(
            lambda key, item: (
                weights.update({key: item[()].tobytes()})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    logs = [{k: v for k, v in row.items() if k != "seconds"} for row in run.history]
    return logs, run.metrics, weights, {k: v.tobytes() for k, v in run.predictions.items()}


def _steps(folder: Path, name: str) -> int:
    return (folder / f"{name}.steps").stat().st_size


def measure_cost(repeats: int) -> None:
    """Times what checkpoints within an epoch take of it, written as often as they ever are."""
    shares, counts = [], []
    for _ in range(repeats):
        spent, saves = [], []
        hooks = [(ResumableCheckpoint, spent), (StopOnSignal, spent)]
        with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
            for owner, times in hooks:
                stack.enter_context(_timed(owner, "on_train_batch_begin", times))
            stack.enter_context(_timed(ResumableCheckpoint, "save_within_epoch", saves))
            run = train(LONG.replace(COST), directory=folder, verbose=0)
            shares.append(sum(spent) / run.history[0]["seconds"])
        counts.append(len(saves))
    print(
        f"checkpoints within an epoch: {statistics.median(shares):.1%} of it "
        f"({min(shares):.1%} to {max(shares):.1%}), {statistics.median(counts):.0f} of them in "
        f"{COST['steps_per_epoch']} steps, n = {repeats} epochs, load {os.getloadavg()[0]:.1f}"
    )


@contextlib.contextmanager
def _timed(owner: type, name: str, times: list[float]):
    """Notes the seconds of every call of a method."""
    method = getattr(owner, name)

    def timed(*arguments, **options):
        began = time.perf_counter()
        try:
            return method(*arguments, **options)
        finally:
            times.append(time.perf_counter() - began)

    setattr(owner, name, timed)
    try:
        yield
    finally:
        setattr(owner, name, method)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--signals", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    generator = np.random.default_rng(given.seed)
    print(f"{keras.backend.backend()}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
    run_signals("6 epochs of 12 steps", SHORT, given.signals // 2, generator)
    run_signals("2 epochs of 300 steps", LONG, given.signals - given.signals // 2, generator)
    measure_cost(repeats=5)
