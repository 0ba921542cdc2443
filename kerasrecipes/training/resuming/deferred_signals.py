"""Signals that wait for the end of a training step."""

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

NOTICE = b"\nStopping after this step or validation. Once more stops at once.\n"


class DeferredSignals:
    """Context in which Ctrl-C (SIGINT) and SIGTERM wait until they are delivered.

    A handler of Python runs wherever the process is: an exception that it raises in a callback of
    the garbage collector is swallowed, and one in C code becomes another error. So the first signal
    only leaves a note here. `deliver` gives it to the handler from before the context, from a place
    where an exception goes up. A second signal ends the process at once.

    Signals that are ignored stay so. In a thread other than the main one, nothing is deferred.
    """

    def __init__(self):
        self.received: int | None = None
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> "DeferredSignals":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                handler = signal.getsignal(number)
                if handler not in (None, signal.SIG_IGN):
                    self._handlers[number] = handler
                    signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._restore()
        self.deliver()

    def deliver(self) -> None:
        """Gives a signal that was received to its handler, which may raise or end the process."""
        if self.received is not None:
            number, self.received = self.received, None
            self._restore()
            signal.raise_signal(number)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        for each in self._handlers:
            signal.signal(each, signal.SIG_DFL)
        # Not by `print`, which the signal may have interrupted.
        os.write(2, NOTICE)

    def _restore(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers = {}
