"""State of a model between training steps, as NumPy arrays and as bytes."""

import math
from collections.abc import Sequence

import keras
import ml_dtypes
import numpy as np


def state_variables(model: keras.Model) -> list:
    """Returns a model's weights and the states of its seed generators, but not its metrics."""
    metrics = {id(v) for v in model.metrics_variables}
    return [v for v in model.variables if id(v) not in metrics]


def to_arrays(variables: Sequence) -> list[np.ndarray]:
    """Returns copies of the values of variables."""
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def assign(variables: Sequence, arrays: Sequence[np.ndarray]) -> None:
    """Gives variables the values of arrays, in order."""
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def pack(arrays: Sequence[np.ndarray]) -> tuple[list, np.ndarray]:
    """Returns the types and shapes of arrays, and all their bytes as one uint8 array.

    NumPy's own files need a tenth of a millisecond for each array, and lose the type bfloat16.
    """
    layout = [[array.dtype.name, array.shape] for array in arrays]
    return layout, np.frombuffer(b"".join(a.tobytes() for a in arrays), "uint8")


def unpack(layout: Sequence, data: np.ndarray) -> list[np.ndarray]:
    """Returns the arrays that `pack` has packed."""
    arrays, start = [], 0
    for name, shape in layout:
        dtype = np.dtype(getattr(ml_dtypes, name, name))
        end = start + dtype.itemsize * math.prod(shape)
        arrays.append(data[start:end].view(dtype).reshape(shape))
        start = end
    return arrays
