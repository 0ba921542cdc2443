"""Whether decoded images are held in memory or streamed."""

import math

MEMORY_LIMIT_BYTES = 2**30


def fits_in_memory(samples: int, image_shape: tuple[int, int, int], in_memory: bool | None) -> bool:
    """Returns the user's choice; without one, whether the uint8 images take at most 1 GiB.

    Example:

    >>> fits_in_memory(60_000, (32, 32, 3), None), fits_in_memory(60_000, (224, 224, 3), None)
    (True, False)
    """
    if in_memory is not None:
        return in_memory
    return samples * math.prod(image_shape) <= MEMORY_LIMIT_BYTES
