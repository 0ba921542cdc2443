"""Data-dependent initialization of weight normalization."""

import keras

from kerasrecipes.layers import WeightNormalization
from kerasrecipes.layers.normalization.kernel_wrapper import KernelWrapper
from kerasrecipes.models.surgery.graph import all_layers
from kerasrecipes.models.surgery.rebuilding import copy_layer, rebuild


def initialize_weight_normalization(model: keras.Model, batch) -> None:
    """Starts each `WeightNormalization` of a model so that its outputs have mean 0, deviation 1.

    It happens in one pass through the model, in inference mode: each layer sets its lengths and
    biases from what it receives, before its activation, and the layers behind it receive what it
    gives after that. A layer that is called several times goes by its first call.
    `kerasrecipes.train` does this to every model before training, unless it starts from another
    run.

    Args:
        model: A built model. Without `WeightNormalization` nothing happens.
        batch: A batch of the model's inputs, such as a hundred images: more are a better estimate.

    Raises:
        ValueError: If a layer is not called when the model is.

    Example:

    >>> from kerasrecipes.layers import WeightNormalization
    >>> layer = WeightNormalization(keras.layers.Dense(2, activation="relu"))
    >>> model = keras.Sequential([keras.Input((3,)), layer])
    >>> images = np.random.default_rng(0).normal(5.0, 2.0, (100, 3))
    >>> initialize_weight_normalization(model, images)
    >>> before_relu = images @ ops.convert_to_numpy(layer.kernel) + np.array(layer.layer.bias)
    >>> print(abs(before_relu.mean(0)).round(4), before_relu.std(0).round(4))
    [0. 0.] [1. 1.]

    Reference:
        Salimans and Kingma, 2016, https://arxiv.org/abs/1602.07868, section 3.
    """
    layers = [layer for layer in all_layers(model) if isinstance(layer, WeightNormalization)]
    if not layers:
        return
    try:
        for layer in layers:
            layer.initializes_when_called = True
        model(batch, training=False)
        missed = [layer.name for layer in layers if layer.initializes_when_called]
    finally:
        for layer in layers:
            layer.initializes_when_called = False
    if missed:
        raise ValueError(
            "Each `WeightNormalization` of `model` must be called when the model is. "
            f"Received: {', '.join(missed)}, which are not"
        )


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
