"""Rungs of a search: how many trials, of how many epochs."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kerasrecipes.base.checks import check_integer

_FORM = re.compile(r"\s*(\d+)\s*[xX×]\s*(\d+)\s*")


@dataclass(frozen=True)
class Rung:
    """One rung of a search: its trials, and the epochs after which each is scored.

    Args:
        trials: Positive integer. Trials that start anew; a rung whose trials cost less than
            planned, because they were stopped or went on from an earlier rung, has more.
        epochs: Positive integer. Epochs of a trial, those of the rungs before it included.

    Example:

    >>> Rung(20, 2).budget_epochs
    40
    """

    trials: int
    epochs: int

    def __post_init__(self):
        check_integer("trials", self.trials, at_least=1)
        check_integer("epochs", self.epochs, at_least=1)

    def __str__(self):
        return f"{self.trials}x{self.epochs}"

    @property
    def budget_epochs(self) -> int:
        """The epochs that the whole rung may train."""
        return self.trials * self.epochs


def rungs_of(given: "str | Iterable[Rung | tuple[int, int]]") -> tuple[Rung, ...]:
    """Returns rungs from what a user gives: `"20x2,8x8,3x30"`, pairs, or rungs.

    Raises:
        ValueError: If there is none, one cannot be read, or a rung has no more epochs than the
            one before it.

    Example:

    >>> [str(rung) for rung in rungs_of("20x2, 8x8")]
    ['20x2', '8x8']
    """
    rungs = tuple(map(_rung, given.split(",") if isinstance(given, str) else given))
    if not rungs:
        raise ValueError(f"`rungs` must be at least one, such as '20x2'. Received: {given!r}")
    for before, after in zip(rungs, rungs[1:], strict=False):
        if after.epochs <= before.epochs:
            raise ValueError(
                "Each rung must have more epochs than the one before it, such as "
                f"'20x2,8x8,3x30'. Received: {before} before {after}"
            )
    return rungs


def usual_rungs(trials: int, epochs: int) -> tuple[Rung, ...]:
    """Returns rungs that cost no more than `trials` of `epochs` each.

    Two thirds of the epochs go to whole trials, the rest to trials of a third of the length; where
    that is no whole epoch, or nothing is left, all of them to whole ones.

    Example:

    >>> ",".join(map(str, usual_rungs(20, 27)))
    '21x9,13x27'
    """
    check_integer("trials", trials, at_least=1)
    check_integer("epochs", epochs, at_least=1)
    short, fine = epochs // 3, max(1, round(2 * trials / 3))
    coarse = (trials - fine) * epochs // short if short else 0
    return (Rung(coarse, short), Rung(fine, epochs)) if coarse else (Rung(trials, epochs),)


def _rung(given) -> Rung:
    if isinstance(given, Rung):
        return given
    if isinstance(given, str):
        match = _FORM.fullmatch(given)
        if match is None:
            raise ValueError(
                "A rung must be trials x epochs, such as '20x2'; several are separated by commas. "
                f"Received: {given!r}"
            )
        return Rung(int(match[1]), int(match[2]))
    if isinstance(given, tuple | list) and len(given) == 2:
        return Rung(*given)
    raise TypeError(f"A rung must be a pair (trials, epochs) or '20x2'. Received: {given!r}")
