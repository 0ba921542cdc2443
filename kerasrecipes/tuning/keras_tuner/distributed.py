"""Distributed search: the role of a process, and a worker's connection to its chief."""

import functools
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasrecipes.base.files import is_locked, locked

# Environment variables of keras-tuner.
TUNER_ID = "KERASTUNER_TUNER_ID"
ORACLE_IP = "KERASTUNER_ORACLE_IP"
ORACLE_PORT = "KERASTUNER_ORACLE_PORT"
# Our own variable: the ids of the workers that the chief expects, separated by commas.
WORKERS = "KERASRECIPES_WORKERS"

# How long a worker asks an absent chief again: as long as keras-tuner's own client waits for one.
GIVE_UP_SECONDS = 3600
RETRY_SECONDS = 1
# How long a worker whose next trial depends on running ones waits before it asks again, and how
# often a chief checks whether all workers have left.
IDLE_SECONDS = 0.2
# How long a chief without any further trial waits for workers that do not know it yet.
LATE_SECONDS = 5


def role() -> str:
    """Returns the role of this process, `"alone"`, `"chief"` or `"worker"`, by its environment.

    Raises:
        ValueError: If only some of keras-tuner's variables are set.
    """
    given = [name for name in (TUNER_ID, ORACLE_IP, ORACLE_PORT) if os.environ.get(name)]
    if ORACLE_IP not in given and ORACLE_PORT not in given:
        return "alone"
    if len(given) < 3:
        raise ValueError(
            f"A distributed search needs {TUNER_ID}, {ORACLE_IP} and {ORACLE_PORT}. "
            f"Received: {', '.join(given)}"
        )
    return "chief" if "chief" in os.environ[TUNER_ID] else "worker"


def is_expected(worker: str) -> bool:
    """Returns whether the chief expects a worker of this id; it expects any if none is named."""
    given = os.environ.get(WORKERS)
    return given is None or worker in given.split(",")


def silence_conditions() -> None:
    """Keeps keras-tuner 1.4.8 from printing a value of each condition that it sends or receives.

    A `print` was left in their `to_proto`. Without one, this changes nothing.
    """
    import keras_tuner

    space = keras_tuner.HyperParameters()
    space.Boolean("parent")
    with space.conditional_scope("parent", True):
        space.Boolean("child")
    (condition,) = space.space[-1].conditions
    vars(sys.modules[type(condition).__module__])["print"] = lambda *values: None


class RetryingClient:
    """keras-tuner's client of a chief, which repeats a request if the chief is killed meanwhile.

    Repeating a request is safe: the oracle gives the same answer again.

    Args:
        client: keras-tuner's client.
    """

    def __init__(self, client: Any):
        self._client = client
        try:
            address = os.environ[ORACLE_IP], int(os.environ[ORACLE_PORT])
            socket.create_connection(address, timeout=RETRY_SECONDS).close()
        except OSError:
            self._log_waiting("There is no chief yet")

    def __getattr__(self, name: str):
        found = getattr(self._client, name)
        return functools.partial(self._ask, found) if callable(found) else found

    def _ask(self, request, *args, **kwargs):
        import grpc

        give_up = time.monotonic() + GIVE_UP_SECONDS
        while True:
            try:
                return request(*args, **kwargs)
            except grpc.RpcError as error:
                absent = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
                if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED or time.monotonic() > give_up:
                    raise ConnectionError(
                        f"No chief has answered at {_address()} for {GIVE_UP_SECONDS // 60} "
                        "minutes. Start the chief, then this worker again."
                    ) from None
                if error.code() not in absent:
                    raise
                self._log_waiting("The chief does not answer")
            time.sleep(RETRY_SECONDS)

    def _log_waiting(self, why: str) -> None:
        worker = os.environ[TUNER_ID]
        logging.getLogger(__name__).warning("%s: %s at %s: waiting.", worker, why, _address())


def _address() -> str:
    return f"{os.environ[ORACLE_IP]}:{os.environ[ORACLE_PORT]}"


def check_free(folder: Path) -> None:
    """Raises a `BlockingIOError` that names the process if another one searches in a folder."""
    if role() != "worker" and is_locked(folder):
        with locked(folder):
            pass


def serve(oracle, run: Callable[[], None]) -> None:
    """Answers workers until the search has no further trial and all workers know it.

    Args:
        oracle: The oracle of the search.
        run: keras-tuner's server. It checks for the end every 20 seconds only. It runs until this
            process ends, and answers workers that come late.

    Raises:
        ConnectionError: If the server ends before the search does.
    """
    server = threading.Thread(target=run, daemon=True)
    oracle.is_over = oracle.is_exhausted()
    # If an earlier chief was killed at the very end, its workers do not know of the end yet.
    earliest_end = time.monotonic() + LATE_SECONDS * oracle.is_over
    server.start()
    while server.is_alive():
        all_know = not oracle.ongoing_trials and not oracle.tuner_ids
        if oracle.is_over and all_know and time.monotonic() > earliest_end:
            break
        time.sleep(IDLE_SECONDS)
    if not oracle.is_over:
        raise ConnectionError("The chief's server ended before the search did.")
