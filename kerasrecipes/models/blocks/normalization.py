"""Normalization layers from the `normalization` argument of a model."""

import keras

from kerasrecipes.base.checks import nearest
from kerasrecipes.layers import (
    FilterResponseNormalization,
    InstanceNormalization,
    WeightNormalization,
)
from kerasrecipes.models.blocks.templates import clone_layer

# Of the moving statistics. After `n` steps, the values that they began with still weigh `0.9**n`.
BATCH_MOMENTUM = 0.9

NAMES = ("batch", "layer", "instance", "group", "filter_response", "weight", "none")


def normalize(
    inputs: keras.KerasTensor, normalization: object, name: str, *, zero_gamma: bool = False
) -> keras.KerasTensor:
    """Normalizes a tensor whose last axis is channels.

    A name stands for a layer with its default options. For other options, give a layer.

    Args:
        inputs: Symbolic tensor, `(batch, ..., channels)`.
        normalization: One of

            - `"batch"`: `BatchNormalization(momentum=0.9)`. With Keras's 0.99, moving statistics
              are of use only after some hundred steps: a shorter training scores like chance
              although it has learnt. 0.9 is PyTorch's, which calls it `momentum=0.1`.
            - `"layer"`: `GroupNormalization(groups=1)`, which has one mean and variance for each
              sample, over height, width and channels, and a `gamma` and `beta` for each channel.
              `LayerNormalization()` would take the statistics over the channels alone.
            - `"instance"`: `InstanceNormalization`. It is not for vectors, which have no axes to
              take statistics over.
            - `"group"`: `GroupNormalization` with the largest number of groups, up to 32, that
              divides the channels.
            - `"filter_response"`: `FilterResponseNormalization`. Give the model the activation
              `ThresholdedLinearUnit()` with it. It is not for vectors.
            - `"weight"`: no layer here, because `normalize_weights` normalizes the layer before.
            - `"none"` or `None`: no normalization.
            - A Keras layer, which is cloned.
        name: Name of the layer.
        zero_gamma: Whether `gamma` starts at zero, so that the output starts at `beta`.

    Returns:
        Symbolic tensor of the same shape; `inputs` itself if there is no normalization.

    Raises:
        ValueError: If `normalization` is unknown, or has no `gamma` although `zero_gamma` is set.

    Example:

    >>> inputs = keras.Input((8, 8, 48))
    >>> model = keras.Model(inputs, normalize(inputs, "group", "norm1"))
    >>> model.get_layer("norm1").groups
    24

    Reference:
        Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167 (batch);
        Ba et al., 2016, https://arxiv.org/abs/1607.06450 (layer);
        Ulyanov et al., 2016, https://arxiv.org/abs/1607.08022 (instance);
        Wu and He, 2018, https://arxiv.org/abs/1803.08494 (group);
        Singh and Krishnan, 2020, https://arxiv.org/abs/1911.09737 (filter_response).
    """
    template = _template(normalization, inputs.shape[-1])
    if zero_gamma:
        _check_has_gamma(template, normalization)
        return clone_layer(template, name, gamma_initializer="zeros")(inputs)
    return inputs if template is None else clone_layer(template, name)(inputs)


def normalize_weights(layer: keras.layers.Layer, normalization: object) -> keras.layers.Layer:
    """Returns `layer`, wrapped into `WeightNormalization` if `normalization` is `"weight"`."""
    return WeightNormalization(layer, name=layer.name) if normalization == "weight" else layer


def needs_bias(normalization: object) -> bool:
    """Returns whether the layer before needs a bias, because the normalization adds no `beta`."""
    return normalization is None or normalization in ("none", "weight")


def _template(normalization: object, channels: int) -> keras.layers.Layer | None:
    """Returns a layer to clone, or `None` if no normalization layer is needed."""
    if isinstance(normalization, keras.layers.Layer):
        return normalization
    if needs_bias(normalization):
        return None
    if normalization == "batch":
        return keras.layers.BatchNormalization(momentum=BATCH_MOMENTUM)
    if normalization == "layer":
        return keras.layers.GroupNormalization(groups=1)
    if normalization == "instance":
        return InstanceNormalization()
    if normalization == "group":
        groups = max(count for count in range(1, 33) if channels % count == 0)
        return keras.layers.GroupNormalization(groups=groups)
    if normalization == "filter_response":
        return FilterResponseNormalization()
    raise ValueError(
        f"`normalization` must be one of {', '.join(map(repr, NAMES))}, None or a Keras layer."
        f"{nearest(normalization, NAMES)} Received: normalization={normalization!r}"
    )


def _check_has_gamma(template: keras.layers.Layer | None, normalization: object) -> None:
    config = {} if template is None else template.get_config()
    if "gamma_initializer" not in config or not config.get("scale", True):
        raise ValueError(
            "`zero_gamma=True` needs a normalization with a `gamma`, such as 'batch'. "
            f"Received: normalization={normalization!r}"
        )
