"""The median rule: whether a trial is clearly worse."""

import math
from collections.abc import Sequence

import numpy as np

LEAST_OTHERS = 5
# Before this share of its epochs no trial is judged.
GRACE_FRACTION = 1 / 3


def should_stop_early(
    curve: Sequence[float], others: Sequence[Sequence[float]], planned_epochs: int
) -> bool:
    """Tells whether a trial is worse than most others were.

    After `e` epochs, a trial is stopped if its best score so far is less than the median, over the
    other trials, of the best of their scores up to epoch `e`.

    Args:
        curve: Its scores so far, an epoch each, higher is better.
        others: The same of other trials of its rung. Those of fewer epochs do not count; fewer
            than five judge nobody.
        planned_epochs: How many epochs it is to have.

    Example:

    >>> others = [[0.5, 0.7, 0.8]] * 5
    >>> should_stop_early([0.4, 0.5], others, 3), should_stop_early([0.4, 0.75], others, 3)
    (True, False)

    Reference:
        Golovin et al., 2017, Google Vizier, https://doi.org/10.1145/3097983.3098043, appendix B.1.
        Differs from it in: the best of the others' scores so far, not their mean, which stops few.
    """
    epochs = len(curve)
    if epochs >= planned_epochs or epochs < max(1, math.ceil(GRACE_FRACTION * planned_epochs)):
        return False
    best = [max(other[:epochs]) for other in others if len(other) >= epochs]
    return len(best) >= LEAST_OTHERS and max(curve) < float(np.median(best))
