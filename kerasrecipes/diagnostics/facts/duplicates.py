"""Samples that occur more than once."""

import hashlib
from collections.abc import Sequence

import keras
import numpy as np

from kerasrecipes.diagnostics.facts.given import Given
from kerasrecipes.diagnostics.facts.value_statistics import MOST_SAMPLES, evenly_spaced
from kerasrecipes.diagnostics.record import Duplicates


def duplicates(given: Given) -> Duplicates | None:
    """Returns how many samples occur more than once, `None` if there are none to compare.

    Args:
        given: The data, as `given_data` returns them. Of each set, 10,000 samples are compared.
    """
    training = _inputs(given.x)
    if training is None:
        return None
    own = _digests(training)
    first: dict[bytes, int] = {}
    repeated = sum(first.setdefault(digest, index) != index for index, digest in enumerate(own))
    contradicting = _contradicting(own, given.y)
    validation = _inputs(given.validation_x)
    if validation is None:
        return Duplicates(len(own), repeated, contradicting=contradicting)
    others = _digests(validation)
    shared = sum(digest in first for digest in others)
    return Duplicates(
        len(own),
        repeated,
        shared,
        _near(training, validation, [digest not in first for digest in others]),
        len(others),
        contradicting,
    )


def _inputs(structure) -> list[np.ndarray] | None:
    """Returns the samples of each input that are compared."""
    if structure is None:
        return None
    arrays = [array for array in keras.tree.flatten(structure) if array is not None]
    if not arrays or any(not array.ndim or not len(array) for array in arrays):
        return None
    length = min(map(len, arrays))
    return [array[:length][evenly_spaced(length, MOST_SAMPLES)] for array in arrays]


def _digests(arrays: Sequence[np.ndarray]) -> list[bytes]:
    rows = zip(*(np.ascontiguousarray(array) for array in arrays), strict=True)
    return [hashlib.blake2b(b"".join(map(_bytes, row)), digest_size=16).digest() for row in rows]


def _bytes(entry) -> bytes:
    return repr(entry).encode() if entry.dtype == object else entry.tobytes()


def _contradicting(digests: list[bytes], y) -> int | None:
    """Returns how many samples equal another one with another label."""
    targets = _inputs(y)
    if targets is None or len(targets[0]) != len(digests):
        return None
    labels: dict[bytes, set[bytes]] = {}
    for digest, label in zip(digests, _digests(targets), strict=True):
        labels.setdefault(digest, set()).add(label)
    return sum(len(labels[digest]) > 1 for digest in digests)


def _near(training, validation, others: list[bool]) -> int | None:
    return None
