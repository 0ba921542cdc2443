"""Residual networks for photographs."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.models.blocks.checks import check_depth, check_image_shape
from kerasrecipes.models.blocks.convolution import convolve
from kerasrecipes.models.blocks.logits import classify
from kerasrecipes.models.blocks.normalization import normalize
from kerasrecipes.models.blocks.residual import add_branch, drop_rates
from kerasrecipes.models.blocks.templates import activate

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
MIN_SIZE_PIXELS = {"imagenet": 32, "small": 8}
SMALLER_IMAGES = {
    "imagenet": "For smaller ones: stem='small' from 8 x 8 pixels, ResNetCIFAR from 4 x 4.",
    "small": "For smaller ones: ResNetCIFAR from 4 x 4 pixels.",
}


def ResNet(
    input_shape: Sequence[int | None],
    classes: int,
    *,
    depth: int = 50,
    stem: str = "imagenet",
    stride_in: str = "3x3",
    filters: int = 64,
    normalization: object = "batch",
    activation: object = "relu",
    kernel_initializer: object = "he_normal",
    kernel_regularizer: object = None,
    zero_gamma: bool = False,
    stochastic_depth_rate: float = 0.0,
    name: str | None = None,
) -> keras.Model:
    """Residual network of 18, 34 or 50 layers for images of ImageNet's size.

    The network consists of a stem, four stages of blocks, the average over the image, and a dense
    layer. Each stage has twice the channels of the one before and, from the second stage on, half
    its height and width. With the residual branch `F`, a block is
    `x = activation(shortcut(x) + F(x))`, where

        depth 18, 34:  F = 3x3, 3x3 convolutions
        depth 50:      F = 1x1, 3x3, 1x1 convolutions, the last with 4 times the channels

    In `F`, each convolution is followed by a norm and, except the last one, by an activation. The
    shortcut is `x` itself or, if the shapes differ, a 1x1 convolution and a norm. Convolutions have
    a bias only if no normalization follows. For 1000 classes, depths 18, 34 and 50 have 11,689,512,
    21,797,672 and 25,557,032 trainable parameters.

    **Names.** The names are those of the paper and `keras.applications`: the stem is `conv1`, the
    four stages are `conv2` to `conv5`. The name of a layer starts with that of its stage, and the
    last layer of a stage has the stage's output. The output of a block is `"conv4_block6_output"`;
    its parts are `"conv4_block6_conv1"`, `"_norm1"`, `"_activation1"` and so on,
    `"_shortcut_conv"`, `"_shortcut_norm"` and `"_add"`.

    Args:
        input_shape: `(height, width, channels)`, at least 32 x 32 pixels, or 8 x 8 with the small
            stem, so that a pixel is left after all halvings. Height and width may be `None`, for
            images of any size.
        classes: Integer, at least 2. Number of logits.
        depth: 18, 34 or 50. It counts the dense layer and all convolutions except shortcuts.
        stem: `"imagenet"` (a 7x7 convolution and a maximum over 3x3 pixels, both with strides 2 and
            zeros around the image) or `"small"` (a 3x3 convolution with strides 1, for images such
            as CIFAR's).
        stride_in: `"3x3"` or `"1x1"`: the convolution of a bottleneck that halves the image.
            `"1x1"` is that of the paper and needs depth 50; it skips pixels, and `"3x3"` does not.
        filters: Positive integer. Channels of the stem.
        normalization: `"batch"`, `"layer"`, `"instance"`, `"group"`, `"filter_response"`,
            `"weight"`, `"none"`, or a Keras layer, which is cloned; see `normalize`.
        activation: Keras activation: its name, a function, or a layer, which is cloned.
        kernel_initializer: Keras initializer. Each layer gets a copy with its own seed.
        kernel_regularizer: Keras regularizer of all kernels, including the dense layer's, or
            `None`.
        zero_gamma: Whether the last norm of each residual branch starts with `gamma = 0`, so that
            `F(x) = 0` at the start.
        stochastic_depth_rate: Float in `[0, 1)`. The probability that training drops the residual
            branch of the last block, for each image. It falls linearly to almost 0 at the first
            block. The paper's rate is 0.5, for networks of a hundred layers and more.
        name: Name of the model. Defaults to `"resnet{depth}"`.

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

    >>> model = ResNet((32, 32, 3), 10, depth=18, stem="small")
    >>> model.output_shape, model.get_layer("conv4_block2_output").output.shape
    ((None, 10), (None, 8, 8, 256))

    Reference:
        He et al., 2016, https://arxiv.org/abs/1512.03385. Differs from it in: `stride_in="3x3"`,
        after Facebook's Torch code, https://github.com/facebookarchive/fb.resnet.torch.
        Goyal et al., 2017, https://arxiv.org/abs/1706.02677, section 5.1 (`zero_gamma`).
        `keras.applications.ResNet50` is this network with `stride_in="1x1"`,
        `normalization=keras.layers.BatchNormalization(epsilon=1.001e-5)`, biases that the norms
        cancel, and softmax at its end.
    """
    check_choice("stem", stem, MIN_SIZE_PIXELS)
    check_image_shape(input_shape, MIN_SIZE_PIXELS[stem], SMALLER_IMAGES[stem])
    check_depth(depth, BLOCKS)
    check_integer("classes", classes, at_least=2)
    check_integer("filters", filters, at_least=1)
    check_number("stochastic_depth_rate", stochastic_depth_rate, at_least=0, below=1)
    _check_stride_in(stride_in, depth)
    parts = _Parts(
        stride_in, normalization, activation, kernel_initializer, kernel_regularizer, zero_gamma
    )
    block = parts.bottleneck_block if _has_bottlenecks(depth) else parts.basic_block
    rates = drop_rates(stochastic_depth_rate, sum(BLOCKS[depth]))

    images = keras.Input(tuple(input_shape), name="images")
    x = parts.imagenet_stem(images, filters) if stem == "imagenet" else parts.stem(images, filters)
    for stage, count in enumerate(BLOCKS[depth], start=2):
        for number in range(1, count + 1):
            strides = 2 if stage > 2 and number == 1 else 1
            name_of_block = f"conv{stage}_block{number}"
            x = block(x, filters * 2 ** (stage - 2), strides, next(rates), name_of_block)
    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(x)
    logits = classify(x, classes, kernel_initializer, kernel_regularizer)
    return keras.Model(images, logits, name=name or f"resnet{depth}")


@dataclass(frozen=True)
class _Parts:
    """The parts of the network, with the options that its layers share."""

    stride_in: str
    normalization: object
    activation: object
    kernel_initializer: object
    kernel_regularizer: object
    zero_gamma: bool

    def stem(self, images, filters, size=3, strides=1):
        x = self.convolve_and_normalize(images, filters, size, strides, "conv1_conv", "conv1_norm")
        return activate(x, self.activation, "conv1_activation")

    def imagenet_stem(self, images, filters):
        x = self.stem(images, filters, size=7, strides=2)
        # The padding is zeros, as in `keras.applications`. After ReLU, no pixel is below them.
        x = keras.layers.ZeroPadding2D(1, name="pool1_pad")(x)
        return keras.layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)

    def basic_block(self, x, filters, strides, drop_rate, name):
        return self.block(x, drop_rate, name, [(filters, 3, strides), (filters, 3, 1)])

    def bottleneck_block(self, x, filters, strides, drop_rate, name):
        first, second = (strides, 1) if self.stride_in == "1x1" else (1, strides)
        convolutions = [(filters, 1, first), (filters, 3, second), (4 * filters, 1, 1)]
        return self.block(x, drop_rate, name, convolutions)

    def block(self, x, drop_rate, name, convolutions):
        """Returns the output of a block; `convolutions` are its filters, sizes and strides."""
        shortcut = self.match(x, convolutions, name)
        for number, (filters, size, strides) in enumerate(convolutions, start=1):
            last = number == len(convolutions)
            x = self.convolve_and_normalize(
                x,
                filters,
                size,
                strides,
                f"{name}_conv{number}",
                f"{name}_norm{number}",
                zero_gamma=last and self.zero_gamma,
            )
            if not last:
                x = activate(x, self.activation, f"{name}_activation{number}")
        x = add_branch(shortcut, x, drop_rate, name)
        return activate(x, self.activation, f"{name}_output")

    def match(self, x, convolutions, name):
        """Returns the shortcut: `x` in the shape of the residual branch's output."""
        filters = convolutions[-1][0]
        strides = max(strides for _, _, strides in convolutions)
        if strides == 1 and x.shape[-1] == filters:
            return x
        names = f"{name}_shortcut_conv", f"{name}_shortcut_norm"
        return self.convolve_and_normalize(x, filters, 1, strides, *names)

    def convolve_and_normalize(
        self, x, filters, size, strides, conv_name, norm_name, zero_gamma=False
    ):
        x = convolve(
            x,
            filters,
            conv_name,
            size=size,
            strides=strides,
            normalization=self.normalization,
            kernel_initializer=self.kernel_initializer,
            kernel_regularizer=self.kernel_regularizer,
        )
        return normalize(x, self.normalization, norm_name, zero_gamma=zero_gamma)


def _has_bottlenecks(depth):
    return depth >= 50


def _check_stride_in(stride_in, depth):
    check_choice("stride_in", stride_in, ("3x3", "1x1"))
    if stride_in == "1x1" and not _has_bottlenecks(depth):
        raise ValueError(
            "`stride_in` must be '3x3' at depth 18 or 34, because only their shortcuts have 1x1 "
            f"convolutions. Received: stride_in={stride_in!r}, depth={depth}"
        )
