"""Gradients against difference quotients."""

from collections.abc import Callable

import numpy as np
from keras import ops

# Steps, in units of the greater of 1 and the entry. With one of them, the quotient of a smooth
# function in float64 is exact to about 1e-8.
STEPS = (1e-5, 1e-7)

# Slopes that differ by more, relatively, are on two sides of a kink.
_KINK = 1e-3

# An error below this is no kink.
_FINE = 1e-4

# Gradients below this, relative to the value, are not told from rounding.
_FLOOR = 1e-6


def compared(
    function: Callable, values: list[np.ndarray], entries: int, generator: np.random.Generator
) -> list[tuple[int, float | None, int, float | None, float | None]]:
    """Returns, for each array, what `GradientError` holds from `entries` on.

    Args:
        function: As `differentiated` returns it.
        values: Arrays to differentiate by, float64.
        entries: The number of entries of each that are tried.
        generator: It draws them.
    """
    tensors = [ops.convert_to_tensor(value, "float64") for value in values]
    value, _, gradients = function(tensors, ())
    floor = _FLOOR * max(abs(float(value)), 1e-3)
    found = []
    for position, array in enumerate(values):
        gradient = _array(gradients[position], array.shape).reshape(-1)
        chosen = generator.permutation(array.size)[: entries - 1]
        chosen = dict.fromkeys([int(np.abs(gradient).argmax()), *map(int, chosen)])
        errors = []
        for index in chosen:
            sides = [_sides(function, tensors, position, array, index, h) for h in STEPS]
            quotients = [(right - left) / (2 * h) for left, right, h in sides]
            analytic = float(gradient[index])
            by_step = [relative_error(analytic, quotient, floor) for quotient in quotients]
            if min(by_step) <= _FINE or not _at_kink(float(value), sides, quotients, floor):
                errors.append((min(by_step), analytic, quotients[int(np.argmin(by_step))]))
        kinks = len(chosen) - len(errors)
        worst = max(errors, default=(None, None, None))
        found.append((len(errors), worst[0], kinks, worst[1], worst[2]))
    return found


def relative_error(first: float, second: float, floor: float) -> float:
    """Returns the difference of two numbers, relative to the greater one, or to a floor.

    Example:

    >>> relative_error(2.0, 1.0, floor=1e-9)
    0.5
    """
    difference = abs(first - second) / max(abs(first), abs(second), floor)
    return difference if np.isfinite(difference) else float("inf")


def _sides(function, tensors, position: int, array: np.ndarray, index: int, step: float):
    """Returns the values on both sides of an entry, and the step."""
    flat = array.reshape(-1)
    step *= max(1.0, abs(float(flat[index])))
    values = []
    for moved in (flat[index] - step, flat[index] + step):
        changed = flat.copy()
        changed[index] = moved
        replaced = ops.convert_to_tensor(changed.reshape(array.shape), "float64")
        values.append(
            float(function([*tensors[:position], replaced, *tensors[position + 1 :]], ())[0])
        )
    return values[0], values[1], step


def _at_kink(value: float, sides: list, quotients: list[float], floor: float) -> bool:
    """Returns whether slopes differ: on two sides, as at a tie of a maximum, or for two steps."""
    left, right, step = sides[0]
    on_sides = relative_error((value - left) / step, (right - value) / step, floor)
    return max(on_sides, relative_error(*quotients, floor)) > _KINK


def _array(gradient, shape) -> np.ndarray:
    """Returns a gradient as an array; zeros where the function does not depend on the tensor."""
    if gradient is None:
        return np.zeros(shape)
    return np.asarray(ops.convert_to_numpy(gradient)).reshape(shape)
