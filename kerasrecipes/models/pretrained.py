"""A trained network with a new last layer."""

from collections.abc import Mapping, Sequence

import keras

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.models.backbones.catalogue import build_backbone
from kerasrecipes.models.blocks.checks import check_image_shape
from kerasrecipes.models.blocks.logits import classify
from kerasrecipes.models.blocks.templates import kernel_arguments
from kerasrecipes.models.surgery.graph import Graph
from kerasrecipes.models.surgery.network_stages import set_trainable_stages, stage_output

POOLINGS = {
    "average": keras.layers.GlobalAveragePooling2D,
    "max": keras.layers.GlobalMaxPooling2D,
    "flatten": keras.layers.Flatten,
}


def Pretrained(
    input_shape: Sequence[int | None],
    classes: int,
    *,
    backbone: str = "resnet20_cifar10",
    backbone_options: Mapping[str, object] | None = None,
    weights: str | None = "pretrained",
    stage: str | None = None,
    pooling: str = "average",
    classifier_units: Sequence[int] = (),
    dropout_rate: float = 0.0,
    trainable_stages: int | str | Sequence[str] = 0,
    train_batch_normalization: bool = False,
    kernel_initializer: object = "glorot_uniform",
    kernel_regularizer: object = None,
    name: str | None = None,
) -> keras.Model:
    """Trained network whose last layer is replaced by one for other classes.

    The backbone up to a stage; the average of its output over the image; hidden dense layers, if
    any; a dense layer. What is frozen is frozen by `trainable`, `BatchNormalization` too, which
    then normalizes by the statistics that it came with: `training=False`, which Keras's guide
    advises, does not hold in `fit` with Keras 3.15.

    **Pixels.** Images in [0, 255] go in: the preprocessing that the backbone was trained with is in
    the model, once. So a recipe gives `preprocessing=[]`, or layers that keep pixels in [0, 255],
    such as `Resizing`; anything else is refused. One channel is repeated where the backbone wants
    three.

    **Names.** `kerasrecipes show VGG16` lists the stages of a backbone, and so for any other. Those
    of VGG are `block1` to `block5`, of ResNet `conv1` to `conv5`, of MobileNet `conv1` and
    `conv_pw_1` to `conv_pw_13`. The head's layers are `"head_average"` (or what `pooling` is),
    `"head_dense1"`, ..., `"logits"`; the backbone's keep their names.

    Args:
        input_shape: `(height, width, channels)`. The networks of `keras.applications` take 32 x 32
            pixels at least, Xception 71, InceptionV3 and InceptionResNetV2 75.
        classes: Integer, at least 2. Number of logits.
        backbone: A network of `keras.applications`; `"resnet20_cifar10"`, our ResNet-20 for images
            of 32 pixels, which comes with the package; a finished run's folder; or a `.keras` file.
        backbone_options: Further arguments of a network of `keras.applications`, such as
            `{"alpha": 0.25}` for MobileNet.
        weights: `"pretrained"` (ImageNet's, which Keras downloads once; or those of the run),
            `None` for random ones, or the path of a `.weights.h5` or legacy `.h5` file with the
            weights of the backbone without its classifier ("notop"). Keras checks what it downloads
            by a hash, but MobileNet's and MobileNetV2's files, for which it has none.
        stage: The stage whose output is the feature: `"conv4"`; a part of one, `"conv4_block2"`; or
            a layer's name. What lies above it is not in the model. Defaults to the last.
        pooling: `"average"` or `"max"` of each channel over the image, or `"flatten"`.
        classifier_units: Units of hidden dense layers with ReLU, first to last.
        dropout_rate: Float in `[0, 1)`. Fraction of the input of each dense layer that training
            drops.
        trainable_stages: The number of last stages that are trained with the head; or their names;
            or `"all"`. Defaults to 0: the features stay as they are.
        train_batch_normalization: Whether `BatchNormalization` in trainable stages trains too, its
            moving statistics included.
        kernel_initializer: Keras initializer of the head.
        kernel_regularizer: Keras regularizer of the head's kernels, or `None`. The backbone has
            none, even if it was trained with one.
        name: Name of the model. Defaults to `"pretrained_"` and the backbone's.

    Returns:
        A functional `keras.Model` from images, `(batch, *input_shape)`, to logits,
        `(batch, classes)`. It consists of Keras's own layers if the backbone does, so its `.keras`
        file loads where this package is not installed.

    Raises:
        ValueError: If an argument is out of range; there is no such backbone or stage; images are
            smaller than the backbone takes; weights are of another architecture, and then which
            layers differ; or a trained backbone has no feature maps.
        TypeError: If an argument that must be a number is none.
        OSError: If weights cannot be downloaded.

    Example:

    >>> model = Pretrained((32, 32, 3), 5, backbone="VGG16", weights=None, stage="block3")
    >>> model.get_layer("block3_pool").output.shape, model.output_shape
    ((None, 4, 4, 256), (None, 5))
    >>> [weight.path for weight in model.trainable_variables]
    ['logits/kernel', 'logits/bias']

    Reference:
        Yosinski et al., 2014, https://arxiv.org/abs/1411.1792;
        Sharif Razavian et al., 2014, https://arxiv.org/abs/1403.6382.
    """
    check_image_shape(input_shape, 1)
    check_integer("classes", classes, at_least=2)
    check_choice("pooling", pooling, POOLINGS)
    check_choice("train_batch_normalization", train_batch_normalization, (False, True))
    check_number("dropout_rate", dropout_rate, at_least=0, below=1)
    for index, units in enumerate(classifier_units):
        check_integer(f"classifier_units[{index}]", units, at_least=1)
    if pooling == "flatten" and None in tuple(input_shape):
        raise ValueError(
            "`pooling` must be 'average' or 'max' for images of any size. "
            f"Received: pooling={pooling!r}, input_shape={tuple(input_shape)}"
        )

    features = build_backbone(backbone, tuple(input_shape), dict(backbone_options or {}), weights)
    x = Graph.of(features).output(stage_output(features, stage))
    x = POOLINGS[pooling](name=f"head_{pooling}")(x)
    for number, hidden in enumerate((*classifier_units, None), start=1):
        if dropout_rate:
            x = keras.layers.Dropout(dropout_rate, name=f"head_dropout{number}")(x)
        if hidden is not None:
            kernel = kernel_arguments(f"head_dense{number}", kernel_initializer, kernel_regularizer)
            x = keras.layers.Dense(hidden, activation="relu", **kernel)(x)
    logits = classify(x, classes, kernel_initializer, kernel_regularizer)
    name = name or f"pretrained_{features.name}"
    network = keras.Model(features.input, logits, name=name)
    set_trainable_stages(
        network, trainable_stages, train_batch_normalization=train_batch_normalization
    )
    return network


Pretrained.takes_raw_pixels = True  # type: ignore[attr-defined]
