"""The weight of a layer that is looked at."""

import math

import keras


def kernel_of(layer: keras.layers.Layer):
    """Returns a layer's kernel; of one without a kernel, its first matrix, or its largest weight.

    `None` for a layer that has no weights.

    Example:

    >>> dense, norm = keras.layers.Dense(2), keras.layers.BatchNormalization()
    >>> for layer in (dense, norm):
    ...     layer.build((None, 3))
    >>> kernel_of(dense).name, kernel_of(norm).name
    ('kernel', 'gamma')
    """
    weights = list(layer.trainable_weights) or list(layer.weights)
    named = getattr(layer, "kernel", None)
    if any(weight is named for weight in weights):
        return named
    matrices = [weight for weight in weights if len(weight.shape) > 1]
    return max(matrices[:1] or weights, key=lambda weight: math.prod(weight.shape), default=None)
