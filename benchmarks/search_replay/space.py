"""Search space of the benchmark: seven dimensions, as a unit cube."""

import numpy as np

FILTERS = {"digits": (2, 4, 8), "cifar10": (4, 8, 12)}
BATCH_SIZES = (32, 64, 128)
RULES = ("sgd", "adam")
DIMENSIONS = 7


def values_at(task: str, point: np.ndarray) -> dict:
    """Returns the hyperparameters at a point of the unit cube."""
    u = np.clip(point, 0, 1 - 1e-9)
    return {
        "optimizer": RULES[int(u[0] * len(RULES))],
        "learning_rate": 10 ** (-4 + 4 * u[1]),
        "momentum": 0.99 * u[2],
        "weight_decay": 10 ** (-5 + 5 * u[3]),
        "final_fraction": 10 ** (-3 + 3 * u[4]),
        "filters": FILTERS[task][int(u[5] * len(FILTERS[task]))],
        "batch_size": BATCH_SIZES[int(u[6] * len(BATCH_SIZES))],
    }


def point_of(task: str, values: dict) -> np.ndarray:
    """Returns the point of hyperparameters in the unit cube; discrete ones amid their cells."""
    return np.array(
        [
            (RULES.index(values["optimizer"]) + 0.5) / len(RULES),
            (np.log10(values["learning_rate"]) + 4) / 4,
            values["momentum"] / 0.99,
            (np.log10(values["weight_decay"]) + 5) / 5,
            (np.log10(values["final_fraction"]) + 3) / 3,
            (FILTERS[task].index(values["filters"]) + 0.5) / len(FILTERS[task]),
            (BATCH_SIZES.index(values["batch_size"]) + 0.5) / len(BATCH_SIZES),
        ]
    )
