"""Values of keras-tuner's hyperparameters that a user gives, or that another search tried."""

import math
from collections.abc import Mapping
from typing import Any

import keras_tuner
from keras_tuner.engine import hyperparameters as kinds

from kerasrecipes.base.checks import nearest
from kerasrecipes.base.text import listed
from kerasrecipes.tuning.warm.space_values import OutsideError

# The names of a trial's values that are not hyperparameters begin so.
_OWN = "tuner/"


def given_values(
    space: keras_tuner.HyperParameters, given: Mapping[str, Any], seen: str = "enqueue"
) -> dict[str, Any]:
    """Returns the values of a trial: those that are given, and the defaults of all others.

    Args:
        space: The hyperparameters.
        given: Values by the names of hyperparameters.
        seen: What the values are called in errors.

    Raises:
        ValueError: If there is no such hyperparameter, or a value is outside of its range.
    """
    known = [hp.name for hp in space.space]
    for name in given:
        if name not in known:
            raise ValueError(
                f"`{seen}` names no hyperparameter: {name!r}.{nearest(name, known)} "
                f"Hyperparameters: {listed(known)}."
            )
    values: dict[str, Any] = {}
    for hp in space.space:
        if all(condition.is_active(values) for condition in hp.conditions):
            value = given.get(hp.name, hp.default)
            if not _holds(hp, value):
                raise ValueError(
                    f"`{seen}` has a value outside of the space: {hp.name}={value!r} is not in {hp}"
                )
            values[hp.name] = value
    return values


def kept_values(space: keras_tuner.HyperParameters, tried: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of another search's trial, if it is one that this search might try.

    Args:
        space: The hyperparameters of this search.
        tried: The values of the trial.

    Raises:
        OutsideError: If it is none. It says why.
    """
    own = {name: value for name, value in tried.items() if not name.startswith(_OWN)}
    values: dict[str, Any] = {}
    for hp in space.space:
        if all(condition.is_active(values) for condition in hp.conditions):
            if hp.name not in own:
                raise OutsideError(f"it has no {hp.name}")
            if not _holds(hp, own[hp.name]):
                raise OutsideError(f"{hp.name}={own[hp.name]!r} is outside of its range")
            values[hp.name] = own[hp.name]
    if others := sorted(own.keys() - {hp.name for hp in space.space}):
        raise OutsideError(f"it has {listed(others)}, which are not searched here")
    return values


def _holds(hp: Any, value: Any) -> bool:
    """Returns whether a hyperparameter may have a value."""
    if isinstance(hp, kinds.Boolean):
        return isinstance(value, bool)
    if isinstance(hp, kinds.Fixed):
        return value == hp.value
    if isinstance(hp, kinds.Choice):
        return value in hp.values
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if not hp.min_value <= value <= hp.max_value:
        return False
    if hp.step is None or (hp.step == 1 and isinstance(value, int)):
        return True
    return any(math.isclose(value, each, rel_tol=1e-9) for each in hp.values)
