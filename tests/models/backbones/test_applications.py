import importlib
import sys

import keras
import numpy as np
import pytest

from kerasrecipes.models.backbones.applications import (
    LEAST_SIZE_PIXELS,
    application_builders,
    build_application,
    check_application_options,
    scale_pixels,
)
from tests.models.backbones.tiny_application import tiny_application

# Their `preprocess_input` does nothing: the networks scale pixels themselves.
SCALES_ITSELF = ("ConvNeXt", "EfficientNet", "MobileNetV3")


def pixels():
    return np.random.default_rng(0).integers(0, 256, (2, 3, 4, 3)).astype("float32")


@pytest.mark.parametrize("name", sorted(application_builders()))
def test_pixels_are_scaled_as_preprocess_input_does(name):
    module = sys.modules[application_builders()[name].__module__]
    inputs = keras.Input((3, 4, 3))
    scaled = scale_pixels(name, inputs)
    assert (scaled is inputs) == name.startswith(SCALES_ITSELF)
    found = keras.Model(inputs, scaled)(pixels())
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(found), module.preprocess_input(pixels()), rtol=1e-5, atol=1e-5
    )


def test_every_network_of_keras_is_known():
    assert {"VGG16", "VGG19", "ResNet50", "ResNet101", "ResNet152", "MobileNet"} <= {
        *application_builders()
    }
    assert "keras" not in application_builders()
    assert len(application_builders()) >= 38


@pytest.mark.parametrize("name", ["VGG16", *LEAST_SIZE_PIXELS])
def test_the_least_size_is_that_of_keras(name):
    least = LEAST_SIZE_PIXELS.get(name, 32)
    with pytest.raises(ValueError, match=f"at least {least} pixels.*Resizing.*for {name}"):
        build_application(name, (least, least - 1, 3), {}, None)
    with pytest.raises(ValueError, match=f"{least}x{least}"):
        application_builders()[name](
            weights=None, include_top=False, input_shape=(least, least - 1, 3)
        )


def test_options():
    check_application_options("MobileNet", {"alpha": 0.25})
    with pytest.raises(ValueError, match="MobileNet must be among: alpha, .*'alhpa'"):
        check_application_options("MobileNet", {"alhpa": 0.25})
    with pytest.raises(ValueError, match="VGG16 must be among: none"):
        check_application_options("VGG16", {"weights": None})


def test_weights_that_cannot_be_fetched(monkeypatch):
    def offline(include_top=True, input_shape=None, weights="imagenet"):
        raise Exception("URL fetch failure on https://there")

    monkeypatch.setattr(keras.applications, "VGG16", offline)
    with pytest.raises(OSError, match="of VGG16 could not be fetched: URL fetch.*weights='path"):
        build_application("VGG16", (32, 32, 3), {}, "imagenet")


def test_imagenet_weights_are_asked_for_by_name(monkeypatch):
    monkeypatch.setattr(keras.applications, "VGG16", tiny_application)
    network = build_application("VGG16", (32, 32, 3), {"filters": 2}, "imagenet")
    kernel = keras.ops.convert_to_numpy(network.get_layer("block1_conv1").kernel)
    assert kernel.shape == (3, 3, 3, 2)
    np.testing.assert_allclose(kernel, 0.01)


@pytest.mark.parametrize("name", ["VGG16", "ResNet50", "DenseNet121", "MobileNetV3Small"])
def test_keras_checks_what_it_downloads_by_a_hash(name):
    source = importlib.util.find_spec(application_builders()[name].__module__).origin
    with open(source, encoding="utf-8") as file:
        assert "file_hash=" in file.read()
