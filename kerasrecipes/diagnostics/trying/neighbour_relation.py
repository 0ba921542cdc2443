"""Whether targets have to do with inputs, without a model."""

import keras
import numpy as np

from kerasrecipes.diagnostics.facts.given import Given
from kerasrecipes.diagnostics.trying.subset import candidates, classes_of, usable

# With fewer samples, chance decides.
LEAST_SAMPLES = 100

_MOST_SAMPLES = 1_000
_MOST_FEATURES = 4_096


def relation(given: Given) -> float | None:
    """Returns how much more alike the targets of nearest neighbours are than by chance.

    It is a z-score: by chance, it is above 3 once in a thousand data sets. A low one proves
    nothing, as with texts, whose nearness their indices do not tell.

    Args:
        given: The data.

    Returns:
        Float; `None` if there are few samples, several inputs or outputs, or no classes or numbers.

    Example:

    >>> from kerasrecipes.diagnostics.facts.given import given_data
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> relation(given_data(x, x[:, 0] > 0)) > 3
    True
    """
    inputs, targets = (keras.tree.flatten(part) for part in (given.x, given.y))
    if len(inputs) != 1 or len(targets) != 1 or targets[0] is None:
        return None
    indices = [index for index in candidates(given) if usable(given, index)][:_MOST_SAMPLES]
    if len(indices) < LEAST_SAMPLES or inputs[0].dtype.kind not in "biuf":
        return None
    points = inputs[0][indices].reshape(len(indices), -1)[:, :_MOST_FEATURES].astype("float64")
    points = (points - points.mean(axis=0)) / (points.std(axis=0) + 1e-12)
    squares = (points**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * points @ points.T
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argmin(axis=1)
    classes = classes_of(given)
    if classes is not None:
        return _of_classes(classes[indices], nearest)
    values = targets[0][indices].reshape(len(indices), -1).astype("float64")
    if values.shape[1] > 1 or values.std() == 0:
        return None
    correlation = np.corrcoef(values[:, 0], values[nearest, 0])[0, 1]
    return float(correlation * np.sqrt(len(indices)))


def _of_classes(classes: np.ndarray, nearest: np.ndarray) -> float | None:
    _, counts = np.unique(classes, return_counts=True)
    chance = float(((counts / len(classes)) ** 2).sum())
    if chance >= 1:
        return None
    alike = float((classes == classes[nearest]).mean())
    return (alike - chance) / float(np.sqrt(chance * (1 - chance) / len(classes)))
