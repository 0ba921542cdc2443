"""Statistics of arrays of samples."""

import math
from typing import Any

import numpy as np

from kerasrecipes.diagnostics.record.data_facts import Values

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
    chosen = evenly_spaced(len(array), MOST_SAMPLES)
    flat = _entries(array, chosen)
    finite = np.isfinite(flat)
    table = flat.astype(np.float64)
    table[~finite] = np.nan
    clean = bool(finite.all())
    whole = array if array.size <= MOST_VALUES else flat
    numbers = whole[np.isfinite(whole)]
    seen = finite.any(axis=0)
    integers = bool(numbers.size) and bool((numbers == np.trunc(numbers)).all())
    classes = _classes(array if array.size <= MOST_VALUES else array[chosen], integers)
    return Values(
        shape,
        array.dtype.name,
        len(flat),
        minimum=_plain(numbers.min) if numbers.size else None,
        maximum=_plain(numbers.max) if numbers.size else None,
        mean=_plain(table[finite].mean) if numbers.size else None,
        std=_plain(table[finite].std) if numbers.size else None,
        finite_fraction=numbers.size / whole.size,
        integers=integers,
        distinct=_distinct(numbers),
        distinct_samples=len({row.tobytes() for row in np.ascontiguousarray(flat)}),
        row_sums=_row_sums(array, chosen),
        column_means=_each(np.mean if clean else np.nanmean, table[:, seen]),
        column_stds=_each(np.std if clean else np.nanstd, table[:, seen]),
        column_minima=_each(np.min if clean else np.nanmin, table[:, seen]),
        column_maxima=_each(np.max if clean else np.nanmax, table[:, seen]),
        class_counts=None if classes is None else tuple(np.bincount(classes).tolist()),
        same_neighbours=_same_neighbours(classes),
        rising=_rising(array) if math.prod(shape) == 1 else None,
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


def _entries(array: np.ndarray, chosen) -> np.ndarray:
    """Returns entries of some samples, `(samples, entries)`."""
    width = math.prod(array.shape[1:])
    if width <= MOST_COLUMNS:
        rows = array[chosen]
        return rows.reshape(len(rows), width)
    return array[_places(array.shape, chosen, array.shape[1:], MOST_COLUMNS)]


def _places(shape: tuple[int, ...], chosen, axes: tuple[int, ...], most: int) -> tuple:
    """Returns the indices of some samples, and of at most so many entries along some axes."""
    entries = np.arange(math.prod(axes))[evenly_spaced(math.prod(axes), most)]
    rows = np.arange(shape[0])[chosen]
    return rows[:, None], *(place[None] for place in np.unravel_index(entries, axes))


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
    number = len(np.unique(numbers[evenly_spaced(len(numbers), 200 * MOST_DISTINCT)]))
    return number if number <= MOST_DISTINCT else None


def _row_sums(array: np.ndarray, chosen) -> tuple[float, float] | None:
    """Returns the least and the greatest sum over the last axis, at some places of wide samples."""
    if array.ndim < 2:
        return None
    length = array.shape[-1]
    if array.ndim > 2:
        most = max(1, MOST_COLUMNS // length)
        vectors = array[_places(array.shape, chosen, array.shape[1:-1], most)]
    else:
        vectors = array[evenly_spaced(len(array), max(1, MOST_VALUES // length))]
    sums = vectors.sum(axis=-1, dtype=np.float64)
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


def _rising(array: np.ndarray) -> float | None:
    steps = np.diff(array.reshape(-1).astype(np.float64))
    steps = steps[np.isfinite(steps) & (steps != 0)]
    return float((steps > 0).mean()) if len(steps) >= 20 else None
