"""The last layer of a classifier."""

import keras

from kerasrecipes.models.blocks.templates import kernel_arguments


def classify(
    features: keras.KerasTensor,
    classes: int,
    kernel_initializer: object,
    kernel_regularizer: object,
) -> keras.KerasTensor:
    """Returns logits, `(batch, classes)`, of features, `(batch, units)`, by the layer `"logits"`.

    Under a mixed precision policy the logits are float32: half precision would cost accuracy in
    the softmax, and next to nothing is computed here.
    """
    return keras.layers.Dense(
        classes,
        dtype=keras.config.dtype_policy().variable_dtype,
        **kernel_arguments("logits", kernel_initializer, kernel_regularizer),
    )(features)
