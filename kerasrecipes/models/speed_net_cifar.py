"""Network of the speed records on CIFAR-10."""

from collections.abc import Sequence

import keras

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.initializers import Dirac
from kerasrecipes.models.blocks.checks import check_image_shape
from kerasrecipes.models.blocks.templates import activate, kernel_arguments

MIN_SIZE_PIXELS = 9
# Of the kernels of the first convolution. As many filters as a patch has numbers, twice: each with
# its opposite, so that no activation loses information.
PATCH_PIXELS = 2


def SpeedNetCIFAR(
    input_shape: Sequence[int | None],
    classes: int,
    *,
    widths: Sequence[int] = (64, 256, 256),
    batch_norm_momentum: float = 0.6,
    feature_scale: float = 1 / 9,
    activation: object = "gelu",
    kernel_initializer: object = "he_normal",
    name: str | None = None,
) -> keras.Model:
    """Small network of the speed records on CIFAR-10: seven convolutions without shortcuts.

    The first convolution has kernels of 2x2 pixels and is meant to whiten its patches: see
    `patch_whitening`, with `freeze="kernel"`. Three stages follow: a 3x3 convolution, the maximum
    over 2x2 pixels, norm, activation, another 3x3 convolution, norm, activation. Then come the
    maximum over the image and a dense layer without bias. For 10 classes of colour images of 32
    pixels it has 1,973,944 parameters.

    The convolutions of the stages start as the identity in their first filters (`Dirac`); further
    filters are drawn. Norms are `BatchNormalization` without `gamma` and with statistics of a short
    memory, which a training of a few hundred steps needs.

    **Names.** The layers are `"whiten_conv"`, `"stage1_conv1"`, `"stage1_norm1"` and so on to
    `"logits"`.

    Args:
        input_shape: `(height, width, channels)`, at least 9 x 9 pixels.
        classes: Integer, at least 2. Number of logits.
        widths: Three positive integers: the channels of each stage.
        batch_norm_momentum: Float in `[0, 1)`. What a step leaves of the moving statistics.
        feature_scale: Positive float, by which the dense layer's input is multiplied. With a small
            one, that layer can be trained at the high rates of the others.
        activation: Keras activation: its name, a function, or a layer, which is cloned.
        kernel_initializer: Keras initializer of the filters that do not start as the identity, and
            of the dense layer. Each layer gets a copy with its own seed.
        name: Name of the model. Defaults to `"speed_net"`.

    Returns:
        A functional `keras.Model` of Keras's own layers, from images, `(batch, *input_shape)`, to
        logits, `(batch, classes)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> model = SpeedNetCIFAR((32, 32, 3), 10)
    >>> model.get_layer("stage3_activation2").output.shape, model.count_params()
    ((None, 3, 3, 256), 1973944)

    Reference:
        Jordan, 2024, https://arxiv.org/abs/2404.00498, section 3.1, after Page, 2019. Differs from
        it in: further filters start at He's deviation, where PyTorch's default is smaller; images
        may have other sizes than 32 pixels.
    """
    check_image_shape(input_shape, MIN_SIZE_PIXELS)
    check_integer("classes", classes, at_least=2)
    if len(widths) != 3:
        raise ValueError(f"`widths` must be three integers. Received: widths={widths!r}")
    for index, width in enumerate(widths):
        check_integer(f"widths[{index}]", width, at_least=1)
    check_number("batch_norm_momentum", batch_norm_momentum, at_least=0, below=1)
    check_number("feature_scale", feature_scale, above=0)

    images = keras.Input(tuple(input_shape), name="images")
    x = keras.layers.Conv2D(
        2 * PATCH_PIXELS**2 * images.shape[-1],
        PATCH_PIXELS,
        **kernel_arguments("whiten_conv", kernel_initializer, None),
    )(images)
    x = activate(x, activation, "whiten_activation")

    def convolve(x, width, end):
        kernel = kernel_arguments(f"{end[0]}_conv{end[1]}", kernel_initializer, None)
        kernel["kernel_initializer"] = Dirac(others=kernel["kernel_initializer"])
        return keras.layers.Conv2D(width, 3, padding="same", use_bias=False, **kernel)(x)

    def normalize_and_activate(x, end):
        x = keras.layers.BatchNormalization(
            momentum=batch_norm_momentum, scale=False, name=f"{end[0]}_norm{end[1]}"
        )(x)
        return activate(x, activation, f"{end[0]}_activation{end[1]}")

    for number, width in enumerate(widths, start=1):
        stage = f"stage{number}"
        x = convolve(x, width, (stage, 1))
        x = keras.layers.MaxPooling2D(2, name=f"{stage}_pool")(x)
        x = normalize_and_activate(x, (stage, 1))
        x = convolve(x, width, (stage, 2))
        x = normalize_and_activate(x, (stage, 2))
    x = keras.layers.GlobalMaxPooling2D(name="head_pool")(x)
    x = keras.layers.Rescaling(feature_scale, name="head_scale")(x)
    logits = keras.layers.Dense(
        classes,
        use_bias=False,
        dtype=keras.config.dtype_policy().variable_dtype,
        **kernel_arguments("logits", kernel_initializer, None),
    )(x)
    return keras.Model(images, logits, name=name or "speed_net")
