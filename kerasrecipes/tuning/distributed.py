"""What part a process has in a search, by the environment variables that keras-tuner documents."""

import os

TUNER_ID = "KERASTUNER_TUNER_ID"
ORACLE_IP = "KERASTUNER_ORACLE_IP"
ORACLE_PORT = "KERASTUNER_ORACLE_PORT"


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
