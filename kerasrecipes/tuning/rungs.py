"""Stages of a search: how many trials, of how many epochs."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kerasrecipes.base.checks import check_integer

_FORM = re.compile(r"\s*(\d+)\s*[xX×]\s*(\d+)\s*")


@dataclass(frozen=True)
class Stage:
    """One stage of a search: its trials, and the epochs after which each is scored.

    Args:
        trials: Positive integer. Trials that start anew; a stage whose trials cost less than
            planned, because they were stopped or went on from an earlier stage, has more.
        epochs: Positive integer. Epochs of a trial, those of the stages before it included.

    Example:

    >>> Stage(20, 2).budget_epochs
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
        """The epochs that the whole stage may train."""
        return self.trials * self.epochs


def stages_of(given: "str | Iterable[Stage | tuple[int, int]]") -> tuple[Stage, ...]:
    """Returns stages from what a user gives: `"20x2,8x8,3x30"`, pairs, or stages.

    Raises:
        ValueError: If there is none, one cannot be read, or a stage has no more epochs than the
            one before it.

    Example:

    >>> [str(stage) for stage in stages_of("20x2, 8x8")]
    ['20x2', '8x8']
    """
    stages = tuple(map(_stage, given.split(",") if isinstance(given, str) else given))
    if not stages:
        raise ValueError(f"`stages` must be at least one, such as '20x2'. Received: {given!r}")
    for before, after in zip(stages, stages[1:], strict=False):
        if after.epochs <= before.epochs:
            raise ValueError(
                "Each stage must have more epochs than the one before it, such as "
                f"'20x2,8x8,3x30'. Received: {before} before {after}"
            )
    return stages


def usual_stages(trials: int, epochs: int) -> tuple[Stage, ...]:
    """Returns stages that cost no more than `trials` of `epochs` each.

    Two thirds of the epochs go to whole trials, the rest to trials of a third of the length; where
    that is no whole epoch, or nothing is left, all of them to whole ones.

    Example:

    >>> ",".join(map(str, usual_stages(20, 27)))
    '21x9,13x27'
    """
    check_integer("trials", trials, at_least=1)
    check_integer("epochs", epochs, at_least=1)
    short, fine = epochs // 3, max(1, round(2 * trials / 3))
    coarse = (trials - fine) * epochs // short if short else 0
    return (Stage(coarse, short), Stage(fine, epochs)) if coarse else (Stage(trials, epochs),)


def _stage(given) -> Stage:
    if isinstance(given, Stage):
        return given
    if isinstance(given, str):
        match = _FORM.fullmatch(given)
        if match is None:
            raise ValueError(
                "A stage must be trials x epochs, such as '20x2'; several are separated by commas. "
                f"Received: {given!r}"
            )
        return Stage(int(match[1]), int(match[2]))
    if isinstance(given, tuple | list) and len(given) == 2:
        return Stage(*given)
    raise TypeError(f"A stage must be a pair (trials, epochs) or '20x2'. Received: {given!r}")
