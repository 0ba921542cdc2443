"""A search space as the unit cube: one coordinate in [0, 1) for each hyperparameter."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# As far as a coordinate may leave the cube where an option allows its range to be widened.
WIDENED_BY = 0.25
_BELOW_ONE = 1 - 1e-9


class UnitCube:
    """The unit cube of a search space, by keras-tuner's `value_to_prob` and `prob_to_value`.

    A hyperparameter that a trial does not have, because its condition does not hold, is `nan` in
    the trial's point.

    Args:
        space: keras-tuner's hyperparameters, parents before those that they are a condition of.
        widened: Names of floats without steps whose ranges a search may leave.
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
        """The least and the greatest coordinates that a search may reach."""
        beyond = np.where(self.widened, WIDENED_BY, 0.0)
        return -beyond, 1 + beyond

    def encode(self, values: Mapping[str, Any]) -> np.ndarray:
        """Returns the point of a trial's values."""
        return np.array(
            [
                hp.value_to_prob(values[hp.name]) if _is_active(hp, values) else np.nan
                for hp in self
            ],
            float,
        )

    def decode(self, point: np.ndarray) -> dict[str, Any]:
        """Returns the values at a point: those of the hyperparameters whose conditions hold."""
        values = {hp.name: hp.value for hp in self.fixed if not hp.conditions}
        low, high = self.bounds
        for index, hp in enumerate(self):
            if all(condition.is_active(values) for condition in hp.conditions):
                coordinate = np.clip(point[index], low[index], high[index])
                if not self.widened[index]:
                    coordinate = min(coordinate, _BELOW_ONE)
                values[hp.name] = hp.prob_to_value(float(coordinate))
        for hp in self.fixed:
            if all(condition.is_active(values) for condition in hp.conditions):
                values[hp.name] = hp.value
        return values

    def snapped(self, points: np.ndarray) -> np.ndarray:
        """Returns points inside the bounds, with what is discrete amid its cell."""
        low, high = self.bounds
        points = np.clip(points, low, np.where(self.widened, high, _BELOW_ONE))
        for index, levels in enumerate(self.levels):
            if levels is not None:
                points[:, index] = (np.floor(points[:, index] * levels) + 0.5) / levels
        if self.conditional:
            for point in points:
                values = self.decode(point)
                point[[not _is_active(hp, values) for hp in self]] = np.nan
        return points

    def features(self, points: np.ndarray) -> np.ndarray:
        """Returns points as a model takes them, `(n, features)`.

        A categorical choice becomes one column an option, so that all are equally far apart; what a
        trial does not have is put in the middle of its range.
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
    return all(condition.is_active(values) for condition in hp.conditions) and hp.name in values


def _levels(hp) -> int | None:
    """Returns how many equal cells of the cube a discrete hyperparameter has; `None` if others."""
    from keras_tuner.engine.hyperparameters import Boolean, Choice, Int

    if isinstance(hp, Boolean):
        return 2
    if isinstance(hp, Choice):
        return len(hp.values)
    if isinstance(hp, Int) and hp.sampling == "linear" and hp.step is None:
        return hp.max_value - hp.min_value + 1
    return None
