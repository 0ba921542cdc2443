"""The end of a command: one clear line and an exit code, whatever went wrong."""

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator

from kerasrecipes.base.text import without_controls

BAD_INPUT, INTERRUPTED, BROKEN_PIPE, TERMINATED = 2, 128 + 2, 128 + 13, 128 + 15

# How long a signal whose exception was swallowed waits to be given again.
AGAIN_SECONDS = 0.05


class Terminated(KeyboardInterrupt):
    """SIGTERM, raised where Ctrl-C would be, so that what is half done is put in order."""


@contextlib.contextmanager
def clean_exit(*, debug: bool, when_stopped: str = "Stopped.") -> Iterator[None]:
    """Turns what goes wrong inside into a line on stderr and an exit code.

    Args:
        debug: Whether to show the traceback of an error.
        when_stopped: What to say after Ctrl-C or SIGTERM.

    Raises:
        SystemExit: With code 2 for bad input, 130 after Ctrl-C, 143 after SIGTERM.
    """
    with _signals_raise() as received:
        try:
            with _ending_as_received(received):
                yield
                sys.stdout.flush()
        except KeyboardInterrupt as stop:
            # The progress bar leaves the cursor in mid-line.
            print(f"\n{when_stopped}", file=sys.stderr)
            code = TERMINATED if isinstance(stop, Terminated) else INTERRUPTED
            raise SystemExit(code) from None
        except BrokenPipeError:
            # Whoever read the output, such as `head`, has enough; the interpreter flushes again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(BROKEN_PIPE) from None
        except (ImportError, OSError, SyntaxError, TypeError, ValueError) as error:
            if debug:
                traceback.print_exc()
            print(f"error: {in_one_line(error)}", file=sys.stderr)
            raise SystemExit(BAD_INPUT) from None


def in_one_line(error: BaseException) -> str:
    """Returns an error's message with its notes, without line breaks."""
    message = str(error) or type(error).__name__
    if isinstance(error, OSError) and error.strerror and error.filename:
        message = f"{error.strerror}: {error.filename}"
    for note in getattr(error, "__notes__", []):
        # What was received ends without a full stop.
        message += f" {note}" if message.endswith((".", "?")) else f". {note}"
    return without_controls(" ".join(message.split()))


@contextlib.contextmanager
def _signals_raise() -> Iterator[list[int]]:
    """Raises `KeyboardInterrupt` on Ctrl-C and `Terminated` on SIGTERM; a second one kills at once.

    A callback of the garbage collector swallows what is raised in it. The signal then comes again.

    Yields:
        The signals that have come.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received  # Only the main thread may say what a signal does.
        return

    def handle(number, frame):
        received.append(number)
        for each in before:
            signal.signal(each, signal.SIG_DFL)
        raise _raised_by(number)

    def raise_again(swallowed):
        if not (received and issubclass(swallowed.exc_type, KeyboardInterrupt)):
            hook(swallowed)
            return
        signal.signal(received[-1], handle)
        # Not from here, where it would be swallowed too.
        main = threading.main_thread().ident
        timer = threading.Timer(AGAIN_SECONDS, signal.pthread_kill, [main, received[-1]])
        timer.daemon = True
        timer.start()

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # A shell lets its background jobs ignore Ctrl-C.
    before = {number: h for number, h in handlers.items() if h not in (None, signal.SIG_IGN)}
    hook, sys.unraisablehook = sys.unraisablehook, raise_again
    for number in before:
        signal.signal(number, handle)
    try:
        yield received
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _ending_as_received(received: list[int]) -> Iterator[None]:
    """Ends with the exception of the signal that has come, if C code made another error of it."""
    try:
        yield
    except BaseException as error:
        if received and not isinstance(error, KeyboardInterrupt):
            raise _raised_by(received[0]) from error
        raise
    if received:
        raise _raised_by(received[0])


def _raised_by(number: int) -> KeyboardInterrupt:
    return Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
