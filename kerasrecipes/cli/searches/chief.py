"""The address at which keras-tuner's chief answers its workers."""

import os
import socket

from kerasrecipes.tuning.keras_tuner.distributed import ORACLE_IP, ORACLE_PORT


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
