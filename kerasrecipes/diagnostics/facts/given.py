"""The data that a training was given, as arrays that can be looked at."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from kerasrecipes.diagnostics.facts.batches import first_batches


@dataclass(frozen=True)
class Given:
    """The data of a training; of batches, the first ones.

    Args:
        x: Inputs as the model takes them: an array, or a list or dictionary of arrays.
        y: Targets, likewise.
        sample_weight: Weights of samples, likewise.
        validation_x: Inputs of the validation set.
        validation_y: Targets of the validation set.
        batch_size: Samples a batch.
        steps_per_epoch: Batches an epoch.
        samples: The number of samples, also of those that are not in `x`.
        validation_samples: The number of validation samples, 0 if there are none.
        shuffled: Whether samples are shuffled before each epoch.
        source: As `Data.source` in a record.
        class_weights: Whether classes or samples are weighted.
        missing: Why something is not known, by the part of a record.
    """

    x: Any = None
    y: Any = None
    sample_weight: Any = None
    validation_x: Any = None
    validation_y: Any = None
    batch_size: int | None = None
    steps_per_epoch: int | None = None
    samples: int | None = None
    validation_samples: int | None = None
    shuffled: bool | None = None
    source: str = "unknown"
    class_weights: bool = False
    missing: dict[str, str] = field(default_factory=dict)


def given_data(
    x,
    y=None,
    *,
    validation_data=None,
    validation_split: float = 0.0,
    batch_size: int | None = None,
    shuffle: bool = True,
    class_weight=None,
    sample_weight=None,
    steps_per_epoch: int | None = None,
) -> Given:
    """Returns the data that `fit` is given by the same arguments. It never raises.

    Arrays stay as they are. Of a `tf.data.Dataset` or a `keras.utils.PyDataset`, the first batches
    are taken, up to 10,000 samples, from a copy, so that it yields the same batches as without.
    A generator is never consumed.

    Args:
        x: As in `keras.Model.fit`, and so are all others.
        y: Targets.
        validation_data: A tuple of arrays, or a data set.
        validation_split: Float in `[0, 1)`.
        batch_size: Positive integer; 32 by default.
        shuffle: Whether arrays are shuffled.
        class_weight: Weights of classes.
        sample_weight: Weights of samples.
        steps_per_epoch: Positive integer.

    Example:

    >>> given = given_data(np.zeros((100, 4)), np.zeros(100), validation_split=0.2)
    >>> given.samples, given.validation_samples, given.batch_size, given.steps_per_epoch
    (80, 20, 32, 3)
    """
    given = _part(x, y, sample_weight, batch_size, shuffle, steps_per_epoch)
    weighted = class_weight is not None or given.sample_weight is not None
    given = replace(given, class_weights=weighted)
    if validation_data is not None:
        return _with_validation(given, validation_data, batch_size)
    if validation_split and given.source == "arrays" and given.samples:
        return _split(given, validation_split, steps_per_epoch)
    return replace(given, validation_samples=0)


def _part(x, y, sample_weight, batch_size, shuffle, steps_per_epoch) -> Given:
    """Returns the data of one set."""
    if x is None:
        return Given(missing={"data.inputs": "There are no data."})
    if is_arrays(x):
        return _arrays(x, y, sample_weight, batch_size, shuffle, steps_per_epoch)
    found = first_batches(x)
    steps = steps_per_epoch or found.steps
    samples = found.samples
    if samples is None and found.batch_size and steps:
        samples = found.batch_size * steps
    return Given(
        found.x,
        found.y,
        found.sample_weight,
        batch_size=found.batch_size,
        steps_per_epoch=steps,
        samples=samples,
        shuffled=found.shuffled,
        source=found.source,
        missing={"data.inputs": found.reason} if found.reason else {},
    )


def _arrays(x, y, sample_weight, batch_size, shuffle, steps_per_epoch) -> Given:
    x, y, sample_weight = (as_arrays(part) for part in (x, y, sample_weight))
    lengths = {len(array) for array in keras.tree.flatten(x) if array.ndim}
    samples = min(lengths, default=0)
    size = batch_size or 32
    return Given(
        x,
        y,
        sample_weight,
        batch_size=size,
        steps_per_epoch=steps_per_epoch or math.ceil(samples / size),
        samples=samples,
        shuffled=bool(shuffle),
        source="arrays",
        missing={} if y is not None else {"outputs.targets": "There are no targets."},
    )


def _with_validation(given: Given, validation_data, batch_size) -> Given:
    if isinstance(validation_data, tuple | list):
        parts = [*validation_data, None, None][:3]
        found = _part(parts[0], parts[1], parts[2], batch_size, False, None)
    else:
        found = _part(validation_data, None, None, batch_size, False, None)
    missing = {f"data.validation_{name.partition('.')[2]}": v for name, v in found.missing.items()}
    return replace(
        given,
        validation_x=found.x,
        validation_y=found.y,
        validation_samples=found.samples,
        missing={**given.missing, **missing},
    )


def _split(given: Given, fraction: float, steps_per_epoch) -> Given:
    """Returns the data without the last ones, which are for validation, as `fit` splits them."""
    samples, batch_size = given.samples or 0, given.batch_size or 1
    at = math.floor(samples * (1 - fraction))

    def part(data, chosen: slice):
        return None if data is None else keras.tree.map_structure(lambda a: a[chosen], data)

    return replace(
        given,
        x=part(given.x, slice(at)),
        y=part(given.y, slice(at)),
        sample_weight=part(given.sample_weight, slice(at)),
        validation_x=part(given.x, slice(at, None)),
        validation_y=part(given.y, slice(at, None)),
        samples=at,
        validation_samples=samples - at,
        steps_per_epoch=steps_per_epoch or math.ceil(at / batch_size),
    )


def is_arrays(data) -> bool:
    """Returns whether data are an array, or a list, tuple or dictionary of arrays."""
    if isinstance(data, Mapping):
        return bool(data) and all(is_arrays(value) for value in data.values())
    if isinstance(data, list | tuple):
        return bool(data) and all(is_arrays(value) for value in data)
    return hasattr(data, "shape") and (hasattr(data, "dtype") or hasattr(data, "iloc"))


def as_arrays(data):
    """Returns data as NumPy arrays, in the same structure."""
    if data is None:
        return None
    if isinstance(data, Mapping):
        return {key: as_arrays(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [as_arrays(value) for value in data]
    if isinstance(data, np.ndarray) or hasattr(data, "iloc"):
        return np.asarray(data)
    return np.asarray(keras.ops.convert_to_numpy(data))
