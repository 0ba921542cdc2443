"""Trained network with a new head."""

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
    """Trained network whose head is replaced by one for other classes.

    The model consists of the backbone up to a stage, pooling over the image, hidden dense layers if
    there are any, and a dense layer. Layers are frozen by `trainable = False`. A frozen
    `BatchNormalization` normalizes by the statistics of the earlier training. (Calling it with
    `training=False`, as Keras's guide advises, has no effect in `fit` with Keras 3.15.)

    **Pixels.** The model takes images in [0, 255], because it contains the preprocessing that the
    backbone was trained with. A recipe must therefore give `preprocessing=[]`, or layers that keep
    pixels in [0, 255], such as `Resizing`; it is refused otherwise. A single channel is repeated if
    the backbone takes three.

    **Names.** `kerasrecipes show VGG16` lists the stages of a backbone. Those of VGG are `block1`
    to `block5`, those of ResNet `conv1` to `conv5`, those of MobileNet `conv1` and `conv_pw_1` to
    `conv_pw_13`. The layers of the head are `"head_average"` (or another `pooling`),
    `"head_dense1"`, ..., `"logits"`. The layers of the backbone keep their names.

    Args:
        input_shape: `(height, width, channels)`. The networks of `keras.applications` take 32 x 32
            pixels at least, Xception 71, InceptionV3 and InceptionResNetV2 75.
        classes: Integer, at least 2. Number of logits.
        backbone: The name of a network of `keras.applications`; `"resnet20_cifar10"`, our ResNet-20
            for images of 32 x 32 pixels, which comes with the package; the folder of a finished
            run; a `.keras` file; or `"hub:"` and the name of an image preset of KerasHub, or the
            folder of one, where KerasHub is installed (the extra `hub`).
        backbone_options: Further arguments of a network of `keras.applications`, such as
            `{"alpha": 0.25}` for MobileNet.
        weights: `"pretrained"` for the weights of ImageNet, which Keras downloads once, or of the
            run; `None` for random ones; or the path of a `.weights.h5` or legacy `.h5` file with
            the weights of the backbone without its classifier ("notop"). Keras checks its downloads
            by a hash, except those of MobileNet and MobileNetV2, for which it has none.
        stage: The stage whose output is the input of the head: the name of a stage, such as
            `"conv4"`, of a part of one, such as `"conv4_block2"`, or of a layer. The model does not
            contain the layers after it. Defaults to the last stage.
        pooling: `"average"` or `"max"` of each channel over the image, or `"flatten"`.
        classifier_units: Numbers of units of hidden dense layers with ReLU, from first to last.
        dropout_rate: Float in `[0, 1)`. The fraction of the inputs of each dense layer that
            training drops.
        trainable_stages: How many of the last stages are trained together with the head; a list of
            their names; or `"all"`. Defaults to 0, which leaves the backbone as it is.
        train_batch_normalization: Whether `BatchNormalization` in the trainable stages is trained
            too, with its moving statistics.
        kernel_initializer: Keras initializer of the head.
        kernel_regularizer: Keras regularizer of the head's kernels, or `None`. The backbone has no
            regularizer, even if it was trained with one.
        name: Name of the model. Defaults to `"pretrained_"` and the name of the backbone.

    Returns:
        A functional `keras.Model` from images, `(batch, *input_shape)`, to logits,
        `(batch, classes)`. If the backbone consists of Keras's own layers, its `.keras` file loads
        without this package.

    Raises:
        ValueError: If an argument is out of range; there is no such backbone or stage; the images
            are too small for the backbone; the weights are of another architecture, where the
            message names the layers that differ; or a trained backbone has no feature maps.
        TypeError: If an argument that must be a number is not one.
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
