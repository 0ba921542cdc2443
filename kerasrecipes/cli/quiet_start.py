"""The start of TensorFlow without the lines that it writes then, which say nothing to a user."""

import contextlib
import functools
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType

# The level that `kerasrecipes` sets for TensorFlow's C++ code, which it obeys after its start only.
_LEVEL = "2"

# What TensorFlow's C++ code writes about itself: its own log, before and after that is set up.
_LOGGED = re.compile(
    rb"[IWE]\d{4} \d\d:|[IWE]0000 |WARNING: All log messages before absl|\d{4}-\d\d-"
)


def keep_tensorflow_quiet() -> None:
    """Leaves out TensorFlow's log of its start, and its warnings of functions traced again.

    Its later errors come through, and so does all that Python writes. With `--debug`
    on the command line, or with another level in `TF_CPP_MIN_LOG_LEVEL`, nothing is left out.
    """
    told = "--debug" in sys.argv or os.environ.get("TF_CPP_MIN_LOG_LEVEL", _LEVEL) != _LEVEL
    if not told and "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _QuietTensorFlow())


class _QuietTensorFlow:
    """A finder that leaves finding to those behind it, and wraps the import of TensorFlow."""

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        if name != "tensorflow":
            return None
        behind = sys.meta_path[sys.meta_path.index(self) + 1 :]
        found = (finder.find_spec(name, path, target) for finder in behind)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            execute = functools.partial(_imported_quietly, spec.loader.exec_module)
            spec.loader.exec_module = execute  # type: ignore[method-assign]
        return spec


def _imported_quietly(execute: Callable[[ModuleType], object], module: ModuleType) -> None:
    with _without_logged_lines():
        execute(module)
        # It looks for GPUs when it is first asked for devices.
        module.config.list_physical_devices()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


@contextlib.contextmanager
def _without_logged_lines() -> Iterator[None]:
    """Holds back what C++ code writes to the standard error, and then writes what is no log."""
    try:
        before = os.dup(2)
    except OSError:  # It is closed, as some schedulers start their jobs.
        yield
        return
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(before, 2)
            os.close(before)
            held.seek(0)
            for line in held:
                if not _LOGGED.match(line):
                    os.write(2, line)
