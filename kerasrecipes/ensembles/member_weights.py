"""Weights of an ensemble's members, chosen on validation by the log loss of their mean."""

from collections.abc import Sequence

import numpy as np

from kerasrecipes.base.checks import check_integer
from kerasrecipes.metrics.calibration.checked_probabilities import checked

# A member below this weight changes no probability that one would notice, but costs its pass.
SMALLEST = 1e-3

# What float32 rounds to 0 counts as its rounding of 1, as in `log_loss`.
_EPSILON = float(np.finfo("float32").eps)


def fitted_weights(labels: np.ndarray, probabilities: Sequence[np.ndarray]) -> np.ndarray:
    """Returns the weights whose mean probabilities have the lowest log loss.

    They are non-negative and add up to 1. The loss is convex in them, so that there is one minimum.
    Weights below 0.001 become 0. Fit them on validation; with few images, equal weights are the
    safer choice.

    Args:
        labels: Integers of shape `(samples,)`.
        probabilities: An array `(samples, classes)` for each member, of the same samples.

    Returns:
        float64 array of shape `(members,)`.

    Raises:
        ValueError: If there are no members, or rows are no distributions.

    Example:

    >>> good, bad = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.5, 0.5], [0.5, 0.5]])
    >>> fitted_weights(np.array([0, 1]), [good, bad]).tolist()
    [1.0, 0.0]

    Reference:
        Breiman, 1996, Stacked regressions, https://doi.org/10.1007/BF00117832, for the weights'
        constraint. Differs from it in: log loss, not squared error.
    """
    from scipy.optimize import minimize  # A slow import.

    true = _of_true_class(labels, probabilities)
    count = true.shape[-1]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        mean = true @ weights
        return -float(np.log(mean).mean()), -(true / mean[:, None]).mean(0)

    found = minimize(
        loss,
        np.full(count, 1 / count),
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like},
        options={"ftol": 1e-12, "maxiter": 1000},
    ).x
    kept = np.where(found < SMALLEST, 0.0, found)
    return kept / kept.sum()


def greedy_weights(
    labels: np.ndarray, probabilities: Sequence[np.ndarray], rounds: int = 50
) -> np.ndarray:
    """Returns weights from greedy selection: members are added one by one, also repeatedly.

    Each round adds the member with which the mean of all added so far has the lowest log loss. The
    weights are the counts of the round with the lowest loss of all. Few of many members are chosen,
    and the mean is hardly fitted to validation, which makes it the choice for libraries of many
    runs.

    Args:
        labels: As in `fitted_weights`.
        probabilities: Likewise.
        rounds: Positive integer. How many members are added.

    Returns:
        float64 array of shape `(members,)`, which adds up to 1.

    Raises:
        ValueError: If there are no members, or rows are no distributions.

    Example:

    >>> one, other = np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([[0.4, 0.6], [0.1, 0.9]])
    >>> greedy_weights(np.array([0, 1]), [one, other, one]).tolist()
    [0.5, 0.5, 0.0]

    Reference:
        Caruana et al., 2004, https://doi.org/10.1145/1015330.1015432, section 2.1. Differs from it
        in: it starts from no member, and adds no bagging.
    """
    check_integer("rounds", rounds, at_least=1)
    true = _of_true_class(labels, probabilities)
    counts, total = np.zeros(true.shape[-1]), np.zeros(len(true))
    best, best_loss = counts, np.inf
    for size in range(1, rounds + 1):
        losses = -np.log((total[:, None] + true) / size).mean(0)
        chosen = int(np.argmin(losses))
        counts = counts + (np.arange(len(counts)) == chosen)
        total = total + true[:, chosen]
        # Rounding must not make a larger ensemble of what is equally good.
        if losses[chosen] < best_loss - 1e-12:
            best, best_loss = counts, losses[chosen]
    return best / best.sum()


def _of_true_class(labels: np.ndarray, probabilities: Sequence[np.ndarray]) -> np.ndarray:
    """Returns each member's probability of the true class, `(samples, members)`."""
    if not len(probabilities):
        raise ValueError("There must be members to weight. Received: none")
    members = [checked(labels, of_member) for of_member in probabilities]
    shapes = {member.probabilities.shape for member in members}
    if len(shapes) > 1:
        raise ValueError(
            f"The members must predict the same samples and classes. Received: {sorted(shapes)}"
        )
    places = np.arange(len(members[0].labels))
    columns = [member.probabilities[places, member.labels] for member in members]
    return np.clip(np.stack(columns, axis=-1), _EPSILON, 1)
