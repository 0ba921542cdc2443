"""Search space of the benchmark: seven dimensions, as a unit cube."""

from typing import NamedTuple

import numpy as np

RULES = ("sgd", "adam")
DIMENSIONS = 7


class Options(NamedTuple):
    """What differs between the tasks' spaces.

    Args:
        name: The name of one dimension.
        values: The integers that it has.
        batch_sizes: The batch sizes.
    """

    name: str
    values: tuple[int, ...]
    batch_sizes: tuple[int, ...]


OPTIONS = {
    "digits": Options("filters", (2, 4, 8), (32, 64, 128)),
    "cifar10": Options("filters", (4, 8, 12), (32, 64, 128)),
    "digits_features": Options("padding", (0, 1, 2, 4), (16, 64, 256)),
    "inverted_features": Options("padding", (0, 1, 2, 4), (16, 64, 256)),
}


def values_at(task: str, point: np.ndarray) -> dict:
    """Returns the hyperparameters at a point of the unit cube."""
    u, options = np.clip(point, 0, 1 - 1e-9), OPTIONS[task]
    return {
        "optimizer": RULES[int(u[0] * len(RULES))],
        "learning_rate": 10 ** (-4 + 4 * u[1]),
        "momentum": 0.99 * u[2],
        "weight_decay": 10 ** (-5 + 5 * u[3]),
        "final_fraction": 10 ** (-3 + 3 * u[4]),
        options.name: options.values[int(u[5] * len(options.values))],
        "batch_size": options.batch_sizes[int(u[6] * len(options.batch_sizes))],
    }


def point_of(task: str, values: dict) -> np.ndarray:
    """Returns the point of hyperparameters in the unit cube; discrete ones amid their cells."""
    options = OPTIONS[task]
    return np.array(
        [
            (RULES.index(values["optimizer"]) + 0.5) / len(RULES),
            (np.log10(values["learning_rate"]) + 4) / 4,
            values["momentum"] / 0.99,
            (np.log10(values["weight_decay"]) + 5) / 5,
            (np.log10(values["final_fraction"]) + 3) / 3,
            (options.values.index(values[options.name]) + 0.5) / len(options.values),
            (options.batch_sizes.index(values["batch_size"]) + 0.5) / len(options.batch_sizes),
        ]
    )
