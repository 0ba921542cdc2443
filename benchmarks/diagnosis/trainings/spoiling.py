"""What is done to data to plant a fault in them."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Split(NamedTuple):
    """Training and validation samples."""

    x: np.ndarray
    y: np.ndarray
    validation_x: np.ndarray
    validation_y: np.ndarray


def labels_from_one(split, rng):
    return split._replace(y=split.y + 1, validation_y=split.validation_y + 1)


def labels_of_both_signs(split, rng):
    return split._replace(y=2 * split.y - 1, validation_y=2 * split.validation_y - 1)


def _inputs(split, change):
    return split._replace(x=change(split.x), validation_x=change(split.validation_x))


def inputs_below_one(split, rng):
    low, high = split.x.min(), split.x.max()
    return _inputs(split, lambda x: np.clip((x - low) / (1.01 * (high - low)), 0, 0.99))


def inputs_to_1000(split, rng):
    return _inputs(split, lambda x: 1000 + 1000 * x)


def columns_of_all_sizes(split, rng):
    factors = 10 ** rng.uniform(0, 4, split.x.shape[1:])
    return _inputs(split, lambda x: factors * x)


def _targets(split, change):
    return split._replace(y=change(split.y), validation_y=change(split.validation_y))


def targets_to_10000(split, rng):
    return _targets(split, lambda y: 10000 * y)


def targets_at_5000(split, rng):
    return _targets(split, lambda y: 5000 + 50 * y)


def noisy_labels(split, rng):
    return split._replace(y=_partly_exchanged(split.y, rng, 0.2))


def targets_of_others(split, rng):
    return split._replace(
        y=_partly_exchanged(split.y, rng, 1.0),
        validation_y=_partly_exchanged(split.validation_y, rng, 1.0),
    )


def _partly_exchanged(y, rng, fraction):
    chosen = np.flatnonzero(rng.random(len(y)) < fraction)
    exchanged = y.copy()
    exchanged[chosen] = y[rng.permutation(chosen)]
    return exchanged


def one_class_in_30(split, rng):
    """Leaves 1 in 30 of all classes but the first, and as many samples, by repeating none."""
    kept = (split.y == 0) | (rng.random(len(split.y)) < 1 / 30)
    validation = (split.validation_y == 0) | (rng.random(len(split.validation_y)) < 1 / 30)
    return Split(
        split.x[kept], split.y[kept], split.validation_x[validation], split.validation_y[validation]
    )


def sorted_by_target(split, rng):
    order = np.argsort(split.y.reshape(len(split.y), -1)[:, 0], kind="stable")
    return split._replace(x=split.x[order], y=split.y[order])


def validation_from_training(split, rng):
    chosen = rng.permutation(len(split.x))[: len(split.validation_x)]
    return split._replace(validation_x=split.x[chosen], validation_y=split.y[chosen])


def missing_values(split, rng):
    return split._replace(x=np.where(rng.random(split.x.shape) < 0.001, np.nan, split.x))


def infinite_values(split, rng):
    return split._replace(x=np.where(rng.random(split.x.shape) < 0.001, np.inf, split.x))


SPOILERS: dict[str, Callable[[Split, np.random.Generator], Split]] = {
    function.__name__: function
    for function in (
        labels_from_one,
        labels_of_both_signs,
        inputs_below_one,
        inputs_to_1000,
        columns_of_all_sizes,
        targets_to_10000,
        targets_at_5000,
        noisy_labels,
        targets_of_others,
        one_class_in_30,
        sorted_by_target,
        validation_from_training,
        missing_values,
        infinite_values,
    )
}
