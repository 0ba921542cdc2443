"""Median rule for stopping a trial early."""

import math
from collections.abc import Sequence

import numpy as np

# A trial is compared with at least this many others.
MIN_OTHERS = 5
# No trial is stopped before this share of its epochs.
GRACE_FRACTION = 1 / 3


def should_stop_early(
    curve: Sequence[float], others: Sequence[Sequence[float]], planned_epochs: int
) -> bool:
    """Returns whether a trial is worse than most other trials were after as many epochs.

    After `e` epochs, a trial should stop if its best score so far is less than the median, over the
    other trials, of their best scores up to epoch `e`.

    Args:
        curve: The trial's score after each epoch so far; higher is better.
        others: The curves of the other trials of its rung. Only curves that are at least as long as
            `curve` count; if there are fewer than five of them, no trial is stopped.
        planned_epochs: The planned length of the trial, in epochs.

    Example:

    >>> others = [[0.5, 0.7, 0.8]] * 5
    >>> should_stop_early([0.4, 0.5], others, 3), should_stop_early([0.4, 0.75], others, 3)
    (True, False)

    Reference:
        Golovin et al., 2017, Google Vizier, https://doi.org/10.1145/3097983.3098043, appendix B.1.
        Differs from it in: the median is one of the others' best scores so far. Vizier takes the
        mean of their scores so far, which stops few trials.
    """
    epochs = len(curve)
    if epochs >= planned_epochs or epochs < max(1, math.ceil(GRACE_FRACTION * planned_epochs)):
        return False
    best = [max(other[:epochs]) for other in others if len(other) >= epochs]
    return len(best) >= MIN_OTHERS and max(curve) < float(np.median(best))
