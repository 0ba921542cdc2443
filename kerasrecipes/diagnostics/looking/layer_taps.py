"""Taps on the calls of a model's layers."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras


def tapped_layers(model: keras.Model) -> dict[str, keras.layers.Layer]:
    """Returns the layers of a model by their paths; those of models inside of it included.

    Layers that another layer holds, such as the cell of a recurrent one, are not among them: it may
    call them in a loop of the backend, out of which no value comes.

    Example:

    >>> inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="a")], name="body")
    >>> model = keras.Sequential([keras.Input((4,)), inner, keras.layers.Dense(1, name="b")])
    >>> list(tapped_layers(model))
    ['body/a', 'b']
    """
    return dict(_paths(model, ""))


def _paths(model, prefix: str) -> Iterator[tuple[str, keras.layers.Layer]]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _paths(layer, f"{prefix}{layer.name}/")
        elif not isinstance(layer, keras.layers.InputLayer):
            yield prefix + layer.name, layer


@contextlib.contextmanager
def tapped(
    layers: Mapping[str, keras.layers.Layer], tell: Callable[[str, Any], None]
) -> Iterator[None]:
    """Tells the outputs of layers while it is entered, and leaves the layers as they were.

    Args:
        layers: The layers by their paths.
        tell: Function that is called with the path and the output of a layer, at each of its calls.
    """
    before = {path: vars(layer).get("call") for path, layer in layers.items()}
    try:
        for path, layer in layers.items():
            # Keras tracks what is set as an attribute; this is not to be tracked.
            vars(layer)["call"] = _telling(layer.call, path, tell)
        yield
    finally:
        for path, layer in layers.items():
            if before[path] is None:
                vars(layer).pop("call", None)
            else:
                vars(layer)["call"] = before[path]


def _telling(call, path: str, tell: Callable[[str, Any], None]):
    def called(*arguments, **keywords):
        outputs = call(*arguments, **keywords)
        tell(path, outputs)
        return outputs

    return called
