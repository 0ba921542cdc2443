"""The first batches of a data set, taken so that its later ones stay as they are."""

import copy
import itertools
import random
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kerasrecipes.diagnostics.facts.tf_data_copies import copied_data_set

# What is taken of a data set: until one of these is reached.
MOST_SAMPLES = 10_000
MOST_BYTES = 2**28
MOST_SECONDS = 3.0


@dataclass(frozen=True)
class FirstBatches:
    """The first batches of a data set, put together.

    Args:
        source: As `Data.source` in a record.
        x: Inputs, as arrays; `None` if they could not be taken.
        y: Targets.
        sample_weight: Weights of samples.
        batch_size: Samples of the first batch.
        steps: The number of batches, if it is known.
        samples: The number of samples, if it is known.
        shuffled: Whether the data set shuffles samples, if that is known.
        reason: Why there are no batches.
    """

    source: str
    x: Any = None
    y: Any = None
    sample_weight: Any = None
    batch_size: int | None = None
    steps: int | None = None
    samples: int | None = None
    shuffled: bool | None = None
    reason: str = ""


def first_batches(data) -> FirstBatches:
    """Returns the first batches of a data set, up to 10,000 samples. It never raises."""
    try:
        if isinstance(data, keras.utils.PyDataset):
            return _of_py_dataset(data)
        tensorflow = sys.modules.get("tensorflow")  # Whoever has such a data set has imported it.
        if tensorflow is not None and isinstance(data, tensorflow.data.Dataset):
            copied = copied_data_set(data)
            steps = int(data.cardinality())
            return _together(
                "tf.data", copied.batches, steps if steps >= 0 else None, copied.shuffled
            )
    except Exception as error:  # What users' data sets raise is not known.
        source = "PyDataset" if isinstance(data, keras.utils.PyDataset) else "tf.data"
        return FirstBatches(source, reason=f"The first batches could not be read: {error}")
    if isinstance(data, Iterator):
        return FirstBatches("generator", reason="The data are a generator, which looking consumes.")
    return FirstBatches("unknown", reason=f"The data are a {type(data).__name__}.")


def _of_py_dataset(data) -> FirstBatches:
    steps = data.num_batches
    # Random generators that it holds are copied with it; arrays need not be.
    arrays = {id(array): array for array in vars(data).values() if isinstance(array, np.ndarray)}
    copied = copy.deepcopy(data, arrays)
    states = random.getstate(), np.random.get_state()
    try:
        indices = range(steps) if steps is not None else itertools.count()
        found = _together("PyDataset", (copied[index] for index in indices), steps)
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
    return found


def _together(source: str, batches: Iterable, steps, shuffled=None) -> FirstBatches:
    """Returns batches put together."""
    taken: list[tuple] = []
    samples, size, ended = 0, 0, True
    started = time.monotonic()
    for batch in batches:
        parts = batch if isinstance(batch, tuple) else (batch,)
        parts = keras.tree.map_structure(_array, (*parts, None, None)[:3])
        taken.append(parts)
        arrays = keras.tree.flatten(parts)
        samples += len(arrays[0])
        size += sum(array.nbytes for array in arrays if array is not None)
        slow = time.monotonic() - started > MOST_SECONDS
        if samples >= MOST_SAMPLES or size >= MOST_BYTES or slow:
            ended = steps == len(taken)
            break
    if not taken:
        return FirstBatches(source, steps=0, samples=0, reason="The data set is empty.")
    x, y, sample_weight = keras.tree.map_structure(lambda *parts: _joined(parts), *taken)
    return FirstBatches(
        source,
        x,
        y,
        sample_weight,
        batch_size=len(keras.tree.flatten(taken[0])[0]),
        steps=len(taken) if ended else steps,
        samples=samples if ended else None,
        shuffled=shuffled,
    )


def _array(part):
    return None if part is None else np.asarray(keras.ops.convert_to_numpy(part))


def _joined(parts: tuple):
    if parts[0] is None:
        return None
    shape = parts[0].shape[1:]
    return np.concatenate([part for part in parts if part.shape[1:] == shape])
