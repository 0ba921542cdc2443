"""Folding of batch normalization into the layers before it, for inference."""

from collections import defaultdict
from collections.abc import Callable, Iterator

import keras
import numpy as np

from kerasrecipes.layers.normalization.kernel_axes import (
    channel_axis,
    has_one_kernel,
    output_axes,
)
from kerasrecipes.models.surgery.rebuilding import copy_layer, rebuild

_SEPARABLE = (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)


def fold_batch_norm(model: keras.Model) -> keras.Model:
    """Returns a copy of a model for inference, with batch normalization folded into other layers.

    A layer with kernel `w` and bias `b` and the normalization after it become one layer. For each
    output channel,

        factor = gamma / sqrt(moving_variance + epsilon)
        w' = factor w,  b' = factor (b - moving_mean) + beta

    A normalization is folded if the layer before it is a `Dense` layer or a convolution (also a
    transposed, depthwise or separable one) without an activation, if the output of that layer goes
    to the normalization alone, and if each of the two is called once. Any other normalization stays
    as it is: for example, one before a convolution, or one after a convolution whose output another
    layer takes too.

    Args:
        model: A built functional or sequential model. Functional and sequential models inside it
            are treated in the same way.

    Returns:
        A model with the same layer names, except those of the folded normalizations. It is compiled
        as the given model is. Do not train it, because it has no batch statistics.

    Raises:
        ValueError: If the model is neither functional nor sequential, or not built.

    Example:

    >>> model = keras.Sequential([
    ...     keras.Input((8, 8, 3)),
    ...     keras.layers.Conv2D(4, 3, use_bias=False),
    ...     keras.layers.BatchNormalization(),
    ...     keras.layers.ReLU(),
    ... ])
    >>> [type(layer).__name__ for layer in fold_batch_norm(model).layers]
    ['Conv2D', 'ReLU']

    Reference:
        Jacob et al., 2018, https://arxiv.org/abs/1712.05877, section 3.2.
    """
    return rebuild(model, _folding)


def _folding(model: keras.Model) -> Callable[[keras.layers.Layer], keras.layers.Layer | None]:
    """Returns the function that gives `rebuild` the replacement of each layer of `model`."""
    pairs = {
        layer: norm
        for layer, norm in ((model.get_layer(a), model.get_layer(b)) for a, b in _chained(model))
        if _can_fold(layer, norm)
    }
    folded = set(pairs.values())

    def replacement(layer):
        if layer in folded:
            return None
        return _folded(layer, pairs[layer]) if layer in pairs else copy_layer(layer)

    return replacement


def _chained(model: keras.Model) -> Iterator[tuple[str, str]]:
    """Yields the names of two layers if the output of the first goes to the second alone."""
    if isinstance(model, keras.Sequential):
        chain = [layer.name for layer in model.layers]
        yield from zip(chain, chain[1:], strict=False)
        return
    config = model.get_config()
    calls = {entry["name"]: entry["inbound_nodes"] for entry in config["layers"]}
    users = defaultdict(list)
    for user, nodes in calls.items():
        for source in _sources(nodes):
            users[source].append(user)
    outputs = set(_sources(config["output_layers"]))
    for source, (user, *others) in users.items():
        called_once = len(calls[source]) == len(calls[user]) == 1
        if called_once and not others and source not in outputs:
            yield source, user


def _sources(serialized: object) -> Iterator[str]:
    """Yields the name of the layer that made each tensor in serialized calls or outputs."""
    if isinstance(serialized, dict):
        if serialized.get("class_name") == "__keras_tensor__":
            yield serialized["config"]["keras_history"][0]
        else:
            yield from _sources(list(serialized.values()))
    elif isinstance(serialized, list | tuple):
        match serialized:
            case [str(name), int(), int()]:
                yield name
            case _:
                for part in serialized:
                    yield from _sources(part)


def _can_fold(layer: keras.layers.Layer, norm: keras.layers.Layer) -> bool:
    """Returns whether `norm` is a batch normalization of the output channels of `layer`."""
    kernels = 1 if has_one_kernel(layer) else 2 if isinstance(layer, _SEPARABLE) else None
    if kernels is None or type(norm) is not keras.layers.BatchNormalization:
        return False
    rank = norm.input_spec.ndim
    return (
        layer.activation is keras.activations.linear
        # Quantized and low-rank layers have more weights, and are left alone.
        and len(layer.weights) == kernels + layer.use_bias
        and norm.axis % rank == channel_axis(layer, rank)
    )


def _folded(layer: keras.layers.Layer, norm: keras.layers.Layer) -> keras.layers.Layer:
    """Returns one layer that computes the same as `layer` and then `norm`."""
    # The last kernel makes the outputs: of separable convolutions, the pointwise one.
    *others, kernel = map(_float64, layer.weights[: len(layer.weights) - layer.use_bias])
    mean, variance = _float64(norm.moving_mean), _float64(norm.moving_variance)
    factor = 1 / np.sqrt(variance + norm.epsilon)
    if norm.scale:
        factor = factor * _float64(norm.gamma)
    bias = factor * ((_float64(layer.bias) if layer.use_bias else 0) - mean)
    if norm.center:
        bias = bias + _float64(norm.beta)
    shape = np.ones(kernel.ndim, int)
    for axis in (-1,) if others else output_axes(layer):
        shape[axis] = kernel.shape[axis]
    copy = type(layer).from_config({**layer.get_config(), "use_bias": True})
    copy.build_from_config(layer.get_build_config())
    copy.set_weights([*others, kernel * factor.reshape(shape), bias])
    return copy


def _float64(variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable).astype("float64")
