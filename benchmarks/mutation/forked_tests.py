"""pytest in forked processes, which find TensorFlow imported already.

Importing TensorFlow, JAX and PyTorch takes longer than most tests. TensorFlow bears a fork until it
has computed something, so this process only imports it, and its children compute. They also import
kerasrecipes themselves, each with another fault in it.
"""

import importlib
import importlib.util
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pytest

TIMED_OUT = -1000

_SLOW_TO_IMPORT = ("tensorflow", "keras", "torch", "jax", "optax", "sklearn", "scipy.stats")


def warm_up() -> None:
    """Imports what tests import, but nothing of kerasrecipes."""
    for name in _SLOW_TO_IMPORT:
        if importlib.util.find_spec(name.split(".")[0]):
            importlib.import_module(name)


def in_child(function: Callable[[], int], limit_s: int) -> int:
    """Returns the exit code of a function that runs in a forked process.

    Args:
        function: It returns the exit code.
        limit_s: Seconds of CPU time after which the child is killed; the result is then
            `TIMED_OUT`. Seconds of the wall's clock would also count what other work the machine
            does.
    """
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s))
        try:
            code = function()
        except BaseException:
            code = 70
        os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return TIMED_OUT if code in (-signal.SIGXCPU, -signal.SIGKILL) else code


def run_tests(
    root: Path, places: Collection[str], log: Path, plugin: object, *, first_failure: bool = False
) -> int:
    """Runs pytest in this process, which must be a child, and returns its exit code.

    Args:
        root: The copy of the repository that is tested.
        places: Folders, files or node ids, relative to `root`.
        log: The file that receives what is printed.
        plugin: A plugin of pytest.
        first_failure: Whether to stop at the first test that fails.
    """
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(root)
    os.environ["PYTHONPATH"] = str(root)
    sys.path.insert(0, str(root))
    options = ["-q", "-p", "no:cacheprovider", "--tb=short", *(["-x"] if first_failure else [])]
    return int(pytest.main([*options, *sorted(places)], plugins=[plugin]))


def run_tests_on(backend: str, root: Path, places: Collection[str], limit_s: int) -> int:
    """Runs pytest on another backend, in a process of its own, until a test fails.

    Keras has its backend from its import on, so that a fork cannot have another.

    Args:
        backend: The backend's name.
        root: The copy of the repository that is tested.
        places: Folders or files, relative to `root`.
        limit_s: Seconds after which it is ended; the result is then `TIMED_OUT`.
    """
    program = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    environment = os.environ | {"PYTHONPATH": str(root), "KERAS_BACKEND": backend}
    try:
        return subprocess.run(
            [*program, *sorted(places)],
            cwd=root,
            env=environment,
            timeout=limit_s,
            capture_output=True,
        ).returncode
    except subprocess.TimeoutExpired:
        return TIMED_OUT


class Chosen:
    """A plugin that runs some tests only, those first that took the least time.

    Args:
        seconds: Dict from a test's node id to the time that it took.
    """

    def __init__(self, seconds: Mapping[str, float]):
        self.seconds = seconds

    def pytest_collection_modifyitems(self, items: list) -> None:
        chosen = [item for item in items if item.nodeid in self.seconds]
        items[:] = sorted(chosen, key=lambda item: self.seconds[item.nodeid])
