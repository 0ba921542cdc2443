"""VGG networks."""

from collections.abc import Sequence

import keras

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.models.blocks.checks import check_depth, check_image_shape
from kerasrecipes.models.blocks.convolution import convolve
from kerasrecipes.models.blocks.logits import classify
from kerasrecipes.models.blocks.normalization import normalize
from kerasrecipes.models.blocks.templates import activate, kernel_arguments

CONVOLUTIONS = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
POOLINGS = {"flatten": keras.layers.Flatten, "average": keras.layers.GlobalAveragePooling2D}
MIN_SIZE_PIXELS = 32
SMALLER_IMAGES = "Enlarge smaller ones first, for example by keras.layers.Resizing(32, 32)."


def VGG(
    input_shape: Sequence[int | None],
    classes: int,
    *,
    depth: int = 16,
    filters: int = 64,
    pooling: str = "flatten",
    classifier_units: Sequence[int] = (4096, 4096),
    dropout_rate: float = 0.5,
    normalization: object = "none",
    activation: object = "relu",
    kernel_initializer: object = "he_normal",
    kernel_regularizer: object = None,
    name: str | None = None,
) -> keras.Model:
    """Network of 11, 13, 16 or 19 layers: 3x3 convolutions, maxima, dense layers.

    The network consists of five blocks, pooling, and a classifier of dense layers. Each block has
    some 3x3 convolutions and ends with the maximum over 2x2 pixels, which halves height and width.
    The blocks have `filters`, 2, 4, 8 and 8 times as many channels. Normalization stands between
    the convolutions and their activations, and not in the classifier. Convolutions have a bias only
    if no normalization follows. VGG-16 for 224 x 224 pixels and 1000 classes has 138,357,544
    parameters, which are all trainable, and 123,642,856 of them are in dense layers.

    The usual head for small images is `pooling="average", classifier_units=()`: VGG-16 for 32 x 32
    pixels and 10 classes then has 14,719,818 parameters instead of 33,638,218.

    **Names.** The names are those of `keras.applications`: the blocks are `block1` to `block5`, and
    their layers are `"block3_conv1"`, `"block3_norm1"`, `"block3_activation1"` and so on. The last
    layer of a block, `"block3_pool"`, has its output.

    Args:
        input_shape: `(height, width, channels)`, at least 32 x 32 pixels, so that a pixel is left
            after five halvings. With `pooling="average"`, height and width may be `None`, for
            images of any size.
        classes: Integer, at least 2. Number of logits.
        depth: 11, 13, 16 or 19. It counts the convolutions and three dense layers, as in the paper.
        filters: Positive integer. Channels of the first block.
        pooling: The input of the classifier: `"flatten"` for the whole output of the last block, or
            `"average"` for the average of each channel over the image.
        classifier_units: Numbers of units of the classifier's hidden layers, from first to last;
            empty for a linear classifier.
        dropout_rate: Float in `[0, 1)`. The fraction of the outputs of each hidden layer of the
            classifier that training drops.
        normalization: `"batch"`, `"layer"`, `"instance"`, `"group"`, `"filter_response"`,
            `"weight"`, `"none"`, or a Keras layer, which is cloned; see `normalize`.
        activation: Keras activation: its name, a function, or a layer, which is cloned.
        kernel_initializer: Keras initializer. Each layer gets a copy with its own seed.
        kernel_regularizer: Keras regularizer of all kernels, including those of the dense layers,
            or `None`.
        name: Name of the model. Defaults to `"vgg{depth}"`.

    Returns:
        A functional `keras.Model` from images, `(batch, *input_shape)`, to logits,
        `(batch, classes)`. Unless `normalization` is `"instance"`, `"filter_response"` or
        `"weight"`, it consists of Keras's own layers, so that its `.keras` file loads without this
        package.

    Raises:
        ValueError: If an argument is out of range, `pooling` is `"flatten"` for images of any size,
            or Keras's image data format is `"channels_first"`.
        TypeError: If an argument that must be a number is not one.

    Example:

    >>> model = VGG((32, 32, 3), 10, depth=16, pooling="average", classifier_units=())
    >>> model.get_layer("block4_pool").output.shape, model.count_params()
    ((None, 2, 2, 512), 14719818)

    Reference:
        Simonyan and Zisserman, 2015, https://arxiv.org/abs/1409.1556, table 1, columns A, B, D and
        E. Differs from it in: `kernel_initializer`, with which the deep networks train from the
        start. `keras.applications.VGG16` and `VGG19` are these networks with softmax at their end.
    """
    check_image_shape(input_shape, MIN_SIZE_PIXELS, SMALLER_IMAGES)
    check_depth(depth, CONVOLUTIONS)
    check_integer("classes", classes, at_least=2)
    check_integer("filters", filters, at_least=1)
    check_number("dropout_rate", dropout_rate, at_least=0, below=1)
    for index, units in enumerate(classifier_units):
        check_integer(f"classifier_units[{index}]", units, at_least=1)
    _check_pooling(pooling, input_shape)

    images = x = keras.Input(tuple(input_shape), name="images")
    for block, count in enumerate(CONVOLUTIONS[depth], start=1):
        for number in range(1, count + 1):
            x = convolve(
                x,
                filters * min(2 ** (block - 1), 8),
                f"block{block}_conv{number}",
                normalization=normalization,
                kernel_initializer=kernel_initializer,
                kernel_regularizer=kernel_regularizer,
            )
            x = normalize(x, normalization, f"block{block}_norm{number}")
            x = activate(x, activation, f"block{block}_activation{number}")
        x = keras.layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = POOLINGS[pooling](name=f"head_{pooling}")(x)
    for number, units in enumerate(classifier_units, start=1):
        kernel = kernel_arguments(f"head_dense{number}", kernel_initializer, kernel_regularizer)
        x = keras.layers.Dense(units, **kernel)(x)
        x = activate(x, activation, f"head_activation{number}")
        if dropout_rate:
            x = keras.layers.Dropout(dropout_rate, name=f"head_dropout{number}")(x)
    logits = classify(x, classes, kernel_initializer, kernel_regularizer)
    return keras.Model(images, logits, name=name or f"vgg{depth}")


def _check_pooling(pooling, input_shape):
    check_choice("pooling", pooling, POOLINGS)
    if pooling == "flatten" and None in tuple(input_shape):
        raise ValueError(
            "`pooling` must be 'average' for images of any size, because a dense layer takes a "
            f"fixed number of inputs. Received: pooling={pooling!r}, "
            f"input_shape={tuple(input_shape)}"
        )
