"""Interface of engines, as an executor of `concurrent.futures`."""

import abc
import contextlib
import functools
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

from kerasrecipes.base.checks import check_integer


class WorkerLostError(ChildProcessError):
    """A task that was given up, because the process that worked on it died again and again."""


class Engine(Executor, abc.ABC):
    """Where independent trainings run, several at a time.

    An engine is an executor of `concurrent.futures`: `submit` and `map` run functions in other
    processes. It opens by itself. `with engine:` keeps its workers for all that is done inside, and
    ends them; where an error or Ctrl-C leaves it, what they have under way is ended too.

    A function, its arguments and its result must be picklable. What a function works on must be in
    files that all workers see. If its worker dies, it is called again: it should go on from there.

    Args:
        workers: Positive integer. How many functions run at a time.
    """

    def __init__(self, workers: int):
        check_integer("workers", workers, at_least=1)
        self.workers = workers
        self._queue: queue.SimpleQueue = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._lock = threading.Lock()

    def __repr__(self):
        return f"{type(self).__name__}(workers={self.workers})"

    @property
    def is_open(self) -> bool:
        """Whether its workers have been started, and not been ended."""
        return bool(self._threads)

    def open(self) -> None:
        """Starts the workers, unless they are there."""
        with self._lock:
            if not self._threads:
                self._stopping.clear()
                self._begin()
                self._threads = [
                    threading.Thread(target=self._work, args=(number,), daemon=True)
                    for number in range(1, self.workers + 1)
                ]
                for thread in self._threads:
                    thread.start()

    def submit(self, function: Callable, /, *arguments: Any, **options: Any) -> Future:
        """Calls a function as soon as a worker is free.

        Returns:
            The future of its result. An error that it raises is raised by `result()`.
        """
        self.open()
        future: Future = Future()
        self._queue.put((future, function, arguments, options))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the workers when they have done what was submitted.

        Args:
            wait: Whether to return only then.
            cancel_futures: Whether to leave out what they have not begun.
        """
        with self._lock:
            threads, self._threads = self._threads, []
        if cancel_futures:
            self._cancel_queued()
        for _ in threads:
            self._queue.put(None)
        if wait and threads:
            for thread in threads:
                thread.join()
            self._end()

    def stop(self) -> None:
        """Ends the workers now. What they had under way can be resumed."""
        self._stopping.set()
        self._cancel_queued()
        self._interrupt()
        self.shutdown()

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, kind, error, traceback):
        if kind is None:
            self.shutdown()
        else:
            self.stop()
        return False

    @abc.abstractmethod
    def _worker(self, number: int) -> contextlib.AbstractContextManager[Callable]:
        """Returns a context with a worker, as a function of `(function, arguments, options)`."""

    @abc.abstractmethod
    def _interrupt(self) -> None:
        """Ends what is under way."""

    def _begin(self) -> None:
        """Does what is to be done before there are workers."""

    def _end(self) -> None:
        """Does what is to be done when there are no more workers."""

    def _work(self, number: int) -> None:
        """Gives tasks to one worker, in a thread of its own, until there are no more."""
        with contextlib.ExitStack() as stack:
            try:
                call = stack.enter_context(self._worker(number))
            except Exception as error:
                call = functools.partial(_raise, error)
            while (task := self._queue.get()) is not None:
                future, *called = task
                if not future.set_running_or_notify_cancel():
                    continue
                try:
                    result = call(*called)
                except BaseException as error:  # It is raised where the result is asked for.
                    future.set_exception(error)
                else:
                    future.set_result(result)
                del future, called, task

    def _cancel_queued(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                task = self._queue.get_nowait()
                if task is not None:
                    task[0].cancel()


@contextlib.contextmanager
def opened(engine: Engine) -> Iterator[Engine]:
    """Keeps an engine open for what is done inside; ends it then, unless it was open before."""
    if engine.is_open:
        yield engine
    else:
        with engine:
            yield engine


def _raise(error: Exception, *called: Any) -> None:
    raise error
