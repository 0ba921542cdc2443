"""Facts of a layer."""

import math
import re

import keras
import numpy as np

from kerasrecipes.diagnostics.record.model_facts import Layer

# The activations that are known by their names, of Keras and of the backends alike.
_ACTIVATIONS = {
    name for name in dir(keras.activations) if not name.startswith("_") and name.islower()
} - {"get", "serialize", "deserialize"}

_OF_LAYERS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
    "ThresholdedLinearUnit": "thresholded_linear",
}
_OPTIONS = (
    "input_dim",
    "output_dim",
    "mask_zero",
    "return_sequences",
    "return_state",
    "stateful",
    "scale",
    "offset",
    "padding",
    "strides",
    "pool_size",
    "kernel_size",
    "num_heads",
    "recurrent_dropout",
    "axis",
    "use_bias",
)

# Of larger kernels, so many entries are looked at, evenly spaced.
MOST_ENTRIES = 1_000_000


def layer_facts(layer, name: str, inputs: tuple[str, ...] = ()) -> Layer:
    """Returns facts of a layer, or of an operation without weights, such as `keras.ops.relu`.

    Args:
        layer: A layer or operation of Keras.
        name: Its path in the model.
        inputs: The paths of the layers whose outputs it takes.

    Example:

    >>> dense = keras.layers.Dense(3, "relu", kernel_regularizer="l2")
    >>> dense.build((None, 4))
    >>> facts = layer_facts(dense, "hidden")
    >>> facts.activation, facts.units, facts.fan_in, facts.parameters, facts.penalties
    ('relu', 3, 4, 15, {'l2': 0.01})
    """
    inner = _within(layer)
    kernel = _array(_own(inner, "kernel", "depthwise_kernel", "embeddings"))
    bias = _array(getattr(inner, "bias", None))
    weights = getattr(layer, "weights", [])
    constant = kernel is not None and kernel.size > 1 and bool((kernel == kernel[0]).all())
    return Layer(
        name,
        type(layer).__name__,
        inputs,
        output_shape=_output_shape(layer),
        activation=activation_name(layer),
        units=_units(inner),
        fan_in=_fan_in(inner),
        parameters=sum(math.prod(w.shape) for w in weights),
        trainable=bool(getattr(layer, "trainable", True)),
        kernel_std=None if kernel is None else _plain(kernel.std()),
        kernel_constant=constant,
        bias_mean=None if bias is None or not bias.size else _plain(bias.mean()),
        dropout_rate=_dropout_rate(inner),
        penalties=_penalties(inner) or None,
        momentum=_momentum(inner),
        options=_options(inner) or None,
    )


def activation_name(layer) -> str | None:
    """Returns the name of a layer's activation, `None` if it has none.

    Example:

    >>> activation_name(keras.layers.Dense(3)), activation_name(keras.layers.ReLU())
    ('linear', 'relu')
    >>> activation_name(keras.layers.Dense(3, activation=lambda x: x * 2))
    'custom'
    """
    kind = type(layer).__name__
    if kind in _OF_LAYERS:
        return _OF_LAYERS[kind]
    if not isinstance(layer, keras.layers.Layer):  # An operation, such as `keras.ops.relu`.
        name = _snake(kind)
        return name if name in _ACTIVATIONS else None
    activation = _own(_within(layer), "activation")
    if activation is None:
        return None
    if isinstance(activation, keras.layers.Layer):
        return activation_name(activation) or "custom"
    name = getattr(activation, "__name__", "custom")
    return name if name in _ACTIVATIONS else "custom"


def _within(layer):
    """Returns the layer that a wrapper holds, or the layer itself."""
    for held in ("forward_layer", "layer"):
        inner = getattr(layer, held, None)
        if isinstance(inner, keras.layers.Layer):
            return _within(inner)
    return layer


def _own(layer, *names: str):
    """Returns the first attribute that a layer, or the cell of a recurrent one, has."""
    for holder in (layer, getattr(layer, "cell", None)):
        for name in names:
            if (value := getattr(holder, name, None)) is not None:
                return value
    return None


def _array(variable) -> np.ndarray | None:
    """Returns entries of a weight, flattened."""
    if not isinstance(variable, keras.Variable):
        return None
    flat = np.asarray(keras.ops.convert_to_numpy(variable)).reshape(-1)
    if not flat.size:
        return None
    return flat[:: -(-flat.size // MOST_ENTRIES)].astype(np.float32)


def _plain(value) -> float | None:
    return float(value) if math.isfinite(value) else None


def _output_shape(layer) -> tuple[int | None, ...] | None:
    try:
        output = layer.output
    except (AttributeError, ValueError):  # It was never called on symbolic tensors.
        return None
    first = keras.tree.flatten(output)[0]
    return tuple(first.shape[1:])


def _units(layer) -> int | None:
    for name in ("units", "filters", "output_dim"):
        if isinstance(value := getattr(layer, name, None), int):
            return value
    return None


def _fan_in(layer) -> int | None:
    kernel = _own(layer, "kernel")
    if kernel is None:
        depthwise = _own(layer, "depthwise_kernel")
        return None if depthwise is None else math.prod(depthwise.shape[:-2])
    shape = tuple(kernel.shape)
    if "Transpose" in type(layer).__name__:
        return math.prod(shape[:-2]) * shape[-1]
    return math.prod(shape[:-1])


def _dropout_rate(layer) -> float | None:
    if "Dropout" in type(layer).__name__:
        rate = getattr(layer, "rate", None)
    else:  # Of a recurrent layer, or of attention.
        rate = getattr(layer, "dropout", None) or None
    return float(rate) if isinstance(rate, float | int) else None


def _penalties(layer) -> dict[str, float]:
    """Returns the factors of a layer's regularizers; those of other weights with a prefix."""
    penalties = {}
    for prefix in ("kernel", "recurrent", "bias", "activity", "embeddings"):
        regularizer = _own(layer, f"{prefix}_regularizer")
        start = "" if prefix in ("kernel", "embeddings") else f"{prefix}_"
        for name in ("l1", "l2", "factor"):
            value = getattr(regularizer, name, None)
            if value is not None and float(value) > 0:
                penalties[f"{start}{name}"] = float(f"{float(value):.6g}")
    return penalties


def _momentum(layer) -> float | None:
    if "BatchNormalization" not in type(layer).__name__:
        return None
    return float(layer.momentum)


def _options(layer) -> dict[str, bool | int | float | str | None]:
    options: dict[str, bool | int | float | str | None] = {}
    for name in _OPTIONS:
        value = getattr(layer, name, None)
        if isinstance(value, tuple | list) and len(set(value)) == 1:
            value = value[0]
        if isinstance(value, bool | int | float | str):
            options[name] = value
    recurrent = _own(layer, "recurrent_activation")
    if recurrent is not None:
        options["recurrent_activation"] = getattr(recurrent, "__name__", "custom")
    initializer = _own(layer, "kernel_initializer", "embeddings_initializer")
    if isinstance(initializer, keras.initializers.Initializer):
        options["initializer"] = type(initializer).__name__
    if isinstance(layer, keras.layers.Normalization):
        options["adapted"] = _adapted(layer)
    return options


def _adapted(layer) -> bool:
    """Returns whether a `Normalization` has been given other statistics than its first ones."""
    try:
        mean, variance = (keras.ops.convert_to_numpy(v) for v in (layer.mean, layer.variance))
    except (AttributeError, ValueError, TypeError):
        return False
    return bool(np.any(mean != 0) or np.any(variance != 1))


def _snake(name: str) -> str:
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
