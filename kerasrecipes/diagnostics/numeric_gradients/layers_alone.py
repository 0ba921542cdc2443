"""Gradients of layers, each by itself."""

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.differentiation import differentiated
from kerasrecipes.diagnostics.numeric_gradients.quotients import compared
from kerasrecipes.diagnostics.record.trials import GradientError
from kerasrecipes.diagnostics.trying.nested_layers import layers_within

# Entries of each input and weight that are tried.
_ENTRIES = 8


def errors_of_layers(model: keras.Model, x, generator: np.random.Generator) -> list[GradientError]:
    """Returns the errors of layers whose own gradient is wrong, or could be.

    A layer that holds others is tried only if all of them are right.

    Args:
        model: A model in float64, which is changed.
        x: Its inputs.
        generator: It draws entries.
    """
    calls = _calls(model, x)
    errors: list[GradientError] = []
    blamed: set[int] = set()
    inner_first = sorted(calls, key=lambda layer: len(layers_within(layer)))
    for layer in inner_first:
        if any(id(inner) in blamed for inner in layers_within(layer)):
            blamed.add(id(layer))
            continue
        args, kwargs = calls[layer]
        error = _error(layer, args, kwargs, generator)
        if error is not None and error.error is not None and error.error > 1e-2:
            blamed.add(id(layer))
            errors.append(error)
    return errors


def _calls(model, x) -> dict:
    """Returns the arguments of the first call of each layer in a model."""
    calls: dict = {}

    def tapped(layer):
        call = layer.call

        def recorded(*args, **kwargs):
            calls.setdefault(layer, (args, kwargs))
            return call(*args, **kwargs)

        return recorded

    layers = [layer for layer in layers_within(model) if layer is not model]
    for layer in layers:
        vars(layer)["call"] = tapped(layer)
    try:
        model(x, training=False)
    finally:
        for layer in layers:
            del vars(layer)["call"]
    return calls


def _error(layer, args: tuple, kwargs: dict, generator) -> GradientError | None:
    """Returns the error of a layer with respect to its inputs and weights; the greatest one."""
    flat = keras.tree.flatten((args, kwargs))
    places = [k for k, part in enumerate(flat) if _is_double(part)]
    inputs = [np.array(ops.convert_to_numpy(flat[k])) for k in places]
    variables = layer.trainable_variables
    values = [*inputs, *(np.array(ops.convert_to_numpy(v)) for v in variables)]
    if not values:
        return None
    factors: list[np.ndarray] = []

    def value(tensors, others):
        given = [*flat]
        for place, tensor in zip(places, tensors[: len(places)], strict=True):
            given[place] = tensor
        own_args, own_kwargs = keras.tree.pack_sequence_as((args, kwargs), given)
        mapping = list(zip(variables, tensors[len(places) :], strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            outputs = keras.tree.flatten(layer(*own_args, **own_kwargs))
        outputs = [output for output in outputs if _is_double(output)]
        if not factors:
            factors.extend(generator.normal(size=tuple(output.shape)) for output in outputs)
        total = sum(ops.sum(ops.multiply(o, f)) for o, f in zip(outputs, factors, strict=True))
        return ops.convert_to_tensor(total, "float64"), ()

    found = compared(differentiated(value), values, _ENTRIES, generator)
    names = ["input"] * len(places) + [variable.name for variable in variables]
    errors = [
        GradientError(layer.name, name, *row, alone=True)
        for name, row in zip(names, found, strict=True)
    ]
    return max(errors, key=lambda error: error.error or 0.0)


def _is_double(part) -> bool:
    return hasattr(part, "dtype") and keras.backend.standardize_dtype(part.dtype) == "float64"
