"""Samples that occur more than once."""

import hashlib
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import keras
import numpy as np

from kerasrecipes.data.viewing.similar_images import look_alikes
from kerasrecipes.diagnostics.facts.given import Given
from kerasrecipes.diagnostics.facts.value_statistics import MOST_SAMPLES, evenly_spaced
from kerasrecipes.diagnostics.record.data_facts import Duplicates

# Of larger samples, so many entries are compared first, and all of them only where these are equal.
FIRST_ENTRIES = 1024


def duplicates(given: Given) -> Duplicates | None:
    """Returns how many samples occur more than once, `None` if there are none to compare.

    Args:
        given: The data, as `given_data` returns them. Of each set, 10,000 samples are compared.
    """
    training = _inputs(given.x)
    if training is None:
        return None
    validation = _inputs(given.validation_x)
    if validation is not None and not _alike(training, validation):
        validation = None
    number = len(training[0])
    digests = _digests(training, validation)
    own, others = digests[:number], digests[number:]
    known = set(own)
    facts = Duplicates(
        looked_at=number,
        training=number - len(known),
        contradicting=_contradicting(own, given.y),
    )
    if validation is None:
        return facts
    new = np.array([digest not in known for digest in others])
    near = look_alikes(training[0], validation[0]) if len(training) == 1 else None
    return replace(
        facts,
        shared=int((~new).sum()),
        near=None if near is None else int((near & new).sum()),
        validation_looked_at=len(others),
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


def _alike(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> bool:
    """Returns whether the samples of two sets can be equal."""
    return len(first) == len(second) and all(
        a.shape[1:] == b.shape[1:] for a, b in zip(first, second, strict=True)
    )


def _digests(training: list[np.ndarray], validation: list[np.ndarray] | None) -> list[bytes]:
    """Returns a digest of each sample, equal for equal ones: of training, then of validation."""
    sets = [training] if validation is None else [training, validation]
    types = [array.dtype for array in training]
    joined = [[a.astype(t, copy=False) for a, t in zip(s, types, strict=True)] for s in sets]
    widths = [math.prod(array.shape[1:]) for array in training]
    chosen = [evenly_spaced(width, FIRST_ENTRIES) for width in widths]
    digests = [d for arrays in joined for d in _of_samples(arrays, chosen)]
    if max(widths) <= FIRST_ENTRIES:
        return digests
    groups = defaultdict(list)
    for index, digest in enumerate(digests):
        groups[digest].append(index)
    number = len(training[0])
    for members in groups.values():
        for index in members if len(members) > 1 else ():
            arrays = joined[index >= number]
            row = index - number * (index >= number)
            (digests[index],) = _of_samples([a[row : row + 1] for a in arrays], None)
    return digests


def _of_samples(arrays: Sequence[np.ndarray], chosen) -> list[bytes]:
    """Returns a digest of each sample's chosen entries, or of all."""
    parts = []
    for index, array in enumerate(arrays):
        flat = array.reshape(len(array), -1)
        parts.append(np.ascontiguousarray(flat if chosen is None else flat[:, chosen[index]]))
    rows = zip(*parts, strict=True)
    return [hashlib.blake2b(b"".join(map(_bytes, row)), digest_size=16).digest() for row in rows]


def _bytes(entry: np.ndarray) -> bytes:
    return repr(entry.tolist()).encode() if entry.dtype == object else entry.tobytes()


def _contradicting(digests: list[bytes], y) -> int | None:
    """Returns how many samples equal another one with another label."""
    targets = _inputs(y)
    if targets is None or len(targets[0]) != len(digests):
        return None
    labels: dict[bytes, set[bytes]] = defaultdict(set)
    for digest, label in zip(digests, _of_samples(targets, None), strict=True):
        labels[digest].add(label)
    return sum(len(labels[digest]) > 1 for digest in digests)
