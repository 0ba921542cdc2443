"""Rungs of a search: numbers of trials and their epochs."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kerasrecipes.base.checks import check_integer

# The budget of a search that is told only how long it may take, in whole trials.
MOST_TRIALS = 100

_FORM = re.compile(r"\s*(\d+)\s*[xX×]\s*(\d+)\s*")


@dataclass(frozen=True)
class Rung:
    """One rung of a search: a number of trials, and the length at which each is scored.

    Args:
        trials: Positive integer. The budget of the rung is that of so many whole trials. It has
            more trials if some cost less, because they stopped early or continued a trial of the
            rung before.
        epochs: Positive integer. The length of each trial, in epochs. Where a trial continues one
            of the rung before, the epochs of that one are included.

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
        """How many epochs all trials of the rung may train together."""
        return self.trials * self.epochs


def rungs_of(given: "str | Iterable[Rung | tuple[int, int]]") -> tuple[Rung, ...]:
    """Returns rungs that are given as text, as pairs or as `Rung`s.

    Args:
        given: `"20x2,8x8,3x30"` (trials x epochs), pairs `(trials, epochs)`, or `Rung`s.

    Raises:
        ValueError: If there is no rung, one has another form, or one does not have more epochs than
            the rung before it.

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


def longer_of(first: Sequence[Rung], second: Sequence[Rung]) -> tuple[Rung, ...] | None:
    """Returns those of two searches' rungs that go on from the others; `None` if neither does.

    Rungs go on from others if they have all of them, none with fewer trials, and maybe longer ones
    after them.

    Example:

    >>> shown = lambda first, second: longer_of(rungs_of(first), rungs_of(second))
    >>> ",".join(map(str, shown("4x1,2x2", "4x1,3x2,1x9")))
    '4x1,3x2,1x9'
    >>> shown("4x1,2x2", "4x1,3x4") is None
    True
    """
    shorter, longer = sorted((tuple(first), tuple(second)), key=_total_trials)
    goes_on = len(longer) >= len(shorter) and all(
        rung.epochs == before.epochs and rung.trials >= before.trials
        for rung, before in zip(longer, shorter, strict=False)
    )
    return longer if goes_on else None


def usual_rungs(trials: int, epochs: int) -> tuple[Rung, ...]:
    """Returns rungs that cost no more than `trials` trials of `epochs` epochs each.

    The last rung gets two thirds of the trials. The remaining budget goes to a first rung of trials
    of a third of the length. If that length is less than one epoch, or no budget remains, all
    trials have the whole length.

    Example:

    >>> ",".join(map(str, usual_rungs(20, 27)))
    '21x9,13x27'
    """
    check_integer("trials", trials, at_least=1)
    check_integer("epochs", epochs, at_least=1)
    third, whole = epochs // 3, max(1, round(2 * trials / 3))
    short = (trials - whole) * epochs // third if third else 0
    return (Rung(short, third), Rung(whole, epochs)) if short else (Rung(trials, epochs),)


def rungs_or_usual(
    given: "str | Iterable[Rung | tuple[int, int]] | None", minutes: float | None, epochs: int
) -> tuple[Rung, ...]:
    """Returns rungs as `rungs_of` does; where only a time is given, the most that may fit into it.

    Args:
        given: The rungs, or `None`.
        minutes: The time of the search, or `None`.
        epochs: The length of the longest trials, if no rungs are given.

    Raises:
        ValueError: If neither rungs nor a time are given, or the rungs are none.
    """
    if given is not None:
        return rungs_of(given)
    if minutes is None:
        raise ValueError("`rungs` may be left out only if `minutes` says how long to search.")
    return usual_rungs(MOST_TRIALS, epochs)


def rungs_given(max_trials: int | None, epochs: int | None) -> tuple[Rung, ...] | None:
    """Returns the rungs that follow from what a tuner and its `search` are given.

    Args:
        max_trials: The budget of a tuner; `None` if it has its rungs.
        epochs: The length of the longest trials; `None` if the tuner has its rungs.

    Returns:
        The rungs; `None` if the tuner has them.

    Raises:
        ValueError: If `epochs` is missing, or is given although the tuner has its rungs.
    """
    if max_trials is not None:
        if epochs is None:
            raise ValueError(
                "`search` needs `epochs`, the length of the longest trials, because the tuner was "
                "given `max_trials`."
            )
        return usual_rungs(max_trials, epochs)
    if epochs is not None:
        raise ValueError(
            "`epochs` must be left out, because the tuner was given `rungs`. "
            f"Received: epochs={epochs!r}"
        )
    return None


def _total_trials(rungs: Sequence[Rung]) -> int:
    return sum(rung.trials for rung in rungs)


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
