"""A search by several processes of one machine: keras-tuner's chief, and its workers."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from kerasrecipes.base.checks import check_integer
from kerasrecipes.cli.exits import BAD_INPUT
from kerasrecipes.tuning.keras_tuner.distributed import ORACLE_IP, ORACLE_PORT, TUNER_ID, WORKERS

HERE = "127.0.0.1"
# A worker that ends this often, and not by itself, is ill.
RESTARTS = 3
POLL_SECONDS = 0.5
# How long a process may take to put in order what is half done.
GRACE_SECONDS = 30


def run_with_workers(workers: int) -> None:
    """Runs this very command as a chief and workers, until the chief has ended.

    A worker that dies is started again under its name, and so gets its trial again.

    Args:
        workers: Positive integer.

    Raises:
        ChildProcessError: If a worker dies again and again.
        SystemExit: If the chief ends with an error, with its exit code.
    """
    check_integer("workers", workers, at_least=1)
    port = _free_port()
    names = [f"worker{index}" for index in range(workers)]
    # What other workers had under way is done by these.
    os.environ[WORKERS] = ",".join(names)
    with _ending_all({}) as running:
        running["chief"] = _start("chief", port)
        while running["chief"].poll() is None and not _listens(port):
            time.sleep(POLL_SECONDS)
        left = dict.fromkeys(names, RESTARTS)
        if running["chief"].poll() is None:
            running |= {name: _start(name, port) for name in names}
        while (code := running["chief"].poll()) is None:
            for name in names:
                ended = running[name].poll()
                if ended in (None, 0):
                    continue
                if left[name] == 0 or ended == BAD_INPUT:
                    raise ChildProcessError(
                        f"The worker {name} ended {RESTARTS + 1 - left[name]} times, last with "
                        f"code {ended}. The same command goes on."
                    )
                left[name] -= 1
                print(f"{name} ended with code {ended}: started again", file=sys.stderr)
                running[name] = _start(name, port)
            time.sleep(POLL_SECONDS)
        if code == 0:
            # The chief has told them that there is no more to do.
            with contextlib.suppress(subprocess.TimeoutExpired):
                for process in running.values():
                    process.wait(GRACE_SECONDS)
    if code < 0:
        print(f"The chief was ended by signal {-code}. The same command goes on.", file=sys.stderr)
    if code != 0:
        raise SystemExit(code if code > 0 else 128 - code)


def check_port() -> None:
    """Raises an `OSError` if the port of a chief is in use."""
    address, port = os.environ[ORACLE_IP], os.environ[ORACLE_PORT]
    try:
        with socket.create_server((address, int(port))):
            pass
    except (OSError, OverflowError, ValueError) as error:
        raise OSError(
            f"The chief cannot listen at {address}:{port} ({error}): set {ORACLE_PORT} to another "
            "port, for all processes of the search."
        ) from None


def _start(name: str, port: int) -> subprocess.Popen:
    variables = {TUNER_ID: name, ORACLE_IP: HERE, ORACLE_PORT: str(port)}
    # As this process was started; Ctrl-C is for it alone, and it ends the others.
    command = [sys.executable, *sys.orig_argv[1:]]
    return subprocess.Popen(command, env={**os.environ, **variables}, start_new_session=True)


@contextlib.contextmanager
def _ending_all(running: dict[str, subprocess.Popen]) -> Iterator[dict[str, subprocess.Popen]]:
    """Ends, whatever happened, all processes that are put into a dictionary."""
    try:
        yield running
    finally:
        for process in running.values():
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + GRACE_SECONDS
        for process in running.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.create_server((HERE, 0)) as server:
        return server.getsockname()[1]


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HERE, port), timeout=1):
            return True
    except OSError:
        return False
