"""Fewer values of large tensors, from evenly spaced places."""

import keras
import numpy as np
from keras import ops

# Of a layer's outputs and of a kernel's entries, about so many are looked at.
MOST_OUTPUTS = 1 << 16
MOST_ENTRIES = 1 << 18


def channel_axis(layer: keras.layers.Layer) -> int:
    """Returns the axis of a layer's outputs that counts units."""
    return 1 if getattr(layer, "data_format", None) == "channels_first" else -1


def thinned(output, axis: int):
    """Returns a layer's outputs at evenly spaced positions, if there are many; of all units.

    Args:
        output: A tensor whose first axis counts samples.
        axis: The axis that counts units.
    """
    rank = len(output.shape)
    positions = [each for each in range(1, rank) if each != axis % rank]
    values = np.prod([size or 1 for size in output.shape])
    if not positions or values <= MOST_OUTPUTS:
        return output
    stride = int(np.ceil((values / MOST_OUTPUTS) ** (1 / len(positions))))
    return output[tuple(slice(None, None, stride if a in positions else 1) for a in range(rank))]


def sampled(tensor) -> np.ndarray:
    """Returns copies of a tensor's entries, flattened; of many, those at evenly spaced places."""
    flat = as_array(tensor).reshape(-1)
    return flat[:: -(-flat.size // MOST_ENTRIES) or 1].astype("float32")


def as_array(tensor) -> np.ndarray:
    """Returns a tensor as an array of NumPy's own types."""
    array = np.asarray(ops.convert_to_numpy(tensor))
    return array.astype("float32") if "float16" in str(array.dtype) else array
