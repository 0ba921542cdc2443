"""Templates: components that a model is given once and clones for many layers."""

import zlib
from typing import Any

import keras


def clone_layer(template: keras.layers.Layer, name: str, **changes: object) -> keras.layers.Layer:
    """Returns an unbuilt layer like `template`, with another name and other changes to its config.

    Example:

    >>> layer = clone_layer(keras.layers.BatchNormalization(momentum=0.9), "norm1", epsilon=1e-5)
    >>> layer.name, layer.momentum, layer.epsilon
    ('norm1', 0.9, 1e-05)
    """
    return type(template).from_config({**template.get_config(), "name": name, **changes})


def kernel_arguments(layer_name: str, initializer: object, regularizer: object) -> dict[str, Any]:
    """Returns a layer's arguments `name`, `kernel_initializer` and `kernel_regularizer`.

    A Keras initializer returns the same values each time it is called. Two layers of one shape that
    share it, or have copies of it with one seed, would start with equal weights. A given seed is
    therefore mixed with the name of the layer.

    Args:
        layer_name: Name of the layer.
        initializer: A Keras initializer, its name or its config.
        regularizer: A Keras regularizer, its name, its config, or `None`.

    Example:

    >>> seeded = keras.initializers.HeNormal(seed=1)
    >>> first, second = (kernel_arguments(name, seeded, None) for name in ("conv1", "conv2"))
    >>> first["kernel_initializer"].seed == second["kernel_initializer"].seed
    False
    """
    initializer = keras.initializers.get(initializer)
    if isinstance(initializer, keras.initializers.Initializer):
        config = initializer.get_config()
        if config.get("seed") is not None:
            config["seed"] = zlib.crc32(f"{layer_name} {config['seed']}".encode()) % 2**31
        initializer = type(initializer).from_config(config)
    regularizer = keras.regularizers.get(regularizer)
    if isinstance(regularizer, keras.regularizers.Regularizer):
        regularizer = type(regularizer).from_config(regularizer.get_config())
    return {
        "name": layer_name,
        "kernel_initializer": initializer,
        "kernel_regularizer": regularizer,
    }


def activate(inputs: keras.KerasTensor, activation: object, name: str) -> keras.KerasTensor:
    """Applies an activation: a Keras identifier, or a layer such as `PReLU`, which is cloned."""
    if isinstance(activation, keras.layers.Layer):
        return clone_layer(activation, name)(inputs)
    return keras.layers.Activation(activation, name=name)(inputs)
