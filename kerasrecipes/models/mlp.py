"""Multi-layer perceptron."""

from collections.abc import Sequence

import keras

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.layers import DropConnect
from kerasrecipes.models.blocks.logits import classify
from kerasrecipes.models.blocks.normalization import needs_bias, normalize, normalize_weights
from kerasrecipes.models.blocks.templates import activate, clone_layer, kernel_arguments


def MLP(
    input_shape: Sequence[int],
    classes: int,
    *,
    units: Sequence[int] = (256, 128),
    activation: object = "relu",
    normalization: object = "none",
    kernel_initializer: object = "he_normal",
    kernel_regularizer: object = None,
    dropout_rate: float = 0.0,
    dropout: object = None,
    drop_connect_rate: float = 0.0,
    name: str = "mlp",
) -> keras.Model:
    """Multi-layer perceptron on flattened images.

    Each hidden layer consists of a dense layer, normalization, activation and dropout, in this
    order. The dense layer has a bias only if no normalization follows.

    Args:
        input_shape: Shape of one input, such as `(height, width, channels)`.
        classes: Integer, at least 2. Number of logits.
        units: Numbers of units of the hidden layers, from first to last; empty for a linear
            classifier.
        activation: Keras activation: its name, a function, or a layer, which is cloned.
        normalization: `"batch"`, `"layer"`, `"group"`, `"weight"`, `"none"`, or a Keras layer,
            which is cloned.
        kernel_initializer: Keras initializer. Each layer gets a copy with its own seed.
        kernel_regularizer: Keras regularizer of all kernels, or `None`.
        dropout_rate: Float in `[0, 1)`. The fraction of hidden outputs that training drops.
        dropout: Keras layer, such as `VanillaDropout(0.5)`, which is cloned after each activation
            in place of `Dropout(dropout_rate)`; or `None`.
        drop_connect_rate: Float in `[0, 1)`. The fraction of the hidden layers' weights that
            `DropConnect` drops in training.
        name: Name of the model.

    Returns:
        A functional `keras.Model` from `(batch, *input_shape)` to logits, `(batch, classes)`.

    Raises:
        ValueError: If an argument is out of range.
        TypeError: If an argument that must be a number is not one.

    Example:

    >>> model = MLP((8, 8, 1), 10, units=(32,))
    >>> model.output_shape, model.count_params()  # 64 x 32 + 32, 32 x 10 + 10
    ((None, 10), 2410)
    """
    check_integer("classes", classes, at_least=2)
    check_number("dropout_rate", dropout_rate, at_least=0, below=1)
    check_number("drop_connect_rate", drop_connect_rate, at_least=0, below=1)
    _check_dropout(dropout, dropout_rate)
    for axis, size in enumerate(input_shape):
        check_integer(f"input_shape[{axis}]", size, at_least=1)
    for index, count in enumerate(units):
        check_integer(f"units[{index}]", count, at_least=1)

    inputs = keras.Input(tuple(input_shape), name="inputs")
    x = keras.layers.Flatten(data_format="channels_last", name="flatten")(inputs)
    for number, count in enumerate(units, start=1):
        dense = keras.layers.Dense(
            count,
            use_bias=needs_bias(normalization),
            **kernel_arguments(f"hidden{number}_dense", kernel_initializer, kernel_regularizer),
        )
        if drop_connect_rate:
            dense = DropConnect(dense, drop_connect_rate, name=dense.name)
        x = normalize_weights(dense, normalization)(x)
        x = normalize(x, normalization, f"hidden{number}_norm")
        x = activate(x, activation, f"hidden{number}_activation")
        if dropout_rate:
            x = keras.layers.Dropout(dropout_rate, name=f"hidden{number}_dropout")(x)
        elif dropout is not None:
            x = clone_layer(dropout, f"hidden{number}_dropout")(x)
    logits = classify(x, classes, kernel_initializer, kernel_regularizer)
    return keras.Model(inputs, logits, name=name)


def _check_dropout(dropout, dropout_rate):
    if dropout is None:
        return
    if not isinstance(dropout, keras.layers.Layer):
        raise TypeError(
            "`dropout` must be a Keras layer or None. Give a rate as `dropout_rate`. "
            f"Received: dropout={dropout!r}"
        )
    if dropout_rate:
        raise ValueError(
            "`dropout` and `dropout_rate` must not both be given. Received: "
            f"dropout={dropout!r}, dropout_rate={dropout_rate}"
        )
