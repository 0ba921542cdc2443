"""Copies of models that compute in float64."""

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from kerasrecipes.base.private.double_promotion import promoted_to_double
from kerasrecipes.diagnostics.trying.building import said
from kerasrecipes.diagnostics.trying.nested_layers import layers_within

_FLOATS = ("float16", "bfloat16", "float32")
_DOUBLE = {
    "module": "keras",
    "class_name": "DTypePolicy",
    "config": {"name": "float64"},
    "registered_name": None,
}


@contextlib.contextmanager
def double_precision() -> Iterator[None]:
    """Lets new layers and losses compute in float64, on every backend."""
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    with contextlib.ExitStack() as stack:
        stack.enter_context(promoted_to_double())
        if keras.backend.backend() == "jax":
            import jax

            stack.enter_context(jax.enable_x64(True))
        try:
            keras.config.set_floatx("float64")
            keras.config.set_dtype_policy("float64")
            yield
        finally:
            keras.config.set_floatx(floatx)
            keras.config.set_dtype_policy(policy)


def as_double(structure):
    """Returns arrays, those of floating-point numbers as float64."""
    return keras.tree.map_structure(
        lambda a: a.astype("float64") if a.dtype.kind == "f" else a, structure
    )


def double_copy(model: keras.Model, x) -> keras.Model:
    """Returns a copy of a model, with its weights, in float64; to be called within the context.

    Args:
        model: A built model.
        x: Inputs, as float64.

    Raises:
        ValueError: If the model cannot be made anew from its config, with the reason.
    """
    try:
        with keras.saving.custom_object_scope(_known(model)):
            copy = type(model).from_config(_doubled(model.get_config()))
        copy(x)
        for old, new in zip(model.weights, copy.weights, strict=True):
            new.assign(np.asarray(keras.ops.convert_to_numpy(old), "float64"))
    except Exception as error:  # What users' classes raise is not known.
        raise ValueError(
            "`model` must be one that can be made anew from its config, because gradients are "
            "checked on a copy in float64: write `get_config` of its layers, and name functions "
            f"instead of lambdas. Received: {said(error)}"
        ) from error
    return copy


def double_loss(loss):
    """Returns what `compile` takes as `loss`, with losses that compute in float64."""

    def doubled(part):
        if not isinstance(part, keras.losses.Loss):
            return part
        config = {k: v for k, v in part.get_config().items() if k != "dtype"}
        return type(part).from_config(config)

    return keras.tree.map_structure(doubled, loss)


def _known(model) -> dict[str, Any]:
    """Returns the classes and functions of a model's layers by their names."""
    known: dict[str, Any] = {}
    for layer in layers_within(model):
        known[type(layer).__name__] = type(layer)
        held = [part for part in vars(layer).values() if inspect.isfunction(part)]
        known |= {part.__name__: part for part in held}
    return known


def _doubled(part):
    """Returns a config in which all floating-point types are float64."""
    if isinstance(part, list | tuple):
        return [_doubled(entry) for entry in part]
    if not isinstance(part, dict):
        return part
    if part.get("class_name") == "DTypePolicy":
        return _DOUBLE
    return {
        key: "float64" if key == "dtype" and value in _FLOATS else _doubled(value)
        for key, value in part.items()
    }
