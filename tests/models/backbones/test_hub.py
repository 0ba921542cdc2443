"""Backbones of KerasHub: their numbers, their preprocessing, and presets that are no such thing."""

import sys

import keras
import numpy as np
import pytest

from kerasrecipes.models import Pretrained, stages

SCALE, OFFSET = 1 / 255, [-0.5, -0.4, -0.3]


@pytest.fixture(scope="module")
def hub():
    return pytest.importorskip("keras_hub")


@pytest.fixture(scope="module")
def network(hub):
    """A small ResNet, with statistics that are not those of a new one."""
    network = hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 128],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        image_shape=(None, None, 3),
    )
    rng = np.random.default_rng(0)
    for weight in network.weights:
        if "moving_mean" in weight.path:
            weight.assign(rng.normal(size=weight.shape))
    return network


@pytest.fixture(scope="module")
def preset(hub, network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets") / "resnet"
    network.save_to_preset(folder)
    hub.layers.ResNetImageConverter(scale=SCALE, offset=OFFSET).save_to_preset(folder)
    return f"hub:{folder}"


def test_features_are_those_of_the_preset_with_its_preprocessing(network, preset):
    model = Pretrained((32, 32, 3), 4, backbone=preset)
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    expected = network(images * np.float32(SCALE) + np.float32(OFFSET))
    features = keras.Model(model.input, model.get_layer("head_average").input)(images)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(features), keras.ops.convert_to_numpy(expected), atol=1e-5
    )


def test_its_stages_are_found_and_frozen(preset):
    model = Pretrained((32, 32, 3), 4, backbone=preset, trainable_stages=1)
    assert list(stages(model)) == ["conv1", "stack0", "stack1"]
    trained = {weight.path.split("_")[0] for weight in model.trainable_variables}
    assert trained == {"stack1", "logits/kernel", "logits/bias"}


def test_random_weights_are_those_of_another_network(network, preset):
    model = Pretrained((32, 32, 3), 4, backbone=preset, weights=None)
    kernels = [n.get_layer("conv1_conv").get_weights()[0] for n in (network, model)]
    assert not np.array_equal(*kernels)


@pytest.mark.parametrize("kind", ["text", "tokens"])
def test_a_preset_that_is_no_convolutional_network_of_images_is_refused(hub, tmp_path, kind):
    if kind == "text":
        other = hub.models.BertBackbone(
            vocabulary_size=10,
            num_layers=1,
            num_heads=2,
            hidden_dim=8,
            intermediate_dim=8,
            max_sequence_length=8,
        )
        message = "must be a network of images"
    else:
        other = hub.models.ViTBackbone(
            image_shape=(32, 32, 3),
            patch_size=8,
            num_layers=1,
            num_heads=2,
            hidden_dim=8,
            mlp_dim=8,
        )
        message = "must be convolutional"
    other.save_to_preset(tmp_path / "other")
    with pytest.raises(ValueError, match=message):
        Pretrained((32, 32, 3), 4, backbone=f"hub:{tmp_path / 'other'}")


def test_a_preset_that_is_not_there_is_named(hub):
    with pytest.raises(ValueError, match=r"name of a preset.*Received: 'hub:no_such_preset'"):
        Pretrained((32, 32, 3), 4, backbone="hub:no_such_preset")


def test_options_and_files_are_not_for_presets():
    with pytest.raises(ValueError, match="'pretrained' or None for a preset"):
        Pretrained((32, 32, 3), 4, backbone="hub:any", weights="a.h5")
    with pytest.raises(ValueError, match="must be left out"):
        Pretrained((32, 32, 3), 4, backbone="hub:any", backbone_options={"alpha": 1})


def test_without_kerashub_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(ImportError, match=r"pip install 'kerasrecipes\[hub\]'"):
        Pretrained((32, 32, 3), 4, backbone="hub:resnet_18_imagenet")
