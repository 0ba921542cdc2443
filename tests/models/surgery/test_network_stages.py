import keras
import pytest

from kerasrecipes.models import MLP, VGG, ResNet, ResNetCIFAR
from kerasrecipes.models.surgery.assembly import assemble
from kerasrecipes.models.surgery.graph import Graph
from kerasrecipes.models.surgery.network_stages import (
    head,
    set_trainable_stages,
    stage_output,
    stage_outputs,
    stages,
)

ZEROS = {"kernel_initializer": "zeros"}


def cifar(**options):
    return ResNetCIFAR((8, 8, 1), 3, **{"depth": 8, "filters": 4, **ZEROS, **options})


def names(layers):
    return [layer.name for layer in layers]


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        pytest.param(
            lambda: cifar(),
            {
                "stem": "stem_activation",
                "stage1": "stage1_block1_activation2",
                "stage2": "stage2_block1_activation2",
                "stage3": "stage3_block1_activation2",
            },
            id="cifar",
        ),
        pytest.param(
            lambda: cifar(version=2),
            {
                "stem": "stem_conv",
                "stage1": "stage1_block1_add",
                "stage2": "stage2_block1_add",
                "stage3": "head_activation",
            },
            id="cifar-v2",
        ),
        pytest.param(
            lambda: VGG((32, 32, 3), 3, depth=11, filters=2, classifier_units=(), **ZEROS),
            {f"block{n}": f"block{n}_pool" for n in range(1, 6)},
            id="vgg",
        ),
        pytest.param(
            lambda: ResNet((32, 32, 3), 3, depth=18, filters=2, **ZEROS),
            {
                "conv1": "conv1_activation",
                **{f"conv{n}": f"conv{n}_block2_output" for n in range(2, 6)},
            },
            id="resnet",
        ),
    ],
)
def test_stages_of_our_networks(network, expected):
    assert stage_outputs(network()) == expected


# For each family, the number of stages, the first and the last one, and the output of the last.
APPLICATIONS = {
    "ConvNeXtTiny": (4, "stage_0", "stage_3", None),
    "DenseNet121": (5, "conv1", "conv5", "relu"),
    "EfficientNetB0": (8, "stem", "block7", "top_activation"),
    "EfficientNetV2B0": (7, "stem", "block6", "top_activation"),
    "InceptionResNetV2": (6, "mixed_5b", "block8", "conv_7b_ac"),
    "InceptionV3": (11, "mixed0", "mixed10", "mixed10"),
    "MobileNet": (14, "conv1", "conv_pw_13", "conv_pw_13_relu"),
    "MobileNetV2": (16, "block_1", "block_16", "out_relu"),
    "MobileNetV3Small": (10, "expanded_conv_1", "expanded_conv_10", None),
    "NASNetMobile": (17, "stem", "normal_concat_12", None),
    "ResNet50": (5, "conv1", "conv5", "conv5_block3_out"),
    "ResNet50V2": (5, "conv1", "conv5", "post_relu"),
    "VGG16": (5, "block1", "block5", "block5_pool"),
    "VGG19": (5, "block1", "block5", "block5_pool"),
    "Xception": (14, "block1", "block14", "block14_sepconv2_act"),
}


@pytest.mark.slow
@pytest.mark.tensorflow_only
@pytest.mark.parametrize("name", APPLICATIONS)
def test_stages_of_applications(name):
    count, first, last, output = APPLICATIONS[name]
    network = getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(96, 96, 3)
    )
    outputs = stage_outputs(network)
    assert (len(outputs), *[list(outputs)[i] for i in (0, -1)]) == (count, first, last)
    assert output in (None, outputs[last])
    shapes = [Graph.of(network).output(layer).shape for layer in outputs.values()]
    sizes = [shape[1] for shape in shapes]
    assert sizes == sorted(sizes, reverse=True)
    assert shapes[-1] == network.output_shape


@pytest.mark.parametrize(
    ("part", "first", "second"),
    [
        ("mixed9_1", "mixed9", "mixed10"),
        ("convnext_downsampling_block_0", "convnext_stage_0", "convnext_stage_1"),
    ],
)
def test_a_part_of_a_stage_is_none_of_its_own(part, first, second):
    """InceptionV3 and ConvNeXt have such parts."""
    outputs = inputs = keras.Input((4, 4, 1))
    for name in (first, part, second):
        outputs = keras.layers.ReLU(name=name)(outputs)
    network = keras.Model(inputs, outputs)
    assert list(stage_outputs(network).values()) == [first, second]
    assert [names(layers) for layers in stages(network).values()][1] == [part, second]


@pytest.mark.parametrize("version", [1, 2])
def test_every_layer_is_in_one_stage_or_in_the_head(version):
    network = cifar(version=version)
    found = [layer for layers in stages(network).values() for layer in layers]
    assert sorted(names([*found, *head(network)])) == sorted(names(network.layers))
    assert names(head(network)) == ["head_pool", "logits"]


def test_the_network_in_an_assembled_model_is_meant():
    model = assemble((8, 8, 1), [keras.layers.Rescaling(1 / 255)], lambda shape: cifar())
    network = model.layers[-1]
    assert stages(model) == stages(network)
    assert head(model) == head(network)


@pytest.mark.parametrize(
    ("stage", "output"),
    [
        (None, "stage3_block1_activation2"),
        ("stage2", "stage2_block1_activation2"),
        ("stage2_block1", "stage2_block1_activation2"),
        ("stage1_block1_conv2", "stage1_block1_conv2"),
    ],
)
def test_a_stage_a_part_of_one_and_a_layer(stage, output):
    assert stage_output(cifar(), stage) == output


def test_an_unknown_stage_names_the_nearest():
    with pytest.raises(ValueError, match="one of stem, .*Did you mean 'stage2'.*stage='stagge2'"):
        stage_output(cifar(), "stagge2")


@pytest.mark.parametrize(
    ("trainable", "expected"),
    [
        (0, []),
        (1, ["stage3"]),
        (2, ["stage2", "stage3"]),
        (["stem", "stage3"], ["stem", "stage3"]),
        ("all", ["stem", "stage1", "stage2", "stage3"]),
    ],
)
@pytest.mark.parametrize("train_batch_normalization", [False, True])
def test_trainable_stages(trainable, expected, train_batch_normalization):
    network = cifar()
    set_trainable_stages(network, trainable, train_batch_normalization=train_batch_normalization)
    trained = {weight.path.split("_")[0].split("/")[0] for weight in network.trainable_variables}
    assert trained == {*expected, "logits"}
    normalizes = any("norm" in weight.path for weight in network.trainable_variables)
    assert normalizes == (train_batch_normalization and bool(expected))
    for layers in stages(network).values():
        for layer in layers:
            if isinstance(layer, keras.layers.BatchNormalization) and not normalizes:
                assert not layer.trainable


def test_freezing_and_unfreezing_changes_no_order_of_weights():
    network = cifar()
    paths = [weight.path for weight in network.weights]
    for trainable in (0, 2, "all"):
        set_trainable_stages(network, trainable)
        assert [weight.path for weight in network.weights] == paths


@pytest.mark.parametrize(
    ("trainable", "error", "message"),
    [
        (5, ValueError, "at most 4, the number of stages: stem"),
        (-1, ValueError, "at least 0"),
        (["stage4"], ValueError, "Did you mean 'stage"),
        ("stage3", TypeError, "a list of their names, or 'all'"),
        (True, TypeError, "a number of stages"),
    ],
)
def test_bad_stages_to_train(trainable, error, message):
    with pytest.raises(error, match=message):
        set_trainable_stages(cifar(), trainable)


def test_networks_without_feature_maps_or_graph():
    with pytest.raises(ValueError, match="must be convolutional.*hidden1_dense"):
        stages(MLP((4, 4, 1), 2, units=(3,), **ZEROS))

    class Subclassed(keras.Model):
        pass

    model = Subclassed()
    model.dense = keras.layers.Dense(1)
    with pytest.raises(ValueError, match="must be functional.*Subclassed"):
        stages(model)
