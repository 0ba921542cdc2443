"""Worker processes: what runs in one, from its start to its end."""

import contextlib
import importlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing import connection
from typing import Any, NamedTuple


class Place(NamedTuple):
    """Where a function is called from: what relative paths and imports of its arguments mean.

    Args:
        folder: The working directory.
        path: The folders that modules are imported from.
    """

    folder: str
    path: tuple[str, ...]

    @classmethod
    def here(cls) -> "Place":
        """Returns the place of this process."""
        return cls(os.getcwd(), tuple(sys.path))

    def take(self) -> None:
        """Makes this process work there.

        Raises:
            FileNotFoundError: If there is no such folder on this machine.
        """
        try:
            os.chdir(self.folder)
        except FileNotFoundError:
            raise FileNotFoundError(
                "The workers of other machines must see the folder that the command runs in. "
                f"Received: {self.folder}"
            ) from None
        sys.path += [path for path in self.path if path not in sys.path]


class WorkerTraceback(Exception):
    """Where in a worker an error was raised; the cause of that error here."""


def answered(place: Place, function: Callable, arguments: tuple, options: dict) -> tuple:
    """Calls a function, and returns what `result_of` takes."""
    try:
        place.take()
        return function(*arguments, **options), None, ""
    except Exception as error:
        return _failed(error)


def result_of(answer: tuple) -> Any:
    """Returns what a function returned in a worker, or raises what it raised."""
    result, error, where = answer
    if error is not None:
        raise error from WorkerTraceback(where)
    return result


def serve(
    calls: connection.Connection,
    output: connection.Connection | None,
    preload: str | None,
    cores: set[int] | None,
) -> None:
    """Calls what a parent process sends, until it says or dies.

    Args:
        calls: The connection over which functions come, and answers go.
        output: Where what is written to stdout and stderr goes instead.
        preload: A module that is imported before the first call.
        cores: The cores to run on; `None` for all.
    """
    # Ctrl-C is for the parent, which then ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if cores is not None:
        os.sched_setaffinity(0, cores)
    if output is not None:
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    if preload is not None:
        importlib.import_module(preload)
    with contextlib.suppress(EOFError, OSError):
        calls.send(None)  # It is ready.
        while (call := calls.recv_bytes()) != b"":
            try:
                answer = answered(*pickle.loads(call))
            except Exception as error:  # What is called cannot be imported here.
                answer = _failed(error)
            calls.send(answer)


def _end_with_parent() -> None:
    """Ends this process at once when its parent has died, as if it had been killed with it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def portable(error: Exception) -> Exception:
    """Returns an error, or one with its message if it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _failed(error: Exception) -> tuple:
    """Returns the answer that stands for an error."""
    return None, portable(error), "".join(traceback.format_exception(error))
