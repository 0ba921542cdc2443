"""Logged quantities that callbacks monitor."""

from collections.abc import Mapping

from kerasrecipes.base.checks import nearest

# Parts of the names of quantities that are better when they are smaller.
_SMALLER_IS_BETTER = ("loss", "error", "crossentropy", "divergence")


def monitored_value(monitor: str, logs: Mapping | None) -> float:
    """Returns the logged value of `monitor`.

    Raises:
        ValueError: If it is not logged. The message names the nearest quantity.
    """
    logs = logs or {}
    if monitor not in logs:
        raise ValueError(
            f"`monitor` must be one of {', '.join(sorted(logs))}."
            f"{nearest(monitor, logs)} Received: monitor={monitor!r}"
        )
    return float(logs[monitor])


def smaller_is_better(monitor: str) -> bool:
    """Returns whether a quantity of this name is better when it is smaller."""
    return any(part in monitor for part in _SMALLER_IS_BETTER)
