"""A network that starts from another's weights."""

import keras


def warm_start(network: keras.Model, start: keras.Model) -> None:
    """Gives a network the weights of another of the same architecture.

    Args:
        network: The network that gets the weights.
        start: The network that has them.

    Raises:
        ValueError: If the architectures differ; the message names the first weight that does.
    """
    for index in range(max(len(network.weights), len(start.weights))):
        ours, theirs = (_described(n.weights, index) for n in (network, start))
        if ours != theirs:
            raise ValueError(
                "The run to start from has another architecture, and this model's builder takes "
                f"no `start`. First difference: weight {index} must be {ours}. Received: {theirs}"
            )
    network.set_weights(start.get_weights())


def _described(weights: list, index: int) -> str:
    if index >= len(weights):
        return "nothing more"
    return f"{weights[index].path.split('/')[-1]} of shape {tuple(weights[index].shape)}"
