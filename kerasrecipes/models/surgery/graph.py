"""Graph of the layers of a functional network."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import keras

from kerasrecipes.models.surgery.assembly import network_of


@dataclass(frozen=True)
class Graph:
    """The layers of a functional network and their dependencies.

    Operations without weights, such as `keras.ops.flip`, are among the layers.

    Args:
        layers: The layers in the order in which they are computed: each comes after the layers that
            it depends on.
        inputs: Dictionary from the name of a layer to the names of the layers whose outputs it
            takes.
    """

    layers: Sequence[keras.layers.Layer]
    inputs: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, model: keras.Model) -> "Graph":
        """Returns the graph of a network, or of the network that `assemble` put into a model.

        Raises:
            ValueError: If the network is not a functional model.
        """
        network = inner_network(model)
        if not hasattr(network, "operations"):
            raise ValueError(
                "The network must be functional, keras.Model(inputs, outputs). "
                f"Received: {type(network).__name__}"
            )
        entries = network.get_config()["layers"]
        return cls(
            network.operations, {e["name"]: list(_origins(e["inbound_nodes"])) for e in entries}
        )

    @cached_property
    def feature_map(self) -> str:
        """The name of the last layer whose output is a feature map, with four axes.

        Raises:
            ValueError: If no layer has such an output.
        """
        for layer in reversed(self.layers):
            if not isinstance(layer, keras.layers.InputLayer) and len(layer.output.shape) == 4:
                return layer.name
        raise ValueError(
            "The network must be convolutional: it has no layer with an output of shape (batch, "
            f"height, width, channels). Received: layers {', '.join(x.name for x in self.layers)}"
        )

    def position(self, name: str) -> int:
        """Returns the index of a layer in the order."""
        return self._positions[name]

    def output(self, name: str) -> keras.KerasTensor:
        """Returns the output of a layer."""
        return self.layers[self.position(name)].output

    def up_to(self, name: str) -> list[keras.layers.Layer]:
        """Returns a layer and all layers that it depends on, in order, without operations."""
        needed, waiting = set(), [name]
        while waiting:
            current = waiting.pop()
            if current not in needed:
                needed.add(current)
                waiting.extend(self.inputs[current])
        layers = [layer for layer in self.layers if layer.name in needed]
        return [layer for layer in layers if isinstance(layer, keras.layers.Layer)]

    def is_cut_point(self, position: int) -> bool:
        """Returns whether the layers after a position depend on those before it only through it."""
        return self._furthest[position] <= position

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {layer.name: position for position, layer in enumerate(self.layers)}

    @cached_property
    def _furthest(self) -> list[int]:
        """For each position, that of the last layer that takes an output from before it."""
        last_use = [0] * len(self.layers)
        for layer in self.layers:
            for name in self.inputs[layer.name]:
                last_use[self._positions[name]] = self._positions[layer.name]
        furthest, found = 0, []
        for use in last_use:
            found.append(furthest)
            furthest = max(furthest, use)
        return found


def inner_network(model: keras.Model) -> keras.Model:
    """Returns the network that `assemble` put into a model, or the model itself."""
    last = network_of(model)
    return last if isinstance(last, keras.Model) else model


def _origins(arguments: object) -> Iterator[str]:
    """Yields the names of the layers whose outputs are among a layer's serialized arguments."""
    if isinstance(arguments, Mapping):
        if "keras_history" in arguments:
            yield arguments["keras_history"][0]
        arguments = list(arguments.values())
    if isinstance(arguments, list | tuple):
        for value in arguments:
            yield from _origins(value)


def all_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yields the layers of a model in order; a model inside it is replaced by its own layers."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from all_layers(layer)
        else:
            yield layer
