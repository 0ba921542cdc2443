"""A network that starts from another's weights."""

import keras
import numpy as np


def warm_start(network: keras.Model, start: keras.Model) -> None:
    """Gives a network the weights of another of the same architecture.

    Args:
        network: The network that gets the weights.
        start: The network that has them.

    Raises:
        ValueError: If the architectures differ, and then the message names the first weight that
            does; or if the networks scale pixels in different ways.
    """
    for index in range(max(len(network.weights), len(start.weights))):
        ours, theirs = (_described(n.weights, index) for n in (network, start))
        if ours != theirs:
            raise ValueError(
                "The run to start from has another architecture: give `model` the options that it "
                "has in that run's recipe.json, or start from no run. First difference: weight "
                f"{index} must be {ours}. Received: {theirs}"
            )
    scaling, expected = _scalings(network), _scalings(start)
    if scaling != expected:
        raise ValueError(
            "The run to start from has weights for pixels that are scaled otherwise, by (scale, "
            f"offset) {expected}: give `model` the backbone that it has there. Received: {scaling}"
        )
    network.set_weights(start.get_weights())


def _scalings(network: keras.Model) -> list[tuple[object, object]]:
    """Returns what no weight tells of how a network preprocesses its input."""
    return [
        (np.asarray(layer.scale).tolist(), np.asarray(layer.offset).tolist())
        for layer in network.layers
        if isinstance(layer, keras.layers.Rescaling)
    ]


def _described(weights: list, index: int) -> str:
    if index >= len(weights):
        return "nothing more"
    return f"{weights[index].path.split('/')[-1]} of shape {tuple(weights[index].shape)}"
