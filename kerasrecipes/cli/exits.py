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
    with _sigterm_raises():
        try:
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
def _sigterm_raises() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Only the main thread may say what a signal does.
        return

    def terminate(signum, frame):
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
