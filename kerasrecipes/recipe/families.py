"""Families of components, and what belongs to each."""

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from kerasrecipes.recipe.signatures import (
    BUILDER_ARGUMENTS,
    INITIALIZATION_ARGUMENTS,
    arguments,
)


class Family(NamedTuple):
    """Where the components of a family are.

    Args:
        package: Our package that exports them; empty if none does.
        base: The class of Keras's that they inherit from, or that they return if they are
            functions; empty if there is none. Keras's own components stand beside it.
    """

    package: str
    base: str = ""


FAMILIES = {
    "data": Family("kerasrecipes.data"),
    "model": Family("kerasrecipes.models"),
    "optimizer": Family("kerasrecipes.optimizers", "keras.optimizers.Optimizer"),
    "schedule": Family("kerasrecipes.schedules", "keras.optimizers.schedules.LearningRateSchedule"),
    "layer": Family("kerasrecipes.layers", "keras.layers.Layer"),
    "loss": Family("kerasrecipes.losses", "keras.losses.Loss"),
    "metric": Family("kerasrecipes.metrics", "keras.metrics.Metric"),
    "regularizer": Family("kerasrecipes.regularizers", "keras.regularizers.Regularizer"),
    "initializer": Family("kerasrecipes.initializers", "keras.initializers.Initializer"),
    "initialization": Family("kerasrecipes.models.initialization"),
    "constraint": Family("", "keras.constraints.Constraint"),
    "averaging": Family("kerasrecipes.optimizers"),
    "sampling": Family("kerasrecipes.data"),
    "step": Family("kerasrecipes.steps"),
    "callback": Family("kerasrecipes.callbacks", "keras.callbacks.Callback"),
}


def check_built(component: object, name: str, family: str | None) -> None:
    """Raises a `TypeError` if what a function made is no component of its family."""
    path = FAMILIES[family].base if family else ""
    if path and not isinstance(component, of_keras(path)):
        raise TypeError(
            f"A component of the family {family} must be, or return, a {path}. "
            f"Received: {name!r}, which made {component!r}"
        )


def check_family(component: Callable, name: str, family: str) -> None:
    """Raises a `ValueError` if a component that a user names is of another family."""
    path = FAMILIES[family].base
    if path:
        if isinstance(component, type):
            fits = issubclass(component, of_keras(path))
        else:
            fits = _is_written(component)
        form = f"a subclass of {path}, or a function that returns one"
    elif family == "data":
        is_class = inspect.isclass(component)
        fits = hasattr(component, "load") if is_class else _is_written(component)
        form = "a class with a method load(), or a function that returns an object with one"
    elif family == "averaging":
        fits = inspect.isclass(component) and hasattr(component, "averages")
        form = "a class with `averages` that an optimizer keeps, as `ExponentialAverage` has them"
    elif family == "sampling":
        is_class = inspect.isclass(component)
        fits = hasattr(component, "class_shares") if is_class else _is_written(component)
        form = "a subclass of ClassSampling, or a function that returns one"
    elif family == "step":
        is_class = inspect.isclass(component)
        fits = hasattr(component, "put_on") if is_class else _is_written(component)
        form = "a class with a method put_on(), or a function that returns an object with one"
    else:
        needed = BUILDER_ARGUMENTS[:2] if family == "model" else INITIALIZATION_ARGUMENTS
        fits = _is_written(component) and set(needed) <= set(arguments(component))
        form = f"a function of {' and '.join(needed)}"
    if not fits:
        raise ValueError(
            f"A component of the family {family} must be {form}. "
            f"Received: {name!r}, which is {component!r}"
        )


def _is_written(component: Callable) -> bool:
    """Returns whether a component is written in Python, as `os.system` and its like are not."""
    return not inspect.isbuiltin(component)


def of_keras(path: str) -> Any:
    """Returns an export of Keras by its path."""
    # By attribute from the top, because the modules of Keras's public API are not all importable.
    return functools.reduce(getattr, path.split(".")[1:], importlib.import_module("keras"))
