"""Checks of the values of a recipe's fields, and of options by their signature."""

import contextlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from kerasrecipes.base.checks import check_boolean, check_choice, check_integer, check_number
from kerasrecipes.recipe.correcting_classes import by_counts, class_corrections

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16", "bfloat16", "float16", "float64")

MAXIMUM_DEPTH = 50


def check_depth(depth: int) -> None:
    """Raises if values are nested so deeply that Python's limit of calls would be met later."""
    if depth > MAXIMUM_DEPTH:
        raise ValueError(f"A recipe must not be nested more than {MAXIMUM_DEPTH} deep.")


@contextlib.contextmanager
def blamed_on(spec: object) -> Iterator[None]:
    """Adds to an error which component it is of, unless it says so already."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if not getattr(error, "__notes__", None):
            error.add_note(f"In {spec!r}")
        raise


def takes_number(option: str, parameter: inspect.Parameter | None) -> bool:
    """Returns whether the default of an option is a number, so that `True` would be taken for 1."""
    # Keras counts the levels of `verbose`, and documents that it may be a boolean.
    return option != "verbose" and parameter is not None and type(parameter.default) in (int, float)


def check_values(recipe: Any) -> None:
    """Raises if a `Recipe` holds a value with which it cannot be trained.

    Raises:
        TypeError: If a value has the wrong type.
        ValueError: If a value is out of range, or if two values contradict each other.
    """
    check_boolean("resume_start", recipe.resume_start)
    if recipe.resume_start and recipe.start is None:
        raise ValueError(
            "`resume_start` goes on with the training of `start`: give the run to go on with. "
            "Received: resume_start=True, start=None"
        )
    if recipe.start is not None and recipe.initialization and not recipe.resume_start:
        raise ValueError(
            "`initialization` must be empty if a recipe starts from another, because it would "
            "replace the weights to start from. Initialize the other recipe instead. "
            f"Received: initialization={list(recipe.initialization)!r}"
        )
    check_integer("epochs", recipe.epochs, at_least=1)
    if recipe.steps_per_epoch is not None:
        check_integer("steps_per_epoch", recipe.steps_per_epoch, at_least=1)
    if recipe.batch_size != "all":
        check_integer("batch_size", recipe.batch_size, at_least=1)
    if recipe.checkpoint_minutes is not None:
        check_number("checkpoint_minutes", recipe.checkpoint_minutes, above=0)
    check_integer("seed", recipe.seed, at_least=0)
    check_choice("precision", recipe.precision, PRECISIONS)
    if recipe.jit_compile != "auto" and not isinstance(recipe.jit_compile, bool):
        raise TypeError(
            "`jit_compile` must be True, False or 'auto'. "
            f"Received: jit_compile={recipe.jit_compile!r}"
        )
    check_integer("steps_per_execution", recipe.steps_per_execution, at_least=1)
    check_choice("mode", recipe.mode, ("auto", "min", "max"))
    if isinstance(recipe.class_weight, Mapping):
        for name, weight in recipe.class_weight.items():
            check_number(f"class_weight.{name}", weight, above=0)
    else:
        known = [None, "balanced", "effective_number", {"a class": 2.0}]
        check_choice("class_weight", recipe.class_weight, known)
    _check_corrections(recipe)
    if recipe.monitor is not None and not isinstance(recipe.monitor, str):
        raise TypeError(
            f"`monitor` must be a name such as 'val_accuracy', or None. "
            f"Received: monitor={recipe.monitor!r}"
        )


def _check_corrections(recipe: Any) -> None:
    """Raises if several options correct for the numbers of images of the classes."""
    loss = {"use": recipe.loss.name, **recipe.loss.options}
    options = {"sampling": recipe.sampling, "class_weight": recipe.class_weight, "loss": loss}
    given = by_counts(class_corrections(options))
    if len(given) > 1:
        received = ", ".join(f"{name}={getattr(recipe, name)!r}" for name in given)
        raise ValueError(
            "`sampling`, a `class_weight` by the number of images and the priors of a loss correct "
            "for the same thing, and two of them would correct twice: keep one. "
            f"Received: {received}"
        )
