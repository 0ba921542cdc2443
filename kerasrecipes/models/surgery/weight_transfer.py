"""Transfer of weights between networks of the same architecture."""

import keras
import numpy as np


def warm_start(network: keras.Model, start: keras.Model) -> None:
    """Gives a network the weights of another network of the same architecture.

    Args:
        network: The network that receives the weights.
        start: The trained network.

    Raises:
        ValueError: If the architectures differ, where the message names the first weight that does;
            or if the networks scale pixels in different ways.
    """
    for index in range(max(len(network.weights), len(start.weights))):
        ours, theirs = (_described(n.weights, index) for n in (network, start))
        if ours != theirs:
            raise ValueError(
                "The run to start from has another architecture. Give `model` the options of that "
                "run's recipe.json, or leave `start` out. First difference: weight "
                f"{index} must be {ours}. Received: {theirs}"
            )
    scaling, expected = _scalings(network), _scalings(start)
    if scaling != expected:
        raise ValueError(
            "The run to start from scales pixels in another way. Give `model` the backbone of that "
            f"run. Expected (scale, offset): {expected}. Received: {scaling}"
        )
    network.set_weights(start.get_weights())


def _scalings(network: keras.Model) -> list[tuple[object, object]]:
    """Returns scale and offset of each `Rescaling` in a network, which no weight holds."""
    return [
        (np.asarray(layer.scale).tolist(), np.asarray(layer.offset).tolist())
        for layer in network.layers
        if isinstance(layer, keras.layers.Rescaling)
    ]


def _described(weights: list, index: int) -> str:
    """Returns the name and shape of one of some weights."""
    if index >= len(weights):
        return "nothing more"
    return f"{weights[index].path.split('/')[-1]} of shape {tuple(weights[index].shape)}"
