"""Data-dependent initialization of weight normalization, and its removal."""

import keras

from kerasrecipes.base.text import listed
from kerasrecipes.layers import WeightNormalization
from kerasrecipes.layers.normalization.kernel_wrapper import KernelWrapper
from kerasrecipes.models.surgery.graph import all_layers
from kerasrecipes.models.surgery.rebuilding import copy_layer, rebuild


def initialize_weight_normalization(model: keras.Model, batch) -> None:
    """Initializes each `WeightNormalization` so that its outputs have mean 0 and deviation 1.

    The model is called once in inference mode. In this call, each `WeightNormalization` sets its
    lengths and biases so that its outputs before the activation are standardized; the layers after
    it receive its outputs under the new values. A layer that is called several times is initialized
    by its first call. `kerasrecipes.train` initializes every model so before training, unless the
    recipe starts from another run.

    Args:
        model: A built model. A model without `WeightNormalization` is not changed.
        batch: A batch of inputs of the model, such as a hundred images. More images give a better
            estimate.

    Raises:
        ValueError: If the model has such a layer that it does not call.

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
            "`model` must call each `WeightNormalization` in it. "
            f"Received: {listed(missed)}, which it does not call"
        )


def remove_weight_normalization(model: keras.Model) -> keras.Model:
    """Returns a copy of a model that computes the same without normalized weights.

    `WeightNormalization` and `WeightStandardization` are replaced by the layers inside them, with
    the normalized kernels as their weights.

    Args:
        model: A built functional or sequential model. Functional and sequential models inside it
            are treated in the same way.

    Returns:
        A model with the same layer names, compiled as the given model is.

    Raises:
        ValueError: If the model is neither functional nor sequential, or is not built.

    Example:

    >>> from kerasrecipes.layers import WeightNormalization
    >>> layer = WeightNormalization(keras.layers.Dense(2), name="dense")
    >>> model = keras.Sequential([keras.Input((3,)), layer])
    >>> type(remove_weight_normalization(model).get_layer("dense")).__name__
    'Dense'
    """
    return rebuild(model, lambda _: _without_wrapper)


def _without_wrapper(layer: keras.layers.Layer) -> keras.layers.Layer:
    return layer.remove() if isinstance(layer, KernelWrapper) else copy_layer(layer)
