"""Statistics of a layer's outputs and weights, of NumPy arrays."""

import math

import numpy as np

from kerasrecipes.diagnostics.record.probes import LayerStatistics

# The least and the greatest value of activations that are flat at both ends.
RANGES = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
}
# An output is in the flat part if it is that near to an end, in fractions of the range.
FLAT = 0.02
# Activations that answer 0 to all that is negative.
RECTIFIERS = ("relu", "relu6")


def layer_statistics(
    outputs: np.ndarray | None,
    activation: str | None = None,
    *,
    channel_axis: int = -1,
    gradient_norm: float | None = None,
    kernel: np.ndarray | None = None,
    change: np.ndarray | None = None,
    steps: int = 0,
) -> LayerStatistics:
    """Returns statistics of a layer.

    Args:
        outputs: Its outputs for a batch, of which the first axis counts samples; `None` if they
            are not known, or not numbers.
        activation: The name of its activation.
        channel_axis: The axis of the outputs that counts units.
        gradient_norm: The root mean square of the loss's gradient over its kernel.
        kernel: Its kernel.
        change: How the kernel has changed.
        steps: In how many steps.

    Example:

    >>> found = layer_statistics(np.array([[0.0, 1.0], [0.0, 3.0]]), "relu")
    >>> found.mean, found.dead_fraction, round(found.sample_std, 3)
    (1.0, 0.5, 0.707)
    """
    weight_norm = None if kernel is None else root_mean_square(kernel)
    known = [value for value in (gradient_norm, weight_norm) if value is not None]
    finite = all(map(math.isfinite, known))
    update_ratio = None
    if change is not None and steps and weight_norm:
        update_ratio = plain(root_mean_square(change) / steps / weight_norm)
    weights = {
        "gradient_norm": plain(gradient_norm),
        "weight_norm": plain(weight_norm),
        "update_ratio": update_ratio,
    }
    if outputs is None or not outputs.size:
        return LayerStatistics(**weights, finite=finite)
    outputs = np.asarray(outputs, np.float64)
    if not np.isfinite(outputs).all():
        return LayerStatistics(**weights, finite=False)
    return LayerStatistics(
        mean=float(outputs.mean()),
        std=float(outputs.std()),
        sample_std=float(np.sqrt(outputs.var(axis=0).mean())),
        dead_fraction=_dead(outputs, channel_axis) if activation in RECTIFIERS else None,
        saturated_fraction=_saturated(outputs, activation) if activation in RANGES else None,
        **weights,
        finite=finite,
    )


def root_mean_square(array: np.ndarray) -> float:
    """Returns the root mean square of an array; NaN or infinity if an entry is not finite."""
    return float(np.sqrt(np.mean(np.square(np.asarray(array, np.float64))))) if array.size else 0.0


def plain(value: float | None) -> float | None:
    """Returns a number as a float of Python; `None` for `None`, NaN and infinities."""
    return None if value is None or not math.isfinite(value) else float(value)


def _dead(outputs: np.ndarray, channel_axis: int) -> float:
    axis = channel_axis % outputs.ndim
    others = tuple(other for other in range(outputs.ndim) if other != axis or axis == 0)
    return float(np.mean((outputs == 0).all(axis=others)))


def _saturated(outputs: np.ndarray, activation: str | None) -> float:
    least, greatest = RANGES[str(activation)]
    margin = FLAT * (greatest - least)
    return float(np.mean((outputs < least + margin) | (outputs > greatest - margin)))
