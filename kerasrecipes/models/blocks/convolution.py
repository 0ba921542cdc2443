"""Convolution of residual networks and VGG."""

import keras

from kerasrecipes.models.blocks.normalization import needs_bias, normalize_weights
from kerasrecipes.models.blocks.templates import kernel_arguments


def convolve(
    inputs: keras.KerasTensor,
    filters: int,
    name: str,
    *,
    size: int = 3,
    strides: int = 1,
    normalization: object,
    kernel_initializer: object,
    kernel_regularizer: object,
) -> keras.KerasTensor:
    """Convolves around every `strides`-th pixel, with zeros on all four sides of the image.

    Args:
        inputs: Symbolic tensor, `(batch, height, width, channels)`.
        filters: Positive integer. The number of output channels.
        name: Name of the convolution. A layer that adds zeros is called `"{name}_pad"`, one that
            takes every `strides`-th pixel for a kernel of size 1 `"{name}_subsample"`.
        size: Positive odd integer. Height and width of the kernel, in pixels.
        strides: Positive integer, in pixels.
        normalization: The normalization that follows, as in `normalize`. The convolution has a bias
            only if the normalization adds none. `"weight"` normalizes the kernel of the convolution
            itself.
        kernel_initializer: Keras initializer. If it has a seed, the seed is mixed with `name`.
        kernel_regularizer: Keras regularizer, or `None`.

    Returns:
        Symbolic tensor, `(batch, ceil(height / strides), ceil(width / strides), filters)`.

    Example:

    >>> convolve(keras.Input((9, 8, 3)), 16, "conv1", strides=2, normalization="batch",
    ...          kernel_initializer="he_normal", kernel_regularizer=None).shape
    (None, 5, 4, 16)
    """
    padding = "same"
    if strides > 1 and size == 1:
        # The same function as a convolution with strides, whose gradient oneDNN (as of TensorFlow
        # 2.21 and PyTorch 2.13) computes into memory that is not its own if channels are few.
        inputs, strides = subsample(inputs, strides, f"{name}_subsample"), 1
    elif strides > 1:
        # "same" would pad images of even size more at the bottom and right than at the top and
        # left. The convolution would then be centred on other pixels than a 1x1 convolution with
        # the same strides.
        inputs = keras.layers.ZeroPadding2D(size // 2, name=f"{name}_pad")(inputs)
        padding = "valid"
    convolution = keras.layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding=padding,
        use_bias=needs_bias(normalization),
        **kernel_arguments(name, kernel_initializer, kernel_regularizer),
    )
    return normalize_weights(convolution, normalization)(inputs)


def subsample(inputs: keras.KerasTensor, strides: int, name: str) -> keras.KerasTensor:
    """Returns every `strides`-th pixel of an image, the first one included.

    Example:

    >>> subsample(keras.Input((9, 8, 3)), 2, "subsample").shape
    (None, 5, 4, 3)
    """
    # The mean over one pixel. A saved model then needs no layer of ours.
    return keras.layers.AveragePooling2D(1, strides=strides, name=name)(inputs)
