"""What a model carries from step to step, read and written as NumPy arrays."""

from collections.abc import Sequence

import keras
import ml_dtypes
import numpy as np


def state_variables(model: keras.Model) -> list:
    """Returns a model's weights and the states of its seed generators, without its metrics."""
    metrics = {id(v) for v in model.metrics_variables}
    return [v for v in model.variables if id(v) not in metrics]


def to_arrays(variables: Sequence) -> list[np.ndarray]:
    """Returns copies of the values of variables."""
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def assign(variables: Sequence, arrays: Sequence[np.ndarray]) -> None:
    """Gives variables the values of arrays, in order."""
    for variable, array in zip(variables, arrays, strict=True):
        # NumPy's files know no bfloat16 and give back its bytes.
        is_bytes = array.dtype.kind == "V"
        variable.assign(array.view(ml_dtypes.bfloat16) if is_bytes else array)
