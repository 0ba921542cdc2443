"""Objective of a search: the logged quantity by which trials are scored, and its direction."""

from collections.abc import Sequence

import keras
import keras_tuner

from kerasrecipes.callbacks.monitored import better, direction_of
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.training.building.compile import compile_arguments

# How a search is told the direction of its objective.
WAY_OUT = (
    "In a search, the direction goes with the objective: `--objective max:NAME`, or "
    "`keras_tuner.Objective(NAME, 'max')`."
)


def with_given_direction(objective):
    """Returns `"max:NAME"` and `"min:NAME"` as `keras_tuner.Objective`, all else as it is."""
    if isinstance(objective, str) and objective.startswith(("max:", "min:")):
        direction, _, name = objective.partition(":")
        return keras_tuner.Objective(name, direction)
    return objective


def with_direction(objective):
    """Returns an objective with the direction of the metric of Keras's that its name stands for.

    keras-tuner itself minimizes every metric that is not in its own short list, such as `F1Score`.
    What is no name of a metric is returned as it is.

    Raises:
        ValueError: If the metric of this name needs arguments, or does not tell its direction.
    """
    objective = with_given_direction(objective)
    if not isinstance(objective, str):
        return objective
    name = objective.removeprefix("val_")
    try:
        metric = keras.metrics.get(name)
    except ValueError:
        return objective
    except TypeError:
        metric = None
    direction = direction_of(metric) if isinstance(metric, keras.metrics.Metric) else None
    if direction is None:
        raise ValueError(
            f"Whether {objective!r} is to be maximized is not known: give "
            f"`keras_tuner.Objective({objective!r}, 'max')`, or 'min'. "
            f"Received: objective={objective!r}"
        )
    return keras_tuner.Objective(objective, direction)


def monitor_and_mode(recipe: Recipe, objective: str | keras_tuner.Objective) -> tuple[str, str]:
    """Returns an objective as a recipe's `monitor` and `mode`.

    Raises:
        TypeError: If it is no single objective.
        ValueError: If it is no quantity of validation images, by its name.
    """
    objective = with_given_direction(objective)
    if isinstance(objective, keras_tuner.Objective):
        name, mode = objective.name, objective.direction
    elif not isinstance(objective, str):
        raise TypeError(
            "`objective` must be a single objective: the name of a logged quantity, or "
            f"`keras_tuner.Objective(name, direction)`. Received: objective={objective!r}"
        )
    else:
        name, mode = objective, recipe.mode if objective == recipe.monitor else "auto"
    if not name.startswith("val_"):
        raise ValueError(
            "`objective` must be a quantity of validation images, whose name begins with 'val_', "
            "because training images do not tell how well a model generalizes. "
            f"Did you mean 'val_{name}'? Received: objective={name!r}"
        )
    return name, mode


def resolved(
    recipe: Recipe, class_names: Sequence[str], monitor: str, mode: str
) -> tuple[str, dict[str, object]]:
    """Returns the direction of an objective, and the changes with which a recipe monitors it.

    Without those changes, a run would keep the epoch that is best by another quantity. A recipe
    that keeps the last epoch is not changed.

    Args:
        recipe: The recipe.
        class_names: The names of the classes of its data.
        monitor: The name of the objective.
        mode: `"min"`, `"max"`, or `"auto"` for what the recipe's metric says.

    Raises:
        ValueError: If no metric tells the direction.
    """
    metrics = compile_arguments(recipe, class_names)["metrics"]
    try:
        direction = better(metrics, monitor, mode)
    except ValueError as error:
        error.add_note(WAY_OUT)
        raise
    if recipe.monitor is None or (
        recipe.monitor == monitor and better(metrics, monitor, recipe.mode) == direction
    ):
        return direction, {}
    changes = {"monitor": monitor, "mode": mode}
    # Another `monitor` by itself would reset `mode`.
    return direction, {
        path: value
        for path, value in changes.items()
        if value != getattr(recipe, path) or (path == "mode" and value != "auto")
    }
