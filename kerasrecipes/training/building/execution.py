"""How a recipe's steps are executed: their precision, their compilation, how many are one call."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.run_length import RunLength
from kerasrecipes.training.resuming.carried_state import sees_steps


@contextlib.contextmanager
def in_precision(policy: str) -> Iterator[None]:
    """Sets Keras's dtype policy for what is built inside."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def execution_arguments(recipe: Recipe, length: RunLength) -> dict[str, Any]:
    """Returns the arguments of `model.compile` that say how steps are executed.

    Args:
        recipe: The recipe.
        length: The length of its run.

    Raises:
        ValueError: If several steps cannot be one call: of this backend, in an epoch of so many, or
            because a callback would miss some.
    """
    if recipe.steps_per_execution > 1:
        _check_several(recipe, length.steps_per_epoch)
    return {
        "jit_compile": recipe.jit_compile,
        "steps_per_execution": recipe.steps_per_execution,
    }


def check_compiled(recipe: Recipe, model: keras.Model) -> None:
    """Raises a `ValueError` if Keras does not compile the steps of a recipe that asks for it."""
    if recipe.jit_compile is True and not model.jit_compile:
        raise ValueError(
            "Keras cannot compile this network's steps here: a layer does not support it, or the "
            "backend is set to be deterministic. Leave `jit_compile` out. Received: "
            "jit_compile=True"
        )


def steps_are_watched(recipe: Recipe) -> bool:
    """Returns whether a callback that the recipe names is called at every step."""
    return any(sees_steps(spec.component("callback")) for spec in recipe.callbacks)


def _check_several(recipe: Recipe, steps_per_epoch: int) -> None:
    several = recipe.steps_per_execution
    if keras.backend.backend() == "torch":
        why = "on PyTorch, each step is a call: leave it out"
    elif steps_per_epoch % several:
        divisor = next(n for n in range(several, 0, -1) if steps_per_epoch % n == 0)
        # Keras would take all steps of the last call, and with them some of the next epoch.
        why = f"it must divide the {steps_per_epoch:,} steps of an epoch, as {divisor} does"
    elif steps_are_watched(recipe):
        watching = [s for s in recipe.callbacks if sees_steps(s.component("callback"))]
        why = f"{watching[0].name} is called after every step, and would miss some: leave one out"
    else:
        return
    raise ValueError(
        f"Several steps cannot be one call here: {why}. Received: steps_per_execution={several}"
    )
