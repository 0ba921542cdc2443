"""Residual networks without normalization layers."""

from collections.abc import Sequence

import keras

from kerasrecipes.base.checks import check_integer
from kerasrecipes.layers.normalization.scalar_affine import ScalarAffine
from kerasrecipes.models.blocks.checks import check_image_shape
from kerasrecipes.models.blocks.convolution import convolve
from kerasrecipes.models.blocks.logits import classify
from kerasrecipes.models.blocks.templates import activate
from kerasrecipes.models.resnet_cifar import (
    MIN_SIZE_PIXELS,
    check_cifar_depth,
    pad_shortcut,
)


def FixupResNetCIFAR(
    input_shape: Sequence[int | None],
    classes: int,
    *,
    depth: int = 20,
    filters: int = 16,
    activation: object = "relu",
    kernel_regularizer: object = None,
    seed: int | None = None,
    name: str | None = None,
) -> keras.Model:
    """Residual network of `6n + 2` layers that trains without any normalization.

    This is `ResNetCIFAR` of version 1 with shortcuts of option A, and with trainable numbers in
    place of its normalization layers: a `bias` (initially 0) before each convolution, activation
    and dense layer, and a `scale` (initially 1) at the end of each branch.

        x = activation(shortcut(x) + scale * conv2(activation(conv1(x + b1) + b2) + b3) + b4)

    The weights are initialized so that the size of an update does not depend on the number of
    blocks, `L`:

    - the last convolution of each branch and the dense layer are zero;
    - the first convolution of each branch is drawn from He's normal distribution, by fan-out, times
      `L ** (-1 / 2)`; the first convolution of the network is drawn from He's distribution itself.

    So each block starts as the identity followed by an activation, and the loss starts at
    `log(classes)`. The authors train scales and biases at a tenth of the learning rate, and mix
    images to replace the regularization by batch normalization.

    Args:
        input_shape: `(height, width, channels)`, at least 4 x 4 pixels. Height and width may be
            `None`, for images of any size.
        classes: Integer, at least 2. Number of logits.
        depth: Integer `6n + 2`, such as 8, 14, 20, 32, 44, 56, 110.
        filters: Positive integer. Channels of the first stage.
        activation: Keras activation: its name, a function, or a layer, which is cloned.
        kernel_regularizer: Keras regularizer of all kernels, including the dense layer's, or
            `None`.
        seed: Integer, or `None` for a random one.
        name: Name of the model. Defaults to `"fixup_resnet{depth}"`.

    Returns:
        A functional `keras.Model` from images, `(batch, *input_shape)`, to logits,
        `(batch, classes)`.

    Raises:
        ValueError: If an argument is out of range, or Keras's image data format is
            `"channels_first"`.
        TypeError: If an argument that must be an integer is not one.

    Example:

    >>> model = FixupResNetCIFAR((32, 32, 3), 10, depth=20)
    >>> logits = model(np.random.default_rng(0).normal(size=(1, 32, 32, 3)))
    >>> model.output_shape, bool(ops.any(logits != 0))
    ((None, 10), False)

    Reference:
        Zhang et al., 2019, https://arxiv.org/abs/1901.09321, and the authors' code,
        https://github.com/hongyi-zhang/Fixup.
    """
    check_image_shape(input_shape, MIN_SIZE_PIXELS)
    check_cifar_depth(depth)
    check_integer("classes", classes, at_least=2)
    check_integer("filters", filters, at_least=1)
    blocks = (depth - 2) // 2
    # `VarianceScaling` takes the square of the factor `L ** (-1 / 2)`.
    first = keras.initializers.VarianceScaling(2 / blocks, "fan_out", "untruncated_normal", seed)
    start = keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal", seed)

    def conv(x, channels, name, initializer, strides=1):
        return convolve(
            x,
            channels,
            name,
            strides=strides,
            normalization="batch",  # It gives the convolution no bias of its own.
            kernel_initializer=initializer,
            kernel_regularizer=kernel_regularizer,
        )

    def bias(x, name):
        return ScalarAffine(use_scale=False, name=name)(x)

    def block(x, channels, name):
        strides = 1 if x.shape[-1] == channels else 2
        shifted = bias(x, f"{name}_bias1")
        shortcut = x if strides == 1 else pad_shortcut(shifted, channels, strides, name)
        x = bias(conv(shifted, channels, f"{name}_conv1", first, strides), f"{name}_bias2")
        x = bias(activate(x, activation, f"{name}_activation1"), f"{name}_bias3")
        x = ScalarAffine(name=f"{name}_scale")(conv(x, channels, f"{name}_conv2", "zeros"))
        x = keras.layers.Add(name=f"{name}_add")([shortcut, x])
        return activate(x, activation, f"{name}_activation2")

    images = keras.Input(tuple(input_shape), name="images")
    x = bias(conv(images, filters, "stem_conv", start), "stem_bias")
    x = activate(x, activation, "stem_activation")
    for stage in (1, 2, 3):
        for number in range(1, (depth - 2) // 6 + 1):
            x = block(x, filters * 2 ** (stage - 1), f"stage{stage}_block{number}")
    x = bias(keras.layers.GlobalAveragePooling2D(name="head_pool")(x), "head_bias")
    logits = classify(x, classes, "zeros", kernel_regularizer)
    return keras.Model(images, logits, name=name or f"fixup_resnet{depth}")
