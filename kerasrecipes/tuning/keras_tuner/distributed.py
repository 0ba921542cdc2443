"""What part a process has in a search, by environment variables."""

import os

TUNER_ID = "KERASTUNER_TUNER_ID"
ORACLE_IP = "KERASTUNER_ORACLE_IP"
ORACLE_PORT = "KERASTUNER_ORACLE_PORT"
# The workers that a chief has, by their ids; ours.
WORKERS = "KERASRECIPES_WORKERS"


def role() -> str:
    """Returns `"alone"`, `"chief"` or `"worker"`.

    Raises:
        ValueError: If some of the variables are set and others are not.
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


def is_known(worker: str) -> bool:
    """Returns whether a worker is one of those that the chief has, or may be one."""
    given = os.environ.get(WORKERS)
    return given is None or worker in given.split(",")
