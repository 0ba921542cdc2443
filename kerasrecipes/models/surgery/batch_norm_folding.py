"""Batch normalization costs nothing in inference: it is part of the layer before it."""

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


def fold_batch_norm(model: keras.Model) -> keras.Model:
    """Returns a copy of a model for inference, with batch normalization inside the layers before.

    A layer with kernel `w` and bias `b`, and the normalization behind it, become one layer:

        factor = gamma / sqrt(moving_variance + epsilon)
        w' = factor w,  b' = factor (b - moving_mean) + beta

    for each output channel. That is done where the layer is a `Dense`, a convolution, a transposed
    or a depthwise one, has no activation, and all that it gives goes to one normalization of its
    channels, each of the two called once. All other normalization stays as it is, such as that
    before a convolution, or of a convolution that something else sees too.

    Args:
        model: A built functional or sequential model. Models inside it that are so too are copied
            alike.

    Returns:
        A model of the same layer names, less those of the normalizations that are gone, compiled as
        the model is. It is not for training: batch statistics no longer count.

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
    """Returns what `rebuild` is to do with each layer of `model`."""
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
    """Yields the names of two layers where all that the first gives goes to the second."""
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
    """Yields the name of the layer behind each tensor in serialized calls or outputs."""
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
    if not has_one_kernel(layer) or type(norm) is not keras.layers.BatchNormalization:
        return False
    rank = norm.input_spec.ndim
    return (
        layer.activation is keras.activations.linear
        # Quantized and low-rank layers have more weights than these.
        and len(layer.weights) == 1 + layer.use_bias
        and norm.axis % rank == channel_axis(layer, rank)
    )


def _folded(layer: keras.layers.Layer, norm: keras.layers.Layer) -> keras.layers.Layer:
    kernel = _float64(layer.kernel)
    mean, variance = _float64(norm.moving_mean), _float64(norm.moving_variance)
    factor = 1 / np.sqrt(variance + norm.epsilon)
    if norm.scale:
        factor = factor * _float64(norm.gamma)
    bias = factor * ((_float64(layer.bias) if layer.use_bias else 0) - mean)
    if norm.center:
        bias = bias + _float64(norm.beta)
    shape = np.ones(kernel.ndim, int)
    for axis in output_axes(layer):
        shape[axis] = kernel.shape[axis]
    copy = type(layer).from_config({**layer.get_config(), "use_bias": True})
    copy.build_from_config(layer.get_build_config())
    copy.set_weights([kernel * factor.reshape(shape), bias])
    return copy


def _float64(variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable).astype("float64")
