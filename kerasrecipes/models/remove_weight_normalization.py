"""Weight normalization is only for training."""

import keras

from kerasrecipes.layers.normalization.kernel_wrapper import KernelWrapper
from kerasrecipes.models.rebuild import copy_layer, rebuild


def remove_weight_normalization(model: keras.Model) -> keras.Model:
    """Returns a copy of a model with plain layers for normalized ones, which computes the same.

    Args:
        model: A built functional or sequential model. Of models inside it, those that are
            functional or sequential are copied alike. `WeightNormalization` and
            `WeightStandardization` are removed.

    Returns:
        A model of the same layer names, compiled as the model is.

    Raises:
        ValueError: If the model is neither functional nor sequential, or not built.

    Example:

    >>> from kerasrecipes.layers import WeightNormalization
    >>> layer = WeightNormalization(keras.layers.Dense(2), name="dense")
    >>> model = keras.Sequential([keras.Input((3,)), layer])
    >>> type(remove_weight_normalization(model).get_layer("dense")).__name__
    'Dense'
    """
    return rebuild(model, lambda _: _plain)


def _plain(layer: keras.layers.Layer) -> keras.layers.Layer:
    return layer.remove() if isinstance(layer, KernelWrapper) else copy_layer(layer)
