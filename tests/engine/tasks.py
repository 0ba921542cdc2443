"""Functions that tests let workers call."""

import os
import signal
import time
from pathlib import Path


def square(number):
    return number**2


def process(folder):
    """Tells which process this is, as soon as two are here."""
    (Path(folder) / str(os.getpid())).touch()
    give_up = time.monotonic() + 30
    while len(list(Path(folder).iterdir())) < 2 and time.monotonic() < give_up:
        time.sleep(0.01)
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return os.getpid(), os.getcwd(), cores


def variable(name):
    return os.environ.get(name)


class TwoArgumentsError(Exception):
    """Cannot be unpickled, as some errors of others."""

    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")


def failing(kind):
    errors = {"portable": ValueError("no good"), "end": EOFError("of a file")}
    raise errors.get(kind) or TwoArgumentsError(1, 2)


def dying(folder, times):
    """Dies as often as it should, then returns how often it was called."""
    calls = len(list(Path(folder).iterdir()))
    (Path(folder) / str(calls)).touch()
    if calls < times:
        os.kill(os.getpid(), signal.SIGKILL)
    return calls + 1


def computing(folder):
    """Computes without end, and says that it has begun."""
    (Path(folder) / str(os.getpid())).touch()
    while True:
        pass
