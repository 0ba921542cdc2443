"""Few samples of many, for short trainings."""

import operator
from collections.abc import Iterator

import keras
import numpy as np

from kerasrecipes.diagnostics.facts.given import Given

# A model that can learn, learns so many by heart in a hundred steps.
SAMPLES = 20

# Samples are chosen among so many, evenly spaced.
_CANDIDATES = 2_000


def batch_of(given: Given, indices) -> tuple:
    """Returns samples as a batch `(x, y)`, or `(x,)` where there are no targets."""
    parts = (given.x,) if given.y is None else (given.x, given.y)
    return keras.tree.map_structure(operator.itemgetter(indices), parts)


def subset_of(given: Given, size: int, seed: int) -> np.ndarray:
    """Returns indices of few distinct samples without NaN, of all classes alike.

    Args:
        given: The data.
        size: Positive integer. There may be fewer.
        seed: Non-negative integer.
    """
    order = np.random.default_rng(seed).permutation(candidates(given))
    finite = [index for index in order if usable(given, index)] or [*order]
    distinct = _distinct(given, finite)
    classes = classes_of(given)
    if classes is None:
        return np.array(distinct[:size])
    queues: dict = {}
    for index in distinct:
        queues.setdefault(classes[index], []).append(index)
    # The first of each class, the second of each class, ...
    ranked = sorted((k, n) for queue in queues.values() for k, n in enumerate(queue))
    places = {index: place for place, index in enumerate(distinct)}
    ranked.sort(key=lambda entry: (entry[0], places[entry[1]]))
    return np.array([index for _, index in ranked[:size]])


def batches_of(given: Given, size: int, steps: int, seed: int) -> Iterator[np.ndarray]:
    """Yields indices of batches, each sample once before one comes again.

    Args:
        given: The data.
        size: The number of samples in each batch.
        steps: The number of batches.
        seed: Non-negative integer.
    """
    generator = np.random.default_rng(seed)
    finite = [index for index in candidates(given) if usable(given, index)]
    finite = finite or [*candidates(given)]
    left: list = []
    for _ in range(steps):
        while len(left) < size:
            left += [*generator.permutation(finite)]
        yield np.array(left[:size])
        left = left[size:]


def candidates(given: Given) -> np.ndarray:
    """Returns indices of at most 2,000 samples, evenly spaced."""
    length = min(len(array) for array in _arrays(given))
    return np.unique(np.linspace(0, length - 1, min(length, _CANDIDATES)).astype(int))


def _arrays(given: Given) -> list[np.ndarray]:
    return [a for a in keras.tree.flatten((given.x, given.y)) if a is not None]


def usable(given: Given, index: int) -> bool:
    """Returns whether all numbers of a sample are finite."""
    numbers = (array[index] for array in _arrays(given) if array.dtype.kind in "fc")
    return all(np.isfinite(values).all() for values in numbers)


def _distinct(given: Given, indices: list) -> list:
    seen: dict = {}
    for index in indices:
        key = tuple(np.asarray(array[index]).tobytes() for array in keras.tree.flatten(given.x))
        seen.setdefault(key, index)
    return [*seen.values()]


def classes_of(given: Given) -> np.ndarray | None:
    """Returns each sample's class, if the first targets are classes."""
    targets = keras.tree.flatten(given.y)
    if not targets or targets[0] is None:
        return None
    first = targets[0]
    if first.ndim == 2 and first.shape[-1] > 1:
        return first.argmax(axis=-1)
    if first.ndim > 2 or first.dtype.kind not in "biuf":
        return None
    flat = first.reshape(-1)
    return flat if len(np.unique(flat[candidates(given)])) <= SAMPLES else None
