"""Statistics of arrays of samples."""

import math
from typing import Any

import numpy as np

from kerasrecipes.diagnostics.record import Values

# Of larger arrays, so many samples are looked at, and so many entries of each, evenly spaced.
MOST_SAMPLES = 10_000
MOST_COLUMNS = 256

# Of arrays of at most so many values, each value is read for the extremes and the classes.
MOST_VALUES = 4_000_000

# More distinct values than that are no classes, and are not counted.
MOST_DISTINCT = 1000


def value_facts(array) -> Values:
    """Returns statistics of an array whose first axis counts samples.

    Args:
        array: Array of numbers or booleans; of others, only the shape is told. Of a large one,
            10,000 samples are looked at, evenly spaced, and 256 entries of each.

    Example:

    >>> facts = value_facts(np.array([0, 2, 2, 1]))
    >>> facts.minimum, facts.maximum, facts.integers, facts.class_counts
    (0.0, 2.0, True, (1, 1, 2))
    """
    array = _numbers(np.atleast_1d(array))
    shape = tuple(map(int, array.shape[1:]))
    if array.dtype.kind not in "fiu" or not array.size:
        return Values(shape, array.dtype.name, len(array))
    rows = array[evenly_spaced(len(array), MOST_SAMPLES)]
    flat = _columns(rows)
    finite = np.isfinite(flat)
    table = np.where(finite, flat, np.nan).astype(np.float64)
    whole = array if array.size <= MOST_VALUES else flat
    numbers = whole[np.isfinite(whole)]
    seen = finite.any(axis=0)
    integers = bool(numbers.size) and bool((numbers == np.trunc(numbers)).all())
    classes = _classes(array if array.size <= MOST_VALUES else rows, integers)
    return Values(
        shape,
        array.dtype.name,
        len(rows),
        minimum=_plain(numbers.min) if numbers.size else None,
        maximum=_plain(numbers.max) if numbers.size else None,
        mean=_plain(lambda: np.nanmean(table)) if finite.any() else None,
        std=_plain(lambda: np.nanstd(table)) if finite.any() else None,
        finite_fraction=numbers.size / whole.size,
        integers=integers,
        distinct=_distinct(table[finite]),
        distinct_samples=len({row.tobytes() for row in np.ascontiguousarray(flat)}),
        row_sums=_row_sums(rows),
        column_means=_each(np.nanmean, table[:, seen]),
        column_stds=_each(np.nanstd, table[:, seen]),
        column_minima=_each(np.nanmin, table[:, seen]),
        column_maxima=_each(np.nanmax, table[:, seen]),
        class_counts=None if classes is None else tuple(np.bincount(classes).tolist()),
        same_neighbours=_same_neighbours(classes),
    )


def evenly_spaced(number: int, most: int) -> slice | np.ndarray:
    """Returns what chooses at most `most` of `number` entries, evenly spaced, in their order."""
    if number <= most:
        return slice(None)
    return np.linspace(0, number - 1, most).astype(np.int64)


def _numbers(array: np.ndarray) -> np.ndarray:
    """Returns an array of numbers as NumPy knows them, where it can be read as one."""
    if array.dtype.kind == "b":
        return array.astype(np.uint8)
    if array.dtype.kind == "O":
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            return array
    if array.dtype.kind == "V":  # Such as bfloat16, which is no number to NumPy.
        return array.astype(np.float32) if array.dtype.names is None else array
    return array


def _columns(rows: np.ndarray) -> np.ndarray:
    """Returns entries of samples, `(samples, entries)`."""
    width = math.prod(rows.shape[1:])
    chosen = evenly_spaced(width, MOST_COLUMNS)
    return rows.reshape(len(rows), width)[:, chosen]


def _plain(statistic) -> float | None:
    with np.errstate(over="ignore", invalid="ignore"):
        value = float(statistic())
    return value if math.isfinite(value) else None


def _each(statistic, table: np.ndarray) -> tuple[float, ...]:
    if not table.size:
        return ()
    with np.errstate(over="ignore", invalid="ignore"):
        values: Any = statistic(table, axis=0).tolist()
    return tuple(values)


def _distinct(numbers: np.ndarray) -> int | None:
    """Returns the number of distinct values, `None` if they are many."""
    if len(np.unique(numbers[: 20 * MOST_DISTINCT])) > MOST_DISTINCT:
        return None
    number = len(np.unique(numbers))
    return number if number <= MOST_DISTINCT else None


def _row_sums(rows: np.ndarray) -> tuple[float, float] | None:
    """Returns the least and the greatest sum over the last axis, of a part of wide samples."""
    if rows.ndim < 2 or not rows.size:
        return None
    vectors = rows.reshape(-1, rows.shape[-1])
    sums = vectors[evenly_spaced(len(vectors), max(1, MOST_VALUES // rows.shape[-1]))].sum(
        axis=-1, dtype=np.float64
    )
    sums = sums[np.isfinite(sums)]
    return (float(sums.min()), float(sums.max())) if sums.size else None


def _classes(array: np.ndarray, integers: bool) -> np.ndarray | None:
    """Returns the class of each sample, if there is one."""
    if not integers:
        return None
    if array.ndim == 1 or array.shape[1:] == (1,):
        labels = array.reshape(-1)
        if not np.isfinite(labels).all() or labels.min() < 0 or labels.max() > MOST_DISTINCT:
            return None
        return labels.astype(np.int64)
    if array.ndim > 2 or array.min() < 0 or array.max() != 1:
        return None
    return array.argmax(axis=1) if (array.sum(axis=1) == 1).all() else None


def _same_neighbours(classes: np.ndarray | None) -> float | None:
    if classes is None or len(classes) < 2:
        return None
    return float((classes[1:] == classes[:-1]).mean())
