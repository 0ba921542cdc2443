"""Facts of a model."""

import math
from collections.abc import Iterable

import keras

from kerasrecipes.base.private.calls import calls_of, origin_of
from kerasrecipes.diagnostics.facts.layers import layer_facts
from kerasrecipes.diagnostics.record.model_facts import Layer, Model


def model_facts(model) -> Model:
    """Returns facts of a model and its layers, those of models inside of it included.

    Args:
        model: A Keras model of any kind, compiled or not. Of one that is not built, only what its
            layers were made with is told.

    Example:

    >>> model = keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(3, name="y")])
    >>> facts = model_facts(model)
    >>> facts.kind, facts.parameters, [(layer.name, layer.inputs) for layer in facts.layers]
    ('Sequential', 15, [('x', ()), ('y', ('x',))])
    """
    layers, _ = _layers(model, "", {})
    return Model(
        kind_of(model),
        tuple(layers),
        parameters=_number(model.weights),
        trainable_parameters=_number(model.trainable_weights),
        ordered=all(kind_of(inner) != "subclassed" for inner in _models(model)),
        dtype_policy=_policy(model),
    )


def kind_of(model) -> str:
    """Returns the kind of a model, as `Model.kind` in a record."""
    if isinstance(model, keras.Sequential):
        return "Sequential"
    return "Functional" if hasattr(model, "operations") else "subclassed"


def output_layers(model) -> list[str | None]:
    """Returns the path of the layer that gives each output, `None` where it is not known."""
    return _layers(model, "", {})[1]


def _layers(model, prefix: str, feeds: dict[int, str]) -> tuple[list[Layer], list[str | None]]:
    """Returns facts of a model's layers, and the paths of those that give its outputs.

    Args:
        model: The model, or one inside of it.
        prefix: What its layers' names begin with.
        feeds: The path of the layer that each of its inputs comes from, if it is inside of another.
    """
    if kind_of(model) == "Functional":
        return _of_graph(model, prefix, feeds)
    return _of_chain(model, prefix, feeds)


def _of_graph(model, prefix: str, feeds: dict[int, str]) -> tuple[list[Layer], list[str | None]]:
    found: list[Layer] = []
    # The paths of the layers that give each output of an operation.
    gives: dict[int, list[str | None]] = {}
    for index, (operation, _) in enumerate(_origins(model.inputs)):
        if index in feeds:
            gives[id(operation)] = [feeds[index]]
        else:
            gives[id(operation)] = [prefix + operation.name]
            if not prefix:
                found.append(layer_facts(operation, operation.name))
    for operation in model.operations:
        if id(operation) in gives:
            continue
        calls = [
            [_path(gives[id(maker)], index) for maker, index in call if id(maker) in gives]
            for call in calls_of(operation)
        ]
        taken = _distinct(path for call in calls for path in call)
        if isinstance(operation, keras.Model):
            first = next((call for call in calls if call), [])
            inner = {k: path for k, path in enumerate(first) if path}
            layers, outputs = _layers(operation, f"{prefix}{operation.name}/", inner)
            found += layers
            gives[id(operation)] = outputs
        else:
            found.append(layer_facts(operation, prefix + operation.name, taken))
            gives[id(operation)] = [prefix + operation.name]
    outputs = [
        _path(gives[id(maker)], index) if id(maker) in gives else None
        for maker, index in _origins(model.outputs)
    ]
    return found, outputs


def _of_chain(model, prefix: str, feeds: dict[int, str]) -> tuple[list[Layer], list[str | None]]:
    """Returns the layers of a sequential model, or of a subclassed one in any order."""
    sequential = kind_of(model) == "Sequential"
    found: list[Layer] = []
    last = feeds.get(0)
    if sequential and not feeds and not prefix and model.built:
        ((operation, _),) = _origins(model.inputs)
        last = operation.name
        found.append(layer_facts(operation, operation.name))
    for layer in model.layers:
        taken = (last,) if sequential and last else ()
        if isinstance(layer, keras.Model):
            inner = {0: last} if sequential and last else {}
            layers, outputs = _layers(layer, f"{prefix}{layer.name}/", inner)
            found += layers
            last = outputs[0] if outputs else None
        else:
            found.append(layer_facts(layer, prefix + layer.name, taken))
            last = prefix + layer.name
    return found, [last] if sequential else []


def _origins(tensors) -> list[tuple]:
    return [origin_of(tensor) or (None, 0) for tensor in tensors]


def _path(paths: list[str | None], index: int) -> str | None:
    """Returns which of an operation's paths gives one of its outputs."""
    if len(paths) == 1:
        return paths[0]
    return paths[index] if index < len(paths) else None


def _distinct(paths: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path for path in paths if path))


def _models(model) -> list:
    """Returns a model and the models inside of it."""
    inner = [m for layer in model.layers if isinstance(layer, keras.Model) for m in _models(layer)]
    return [model, *inner]


def _number(weights) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def _policy(model) -> str:
    policies = [layer.dtype_policy.name for layer in model.layers if layer.weights]
    return max(policies, key=policies.count) if policies else str(model.dtype_policy.name)
