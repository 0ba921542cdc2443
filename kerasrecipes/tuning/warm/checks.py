"""Checks of what a search is told before its first trial."""

from collections.abc import Sequence

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.tuning.rungs import Rung


def check_stops(patience: object, target: object, minutes: object) -> None:
    """Raises an error if one of the options that end a search early is out of range."""
    if patience is not None:
        check_integer("patience", patience, at_least=1)
    if target is not None:
        check_number("target", target)
    if minutes is not None:
        check_number("minutes", minutes)
        if not isinstance(minutes, int | float) or minutes <= 0:
            raise ValueError(f"`minutes` must be greater than 0. Received: minutes={minutes!r}")


def check_room(enqueued: Sequence, rungs: Sequence[Rung] | None) -> None:
    """Raises a `ValueError` if the first rung has fewer trials than there are values to try."""
    if rungs and len(enqueued) > rungs[0].trials:
        raise ValueError(
            f"The first rung has {rungs[0].trials} trials, fewer than the {len(enqueued)} values "
            f"to try first. Give it more trials, or enqueue fewer. Received: rung {rungs[0]}"
        )
