"""Seeds that are computed from a key, for random numbers as a pure function."""

import keras
from keras import ops


class KeyedSeedGenerator(keras.random.SeedGenerator):
    """A seed generator that computes its seeds from a key and a counter.

    Keras's own keeps its state in a variable, which a pure function cannot change.

    Args:
        key: `(2,)`, unsigned 32-bit integers, or more, of which the others are `turns`.
    """

    def __init__(self, key):
        # PyTorch cannot add unsigned integers, and some functions of TensorFlow refuse such seeds.
        dtype = "uint32" if keras.backend.backend() == "jax" else "int64"
        key = ops.cast(ops.convert_to_tensor(key), dtype)
        self._key = key[:2]
        self._drawn = 0
        self.turns = key[2:] if key.shape[0] != 2 else None

    def next(self, ordered=True):
        self._drawn += 1
        first, second = self._key[0], self._key[1]
        return ops.stack([first, second + ops.cast(self._drawn, second.dtype)])
