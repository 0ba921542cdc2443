"""Last layer of a classifier."""

import keras

from kerasrecipes.models.blocks.templates import kernel_arguments


def classify(
    features: keras.KerasTensor,
    classes: int,
    kernel_initializer: object,
    kernel_regularizer: object,
) -> keras.KerasTensor:
    """Returns the output of a dense layer `"logits"`, `(batch, classes)`.

    Under a mixed precision policy the logits are float32. Half precision would make the softmax
    inaccurate, and would save hardly any time in this small layer.

    Args:
        features: Symbolic tensor, `(batch, units)`.
        classes: Integer, at least 2. Number of logits.
        kernel_initializer: Keras initializer.
        kernel_regularizer: Keras regularizer, or `None`.
    """
    return keras.layers.Dense(
        classes,
        dtype=keras.config.dtype_policy().variable_dtype,
        **kernel_arguments("logits", kernel_initializer, kernel_regularizer),
    )(features)
