"""Residual networks for small images."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.models.blocks.checks import check_image_shape
from kerasrecipes.models.blocks.convolution import convolve, subsample
from kerasrecipes.models.blocks.logits import classify
from kerasrecipes.models.blocks.normalization import normalize
from kerasrecipes.models.blocks.residual import add_branch, drop_rates
from kerasrecipes.models.blocks.templates import activate

MIN_SIZE_PIXELS = 4


def ResNetCIFAR(
    input_shape: Sequence[int | None],
    classes: int,
    *,
    depth: int = 20,
    version: int = 1,
    shortcut: str = "pad",
    filters: int = 16,
    normalization: object = "batch",
    activation: object = "relu",
    kernel_initializer: object = "he_normal",
    kernel_regularizer: object = None,
    zero_gamma: bool = False,
    stochastic_depth_rate: float = 0.0,
    name: str | None = None,
) -> keras.Model:
    """Residual network of `6n + 2` layers for images of CIFAR's size.

    The network consists of a 3x3 convolution, three stages of `n` blocks, the average over the
    image, and a dense layer. Each block has two 3x3 convolutions. The stages have `filters`, twice
    and four times as many channels; the second and third stages have half the height and width of
    the stage before. With the residual branch `F`, a block is

        version 1:  x = activation(x + F(x)),  F: convolution, norm, activation, convolution, norm
        version 2:  x = x + F(x),  F: norm, activation, convolution, norm, activation, convolution

    In version 2, the shortcut of a stage's first block starts after the first activation, as in the
    authors' code, and the last block is followed by a norm and an activation. Convolutions have a
    bias only if no normalization follows. ResNet-20 for 10 classes of colour images has 269,722
    trainable parameters.

    Args:
        input_shape: `(height, width, channels)`, at least 4 x 4 pixels. Height and width may be
            `None`, for images of any size.
        classes: Integer, at least 2. Number of logits.
        depth: Integer `6n + 2`, such as 8, 14, 20, 32, 44, 56, 110.
        version: 1 (activation after the addition) or 2 (activation before the convolutions).
        shortcut: How `x` gets the shape of `F(x)` where they differ: `"pad"` (option A of the
            paper: every second pixel, and zeros as new channels; no parameters) or `"projection"`
            (option B: a 1x1 convolution, in version 1 with a norm).
        filters: Positive integer. Channels of the first stage.
        normalization: `"batch"`, `"layer"`, `"instance"`, `"group"`, `"filter_response"`,
            `"weight"`, `"none"`, or a Keras layer, which is cloned; see `normalize`.
        activation: Keras activation: its name, a function, or a layer, which is cloned.
        kernel_initializer: Keras initializer. Each layer gets a copy with its own seed.
        kernel_regularizer: Keras regularizer of all kernels, including the dense layer's, or
            `None`.
        zero_gamma: Whether the last norm of each residual branch starts with `gamma = 0`. Then
            `F(x) = 0` at the start, if the activation maps 0 to 0.
        stochastic_depth_rate: Float in `[0, 1)`. The probability that training drops the residual
            branch of the last block, for each image. It falls linearly to almost 0 at the first
            block. The paper's rate is 0.5, for networks of a hundred layers and more.
        name: Name of the model. Defaults to `"resnet{depth}_v{version}"`.

    Returns:
        A functional `keras.Model` from images, `(batch, *input_shape)`, to logits,
        `(batch, classes)`. Except with `"instance"`, `"filter_response"`, `"weight"` and stochastic
        depth, it consists of Keras's own layers, so that its `.keras` file loads without this
        package.

    Raises:
        ValueError: If an argument is out of range, `zero_gamma` is set for a normalization without
            `gamma`, or Keras's image data format is `"channels_first"`.
        TypeError: If an argument that must be an integer is not one.

    Example:

    >>> import math
    >>> model = ResNetCIFAR((32, 32, 3), 10, depth=20)
    >>> model.output_shape, sum(math.prod(weight.shape) for weight in model.trainable_weights)
    ((None, 10), 269722)

    Reference:
        He et al., 2016, https://arxiv.org/abs/1512.03385, section 4.2 (version 1);
        He et al., 2016, https://arxiv.org/abs/1603.05027 (version 2);
        Goyal et al., 2017, https://arxiv.org/abs/1706.02677, section 5.1 (`zero_gamma`).
    """
    check_image_shape(input_shape, MIN_SIZE_PIXELS)
    check_cifar_depth(depth)
    check_integer("classes", classes, at_least=2)
    check_integer("filters", filters, at_least=1)
    check_number("stochastic_depth_rate", stochastic_depth_rate, at_least=0, below=1)
    check_choice("version", version, (1, 2))
    check_choice("shortcut", shortcut, ("pad", "projection"))
    parts = _Parts(
        shortcut, normalization, activation, kernel_initializer, kernel_regularizer, zero_gamma
    )
    block = parts.block_v1 if version == 1 else parts.block_v2
    blocks = (depth - 2) // 6
    rates = drop_rates(stochastic_depth_rate, 3 * blocks)

    images = keras.Input(tuple(input_shape), name="images")
    x = parts.convolve(images, filters, "stem_conv")
    if version == 1:
        x = parts.normalize_and_activate(x, "stem_norm", "stem_activation")
    for stage in (1, 2, 3):
        channels = filters * 2 ** (stage - 1)
        for number in range(1, blocks + 1):
            x = block(x, channels, number == 1, next(rates), f"stage{stage}_block{number}")
    if version == 2:
        x = parts.normalize_and_activate(x, "head_norm", "head_activation")
    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(x)
    logits = classify(x, classes, kernel_initializer, kernel_regularizer)
    return keras.Model(images, logits, name=name or f"resnet{depth}_v{version}")


@dataclass(frozen=True)
class _Parts:
    """The parts of the network, with the options that its layers share."""

    shortcut: str
    normalization: object
    activation: object
    kernel_initializer: object
    kernel_regularizer: object
    zero_gamma: bool

    def block_v1(self, x, channels, first_of_stage, drop_rate, name):
        strides = _strides(x, channels)
        shortcut = self.match(x, channels, strides, name)
        if strides > 1 and self.shortcut == "projection":
            shortcut = normalize(shortcut, self.normalization, f"{name}_shortcut_norm")
        x = self.convolve(x, channels, f"{name}_conv1", strides)
        x = self.normalize_and_activate(x, f"{name}_norm1", f"{name}_activation1")
        x = self.convolve(x, channels, f"{name}_conv2")
        x = normalize(x, self.normalization, f"{name}_norm2", zero_gamma=self.zero_gamma)
        x = add_branch(shortcut, x, drop_rate, name)
        return activate(x, self.activation, f"{name}_activation2")

    def block_v2(self, x, channels, first_of_stage, drop_rate, name):
        strides = _strides(x, channels)
        activated = self.normalize_and_activate(x, f"{name}_norm1", f"{name}_activation1")
        shortcut = self.match(activated if first_of_stage else x, channels, strides, name)
        x = self.convolve(activated, channels, f"{name}_conv1", strides)
        x = normalize(x, self.normalization, f"{name}_norm2", zero_gamma=self.zero_gamma)
        x = activate(x, self.activation, f"{name}_activation2")
        x = self.convolve(x, channels, f"{name}_conv2")
        return add_branch(shortcut, x, drop_rate, name)

    def match(self, x, channels, strides, name):
        """Returns the shortcut: `x` in the shape of the residual branch's output."""
        if strides == 1:
            return x
        if self.shortcut == "projection":
            return self.convolve(x, channels, f"{name}_shortcut_conv", strides, size=1)
        return pad_shortcut(x, channels, strides, name)

    def convolve(self, x, channels, name, strides=1, size=3):
        return convolve(
            x,
            channels,
            name,
            size=size,
            strides=strides,
            normalization=self.normalization,
            kernel_initializer=self.kernel_initializer,
            kernel_regularizer=self.kernel_regularizer,
        )

    def normalize_and_activate(self, x, norm_name, activation_name):
        x = normalize(x, self.normalization, norm_name)
        return activate(x, self.activation, activation_name)


def pad_shortcut(x: keras.KerasTensor, channels: int, strides: int, name: str) -> keras.KerasTensor:
    """Returns every `strides`-th pixel of a block's input, and zeros as new channels."""
    x = subsample(x, strides, f"{name}_shortcut_subsample")
    # Keras has no layer that pads channels. With "channels_first", this one takes our last two
    # axes, width and channels, for height and width. A saved model then needs no layer of ours.
    new_channels = (0, channels - x.shape[-1])
    return keras.layers.ZeroPadding2D(
        ((0, 0), new_channels), data_format="channels_first", name=f"{name}_shortcut_pad"
    )(x)


def _strides(x, channels):
    """Returns the strides of a block, which halves height and width if its channels double."""
    return 1 if x.shape[-1] == channels else 2


def check_cifar_depth(depth: int) -> None:
    """Raises a `ValueError` that names the nearest depth unless `depth` is `6n + 2`."""
    check_integer("depth", depth)
    if depth < 8 or depth % 6 != 2:
        below = max(8, depth - (depth - 2) % 6)
        nearest_depths = "8" if depth < 8 else f"{below} or {below + 6}"
        raise ValueError(
            f"`depth` must be 6n + 2, with n of at least 1. Nearest: {nearest_depths}. "
            f"Received: depth={depth}"
        )
