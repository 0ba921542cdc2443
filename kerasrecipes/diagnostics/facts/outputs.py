"""Facts of a model's outputs, and of what is asked of them."""

import warnings
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kerasrecipes.base.private.metrics import compiled_metrics
from kerasrecipes.diagnostics.facts.built_copies import built_copy
from kerasrecipes.diagnostics.facts.given import Given
from kerasrecipes.diagnostics.facts.loss_names import loss_facts, metric_name
from kerasrecipes.diagnostics.facts.models import kind_of, model_facts, output_layers
from kerasrecipes.diagnostics.facts.value_statistics import value_facts
from kerasrecipes.diagnostics.record.model_facts import Model, Output

# Layers that leave the range of what they are given as it is.
_THROUGH = {"Dropout", "Flatten", "Reshape", "Permute", "InputLayer", "Identity", "Cropping2D"}


def output_facts(model, given: Given | None = None) -> tuple[Output, ...]:
    """Returns facts of each output of a model.

    Args:
        model: A Keras model, compiled or not.
        given: The data that it is trained on.

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, "sigmoid")])
    >>> model.compile("adam", "bce")
    >>> [output] = output_facts(model)
    >>> output.activation, output.loss.kind
    ('sigmoid', 'binary_crossentropy')
    """
    shown = model if given is None else built_copy(model, given.x)
    facts = model_facts(shown)
    shapes = _shapes(shown, given)
    layers = output_layers(shown)
    layers = layers if len(layers) == len(shapes) else []
    names = _names(shown, layers, len(shapes))
    losses = _each(getattr(model, "loss", None), names)
    metrics = _metrics(model, names)
    targets = _targets(model, given, names)
    found = []
    for k, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        layer = layers[k] if layers else _last(facts)
        values = None if targets[k] is None else value_facts(targets[k])
        found.append(
            Output(
                name,
                shape,
                _activation(facts, layer),
                layer,
                loss_facts(losses[k], shape, None if values is None else values.shape),
                metrics[k],
                values,
            )
        )
    return tuple(found)


def _shapes(model, given: Given | None) -> list[tuple[int | None, ...]]:
    """Returns the shape of a sample of each output."""
    outputs = model.outputs if kind_of(model) != "subclassed" and model.built else None
    if not outputs:
        if given is None or given.x is None:
            return []
        outputs = keras.tree.flatten(_symbolic_outputs(model, given.x))
    return [tuple(tensor.shape[1:]) for tensor in outputs]


def _symbolic_outputs(model, x):
    """Returns the outputs of a subclassed model, as tensors without values."""
    if not model.built:
        return []
    try:
        inputs = keras.tree.map_structure(
            lambda a: keras.KerasTensor((None, *a.shape[1:]), _dtype(a.dtype)), x
        )
        return model.compute_output_spec(inputs)
    except Exception:  # What users' models raise is not known.
        return []


def _dtype(dtype: np.dtype) -> str:
    return keras.config.floatx() if dtype.kind == "f" else dtype.name


def _names(model, layers: list, number: int) -> list[str]:
    names = getattr(model, "output_names", None)
    if names and len(names) == number:
        return list(names)
    if len(layers) == number and all(layers):
        return [str(layer) for layer in layers]
    return [f"output_{k}" for k in range(number)] if number > 1 else ["output"] * number


def _each(given, names: list[str]) -> list:
    """Returns what was given for each output."""
    if isinstance(given, Mapping):
        return [given.get(name) for name in names]
    if isinstance(given, list | tuple):
        flat = keras.tree.flatten(list(given))
        return flat if len(flat) == len(names) else [None] * len(names)
    return [given] * len(names)


def _metrics(model, names: list[str]) -> list[tuple[str, ...]]:
    """Returns the names of each output's metrics."""
    if not model.compiled:
        return [()] * len(names)
    given: list[Any] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of functions without a name.
            config = model.get_compile_config()
        given = [config.get("metrics"), config.get("weighted_metrics")]
    except Exception:  # A loss or a metric that cannot be serialized.
        given = [[metric for metric in compiled_metrics(model) if metric.name != "loss"]]
    found: list[list[str]] = [[] for _ in names]
    for metrics in given:
        for k, own in enumerate(_metrics_of_each(metrics, names)):
            found[k] += [metric_name(metric) for metric in own]
    return [tuple(own) for own in found]


def _metrics_of_each(given, names: list[str]) -> list[list]:
    if given is None:
        return [[] for _ in names]
    if isinstance(given, Mapping) and "class_name" not in given:
        return [_listed(given.get(name)) for name in names]
    given = _listed(given)
    nested = len(given) == len(names) > 1
    if nested and all(isinstance(part, list | tuple) or part is None for part in given):
        return [_listed(part) for part in given]
    return [given if k == 0 or len(names) == 1 else [] for k in range(len(names))]


def _listed(given) -> list:
    if given is None:
        return []
    return list(given) if isinstance(given, list | tuple) else [given]


def _targets(model, given: Given | None, names: list[str]) -> list:
    if given is None or given.y is None:
        return [None] * len(names)
    if isinstance(given.y, Mapping):
        return [given.y.get(name) for name in names]
    flat = keras.tree.flatten(given.y)
    return flat if len(flat) == len(names) else [None] * len(names)


def _last(facts: Model) -> str | None:
    return facts.layers[-1].name if facts.layers and facts.ordered else None


def _activation(facts: Model, name: str | None) -> str:
    """Returns the last activation before an output."""
    layers = {layer.name: layer for layer in facts.layers}
    while (layer := layers.get(name or "")) is not None:
        if layer.activation is not None:
            return layer.activation
        if layer.kind not in _THROUGH or len(layer.inputs) != 1:
            return "unknown"
        name = layer.inputs[0]
    return "unknown"
