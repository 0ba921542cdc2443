"""Engine of processes on this machine, each of which starts Python and its backend once."""

import atexit
import contextlib
import logging
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from multiprocessing import connection
from types import MappingProxyType
from typing import Any

from kerasrecipes.base.checks import check_integer
from kerasrecipes.engine.interface import Engine, WorkerLostError
from kerasrecipes.engine.sharing import cores_of_worker, variables_of_worker, with_variables
from kerasrecipes.engine.worker import Place, result_of, serve

# So many workers may die over one task before it is given up, unless it is said how many.
LIVES = 3
# How long a worker may take to put in order what is half done.
GRACE_SECONDS = 30
_spawning = multiprocessing.get_context("spawn")


class ProcessEngine(Engine):
    """Runs functions in processes of this machine.

    Each process starts Python and Keras once, for all that it does. The cores are shared out among
    the processes, and so are the GPUs, one for each in turn. A process ends with its parent,
    however that ends. If one dies, its task is given to a new one, up to three times.

    Each process has as many threads as a program alone would have, on its share of the cores:
    libraries split their sums by the number of threads, and so numbers stay those of one process.

    As with everything that uses `multiprocessing`, what a script does with it must stand under
    `if __name__ == "__main__":`.

    Args:
        workers: Positive integer. The number of processes.
        preload: A module that each process imports when it starts; `None` for none. By default it
            is what trains, which brings Keras and its backend.
        lives: Positive integer. How many processes may die over one task before it is given up.
        variables: Environment variables of the processes, beside those of this one.

    Example:

    ```python
    if __name__ == "__main__":
        with ProcessEngine(workers=2) as engine:
            sweep(recipe, {"SGD": {}, "Adam": {"optimizer": "Adam"}}, range(4), engine=engine)
    ```
    """

    def __init__(
        self,
        workers: int,
        *,
        preload: str | None = "kerasrecipes.training.training",
        lives: int = LIVES,
        variables: Mapping[str, str] = MappingProxyType({}),
    ):
        super().__init__(workers)
        check_integer("lives", lives, at_least=1)
        self._preload = preload
        self._lives = lives
        self._variables = variables
        self._running: dict[int, _Process] = {}

    def _begin(self) -> None:
        # Before `multiprocessing` waits for the end of its processes.
        atexit.register(self.stop)

    def _end(self) -> None:
        atexit.unregister(self.stop)

    def _interrupt(self) -> None:
        for process in list(self._running.values()):
            process.terminate()

    @contextlib.contextmanager
    def _worker(self, number: int) -> Iterator[Callable]:
        def started() -> "_Process":
            variables = {**variables_of_worker(number), **self._variables}
            self._running[number] = _Process(number, self.workers, self._preload, variables)
            return self._running[number]

        def call(function: Callable, arguments: tuple, options: dict) -> Any:
            task = pickle.dumps((Place.here(), function, arguments, options))
            for left in reversed(range(self._lives)):
                process = self._running[number]
                try:
                    return process.call(task)
                except _DiedError:
                    ended = process.end()
                if self._stopping.is_set():
                    raise WorkerLostError("The engine was stopped.")
                if not process.was_ready:
                    break
                logging.getLogger(__name__).warning(
                    "%s was ended by %s%s",
                    process.name,
                    ended,
                    ": a new one goes on with its task" if left else "",
                )
                started()
            raise WorkerLostError(
                f"{process.name} could not start: {ended}. Its own error is above. Each worker "
                "imports the script that starts it, so what that does must stand under "
                '`if __name__ == "__main__":`.'
                if not process.was_ready
                else _death_over_a_task(self._lives, self.workers, ended)
            )

        started()
        try:
            yield call
        finally:
            self._running.pop(number).end()


def _death_over_a_task(lives: int, workers: int, ended: str) -> str:
    """Returns the message for a task that is given up."""
    died = "Its worker" if lives == 1 else f"{lives} workers, one after the other,"
    last = "" if lives == 1 else ", the last"
    less = "fewer workers" if workers > 1 else "a smaller batch size"
    return (
        f"{died} died over this task{last} by {ended}. By signal 9, the system ends what takes too "
        f"much memory: try {less}."
    )


class _DiedError(Exception):
    """A worker has died over what it was to do."""


class _Process:
    """A worker process, and the connections to it.

    Args:
        number: Which of the workers it is, from 1.
        workers: How many there are.
        preload: As of `ProcessEngine`.
        variables: Its environment variables, beside those of this process.
    """

    _one_at_a_time = threading.Lock()

    def __init__(
        self, number: int, workers: int, preload: str | None, variables: Mapping[str, str]
    ):
        self.name = f"worker {number}"
        self.was_ready = False
        self._ended: str | None = None
        self._calls, calls = _spawning.Pipe()
        reader, writer = _spawning.Pipe(duplex=False)
        # Elsewhere, what it writes goes where this process writes.
        output = writer if os.name == "posix" else None
        self._process = _spawning.Process(
            target=serve, args=(calls, output, preload, cores_of_worker(number, workers))
        )
        with self._one_at_a_time, _signals_blocked(), with_variables(variables):
            self._process.start()
        calls.close()
        writer.close()
        threading.Thread(target=self._forward, args=(reader,), daemon=True).start()

    def call(self, task: bytes) -> Any:
        """Returns what a task returns, or raises what it raises.

        Raises:
            _DiedError: If the process has died.
        """
        try:
            if not self.was_ready:
                self._calls.recv()
                self.was_ready = True
            self._calls.send_bytes(task)
            answer = self._calls.recv()
        except (EOFError, OSError):  # The connection is broken.
            raise _DiedError from None
        return result_of(answer)

    def terminate(self) -> None:
        """Ends the process: after the training step that is under way, if there is one."""
        with contextlib.suppress(ValueError):  # It has ended.
            self._process.terminate()

    def end(self) -> str:
        """Lets the process end, and returns how it has ended."""
        if self._ended is None:
            with contextlib.suppress(OSError):
                self._calls.send_bytes(b"")
            self._calls.close()
            self._process.join(GRACE_SECONDS)
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join()
            code = self._process.exitcode or 0
            self._process.close()
            self._ended = f"signal {-code}" if code < 0 else f"exit code {code}"
        return self._ended

    def _forward(self, reader: connection.Connection) -> None:
        """Writes what the process writes to stderr, each line with its name."""
        # Whoever reads stderr may have left.
        with (
            contextlib.suppress(OSError, ValueError),
            open(reader.fileno(), "rb", closefd=False) as lines,
        ):
            for line in lines:
                sys.stderr.write(f"{self.name}: {line.decode('utf-8', 'replace')}")
        reader.close()


@contextlib.contextmanager
def _signals_blocked() -> Iterator[None]:
    """Lets processes start without Ctrl-C: it is for their parent, from their first moment on."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
