"""Unit cube of a search space: one coordinate in [0, 1) for each hyperparameter."""

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# How far a coordinate may leave the cube if its range may be widened.
WIDENED_BY = 0.25
# The highest coordinate in a range that is not widened: coordinates lie in [0, 1).
BELOW_ONE = 1 - 1e-9
# All points of a space are listed if there are no more than these.
MOST_GRID_POINTS = 4096


class UnitCube:
    """Maps the values of a trial to a point of the unit cube and back.

    The mapping is that of keras-tuner's `value_to_prob` and `prob_to_value`. A hyperparameter whose
    condition does not hold in a trial is `nan` in the trial's point.

    Args:
        space: keras-tuner's hyperparameters, each after those that it is conditional on.
        widened: Names of float hyperparameters without steps whose ranges a search may leave.
    """

    def __init__(self, space: Sequence[Any], widened: Sequence[str] = ()):
        from keras_tuner.engine.hyperparameters import Boolean, Choice, Fixed

        self.all = list(space)
        self.space = [hp for hp in space if not isinstance(hp, Fixed)]
        self.fixed = [hp for hp in space if isinstance(hp, Fixed)]
        self.categorical = np.array(
            [isinstance(hp, Boolean) or (isinstance(hp, Choice) and not hp.ordered) for hp in self],
            bool,
        )
        self.widened = np.array([hp.name in widened for hp in self], bool)
        self.levels = [_levels(hp) for hp in self]
        self.conditional = any(hp.conditions for hp in self)

    def __iter__(self):
        return iter(self.space)

    def __len__(self):
        return len(self.space)

    @functools.cached_property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest coordinates that a search may reach."""
        beyond = np.where(self.widened, WIDENED_BY, 0.0)
        return -beyond, 1 + beyond

    @functools.cached_property
    def grid(self) -> dict[tuple, np.ndarray] | None:
        """All points of a finite space, by `key`; `None` if it is not, or has more than 4,096."""
        values = [_values(hp) for hp in self]
        finite = bool(values) and all(values)
        if not finite or math.prod(map(len, values)) > MOST_GRID_POINTS:
            return None
        cells = [[hp.value_to_prob(v) for v in own] for hp, own in zip(self, values, strict=True)]
        tried = [self.decode(np.array(point)) for point in itertools.product(*cells)]
        # Points that differ in hyperparameters only whose conditions do not hold are one.
        points = [self.encode(each) for each in tried]
        return {self.key(point): point for point in points}

    def key(self, point: np.ndarray) -> tuple:
        """Returns the values at a point, hashable."""
        return tuple(self.decode(point).items())

    def encode(self, values: Mapping[str, Any]) -> np.ndarray:
        """Returns the point of a trial's values, `(d,)`."""
        return np.array(
            [
                hp.value_to_prob(values[hp.name]) if _is_active(hp, values) else np.nan
                for hp in self
            ],
            float,
        )

    def decode(self, point: np.ndarray) -> dict[str, Any]:
        """Returns the values at a point, for the hyperparameters whose conditions hold there."""
        values = {hp.name: hp.value for hp in self.fixed if not hp.conditions}
        low, high = self.bounds
        for index, hp in enumerate(self):
            if all(condition.is_active(values) for condition in hp.conditions):
                coordinate = np.clip(point[index], low[index], high[index])
                if not self.widened[index]:
                    coordinate = min(coordinate, BELOW_ONE)
                values[hp.name] = hp.prob_to_value(float(coordinate))
        for hp in self.fixed:
            if all(condition.is_active(values) for condition in hp.conditions):
                values[hp.name] = hp.value
        return values

    def snapped(self, points: np.ndarray) -> np.ndarray:
        """Returns points moved inside the bounds, `(n, d)`.

        Each coordinate of a discrete hyperparameter is moved to the middle of its value's cell.
        """
        low, high = self.bounds
        points = np.clip(points, low, np.where(self.widened, high, BELOW_ONE))
        for index, levels in enumerate(self.levels):
            if levels is not None:
                points[:, index] = (np.floor(points[:, index] * levels) + 0.5) / levels
        if self.conditional:
            for point in points:
                values = self.decode(point)
                point[[not _is_active(hp, values) for hp in self]] = np.nan
        return points

    def features(self, points: np.ndarray) -> np.ndarray:
        """Returns points as features of a model, `(n, features)`.

        A categorical hyperparameter becomes one column for each option, so that all options are
        equally far apart. A hyperparameter that a trial does not have is set to the middle of its
        range.
        """
        columns = []
        for index, levels in enumerate(self.levels):
            column = points[:, index]
            if self.categorical[index]:
                option = np.floor(np.nan_to_num(column, nan=-1.0) * (levels or 1))
                columns += [(option == k) * np.sqrt(0.5) for k in range(levels or 1)]
            else:
                columns.append(np.nan_to_num(column, nan=0.5))
        return np.stack(columns, axis=1).astype(float)


def _is_active(hp, values: Mapping[str, Any]) -> bool:
    """Returns whether a trial with these values has a hyperparameter."""
    return all(condition.is_active(values) for condition in hp.conditions) and hp.name in values


def _values(hp) -> Sequence[Any]:
    """Returns all values of a hyperparameter; none if it is continuous."""
    return tuple(hp.values) if getattr(hp, "step", 1) is not None else ()


def _levels(hp) -> int | None:
    """Returns how many equal cells a hyperparameter divides its axis into, `None` if it is none."""
    return len(_values(hp)) or None
