"""A worker's connection to a chief that may be killed and started again."""

import functools
import logging
import os
import socket
import time
from typing import Any

from kerasrecipes.tuning.keras_tuner.distributed import ORACLE_IP, ORACLE_PORT, TUNER_ID

# As long as keras-tuner's own client waits for a chief that was never there.
PATIENCE_SECONDS = 3600
RETRY_SECONDS = 1


class PatientClient:
    """keras-tuner's client of a chief, made to ask again where the chief is killed amid a request.

    That is safe: to a request that it has answered before, the oracle gives the same answer.

    Args:
        client: keras-tuner's client.
    """

    def __init__(self, client: Any):
        self._client = client
        try:
            address = os.environ[ORACLE_IP], int(os.environ[ORACLE_PORT])
            socket.create_connection(address, timeout=RETRY_SECONDS).close()
        except OSError:
            self._tell("There is no chief yet")

    def __getattr__(self, name: str):
        found = getattr(self._client, name)
        return functools.partial(self._ask, found) if callable(found) else found

    def _ask(self, request, *args, **kwargs):
        import grpc

        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return request(*args, **kwargs)
            except grpc.RpcError as error:
                away = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
                if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED or time.monotonic() > until:
                    raise ConnectionError(
                        f"No chief answers at {_address()}, for {PATIENCE_SECONDS // 60} minutes."
                    ) from None
                if error.code() not in away:
                    raise
                self._tell("The chief does not answer")
            time.sleep(RETRY_SECONDS)

    def _tell(self, what: str) -> None:
        worker = os.environ[TUNER_ID]
        logging.getLogger(__name__).warning("%s: %s at %s: waiting.", worker, what, _address())


def _address() -> str:
    return f"{os.environ[ORACLE_IP]}:{os.environ[ORACLE_PORT]}"
