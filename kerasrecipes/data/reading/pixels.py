"""Exact conversion of pixel arrays of any type to uint8."""

from collections.abc import Mapping

import numpy as np

_CHUNK = 1024


def to_uint8(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns images of one scale as uint8, if the conversion is exact.

    uint8 stays as it is, and other integers must be in [0, 255]. If no float is above 1, floats are
    taken to be in [0, 1] and multiplied by 255; otherwise they must be in [0, 255]. After that they
    must be whole numbers, up to the rounding error of their type: `255 * finfo(dtype).eps`.

    Args:
        arrays: Dict from name to an array of numbers. All arrays belong to one data set, so that
            all floats have the same scale.

    Raises:
        TypeError: If an array does not hold numbers.
        ValueError: If a value is out of range, is not finite, or would be rounded.

    Example:

    >>> to_uint8({"x_train": np.array([0, 128, 255], "float32") / 255})["x_train"]
    array([  0, 128, 255], dtype=uint8)
    """
    for name, array in arrays.items():
        if array.dtype.kind not in "iuf":
            raise TypeError(
                f"`{name}` must hold numbers: uint8, or floats in [0, 1] or [0, 255]. "
                f"Received: {name}.dtype={array.dtype}"
            )
    ranges = {name: _range(array) for name, array in arrays.items()}
    floats = [name for name, array in arrays.items() if array.dtype.kind == "f"]
    factor = 255 if all(ranges[name][1] <= 1 for name in floats) else 1
    for name, (lowest, highest) in ranges.items():
        # Written so that NaN fails.
        if not (lowest >= 0 and highest <= 255):
            raise ValueError(
                f"`{name}` must hold pixels in [0, 255], or floats in [0, 1]. "
                f"Received: values from {lowest:g} to {highest:g}. Undo any preprocessing, such "
                "as a subtracted mean: it belongs to the recipe."
            )
    return {
        name: _exact(name, array, factor) if name in floats else array.astype(np.uint8, copy=False)
        for name, array in arrays.items()
    }


def _range(array: np.ndarray) -> tuple[float, float]:
    return (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)


def _exact(name: str, array: np.ndarray, factor: int) -> np.ndarray:
    pixels = np.empty(array.shape, np.uint8)
    # In chunks, because float64 takes eight times the memory of the result.
    for start in range(0, len(array), _CHUNK):
        scaled = array[start : start + _CHUNK].astype(np.float64) * factor
        whole = np.rint(scaled)
        if np.abs(scaled - whole).max() > 255 * np.finfo(array.dtype).eps:
            raise ValueError(
                f"`{name}` must hold whole grey levels: floats in [0, 1] that are multiples of "
                f"1/255, or whole numbers in [0, 255]. Received: {array.dtype} values that would "
                f"be rounded. To round them, save numpy.rint({f'{factor} * ' * (factor > 1)}"
                f"{name}).astype('uint8')."
            )
        pixels[start : start + _CHUNK] = whole
    return pixels
