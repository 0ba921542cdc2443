import os
from pathlib import Path

import keras
import numpy as np
import pytest

from kerasrecipes.data.split import ArraySplit
from kerasrecipes.models import Pretrained, ResNetCIFAR
from kerasrecipes.models.backbones import applications, trained_network
from kerasrecipes.models.surgery.assembly import assemble, check_raw_pixels
from kerasrecipes.models.surgery.network_stages import head, set_trainable_stages, stages
from kerasrecipes.models.surgery.weight_transfer import warm_start
from kerasrecipes.optimizers import StagewiseLearningRates
from tests.models.backbones.test_weight_files import randomized, write_legacy, write_weights
from tests.models.backbones.tiny_application import tiny_application

SHARED = Path(__file__).parents[3] / "shared" / "weights"
MOBILENET = SHARED / "mobilenet_0.25_224_imagenet_notop.weights.h5"


@pytest.fixture(autouse=True)
def _tiny_vgg(monkeypatch):
    """Puts a small network in the place of VGG16, with the preprocessing of VGG16."""
    monkeypatch.setattr(keras.applications, "VGG16", tiny_application)
    monkeypatch.setattr(applications, "MIN_SIZE_PIXELS", {"VGG16": 4})


def pixels(shape=(2, 8, 8, 3), seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype("float32")


def tiny(**options):
    return Pretrained((8, 8, 3), 3, **{"backbone": "VGG16", **options})


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def randomize(model, seed=0):
    generator = np.random.default_rng(seed)
    model.set_weights([generator.random(w.shape).astype("float32") for w in model.weights])
    return model


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run folder with a trained model: adapted preprocessing, regularizers, random weights."""
    folder = tmp_path_factory.mktemp("run")
    images = pixels((20, 8, 8, 1)).astype("uint8")
    model = assemble(
        (8, 8, 1),
        [keras.layers.Rescaling(0.5), keras.layers.Normalization()],
        lambda shape: ResNetCIFAR(shape, 5, depth=8, filters=2, kernel_regularizer="l2"),
        ArraySplit(images, np.zeros(20, "int32")),
    )
    randomize(model.layers[-1])
    model.save(folder / "model.keras")
    return folder, model


def test_preprocessing_is_inside_once():
    backbone = randomized()
    model = tiny(weights=None)
    for layer in backbone.layers:
        if layer.weights:
            model.get_layer(layer.name).set_weights(layer.get_weights())
    kernel, bias = model.get_layer("logits").get_weights()
    expected = backbone(keras.applications.vgg16.preprocess_input(pixels()), training=False)
    expected = numbers(expected).mean((1, 2)) @ kernel + bias
    np.testing.assert_allclose(numbers(model(pixels())), expected, rtol=1e-4, atol=1e-3)


def test_each_stage_gets_its_rate_whatever_scales_the_pixels():
    network = tiny(weights=None, trainable_stages="all")
    assert [layer.name for layer in head(network)] == ["head_average", "logits"]
    optimizer = StagewiseLearningRates(keras.optimizers.SGD(1.0), depth_factor=0.5)
    weights = network.trainable_variables
    optimizer.assign_stages(weights, [*stages(network).values(), head(network)])
    rates = {w.path: rate for w, rate in zip(weights, optimizer.multipliers, strict=True)}
    assert rates == {
        "block1_conv1/kernel": 0.05,
        "block1_conv1/bias": 0.05,
        "block2_conv1/kernel": 0.1,
        "block2_conv1/bias": 0.1,
        "logits/kernel": 1.0,
        "logits/bias": 1.0,
    }


@pytest.mark.parametrize("layout", ["new", "legacy"])
def test_weights_from_a_file(layout, tmp_path):
    saved = randomized()
    path = tmp_path / ("vgg.weights.h5" if layout == "new" else "vgg.h5")
    write = write_weights if layout == "new" else write_legacy
    write(saved, path)
    model = tiny(weights=str(path))
    for layer in (layer for layer in saved.layers if layer.weights):
        own = model.get_layer(layer.name).get_weights()
        for found, expected in zip(own, layer.get_weights(), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_imagenet_weights_and_random_ones():
    assert np.ptp(tiny().get_layer("block2_conv1").get_weights()[0]) == 0
    assert np.ptp(tiny(weights=None).get_layer("block2_conv1").get_weights()[0]) > 0


def test_one_channel_is_repeated():
    grey = pixels((2, 8, 8, 1))
    model = Pretrained((8, 8, 1), 3, backbone="VGG16")
    colour = tiny()
    colour.set_weights(model.get_weights())
    np.testing.assert_array_equal(
        numbers(model(grey)), numbers(colour(np.repeat(grey, 3, axis=-1)))
    )


@pytest.mark.parametrize(
    ("stage", "last"),
    [(None, "block2_add"), ("block1", "block1_pool"), ("block2_conv1", "block2_conv1")],
)
def test_any_layer_is_the_feature(stage, last):
    names = [layer.name for layer in tiny(stage=stage).layers]
    assert names[-3:] == [last, "head_average", "logits"]


@pytest.mark.parametrize(
    ("pooling", "function"),
    [
        ("average", lambda x: x.mean((1, 2))),
        ("max", lambda x: x.max((1, 2))),
        ("flatten", lambda x: x.reshape(len(x), -1)),
    ],
)
def test_pooling(pooling, function):
    model = tiny(pooling=pooling)
    features = keras.Model(model.input, model.get_layer("block2_add").output)
    pooled = keras.Model(model.input, model.get_layer(f"head_{pooling}").output)
    np.testing.assert_allclose(
        numbers(pooled(pixels())), function(numbers(features(pixels()))), rtol=1e-5
    )


def test_the_head():
    model = tiny(classifier_units=[5, 4], dropout_rate=0.25, kernel_regularizer="l2", name="mine")
    assert [layer.name.removeprefix("head_") for layer in model.layers][-7:] == [
        "average", "dropout1", "dense1", "dropout2", "dense2", "dropout3", "logits"
    ]  # fmt: skip
    assert model.name == "mine"
    assert [model.get_layer(f"head_dense{n}").units for n in (1, 2)] == [5, 4]
    assert model.get_layer("head_dropout3").rate == 0.25
    assert len(model.losses) == 3
    zeros = tiny(kernel_initializer="zeros")
    assert not np.any(zeros.get_layer("logits").get_weights()[0])
    assert tiny().name == "pretrained_tiny"


def test_it_needs_no_kerasrecipes_to_load(tmp_path):
    model = tiny(trainable_stages=1)
    assert "kerasrecipes" not in model.to_json()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(numbers(loaded(pixels())), numbers(model(pixels())))
    assert [w.path for w in loaded.trainable_variables] == [
        w.path for w in model.trainable_variables
    ]
    assert list(stages(loaded)) == ["block1", "block2"]


def fit(model):
    model.compile(
        optimizer=keras.optimizers.SGD(1e-4),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    before = {w.path: numbers(w).copy() for w in model.weights}
    model.fit(pixels((4, 8, 8, 3)), np.array([0, 1, 2, 0]), batch_size=4, verbose=0)
    return {w.path for w in model.weights if np.any(numbers(w) != before[w.path])}


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({}, set()),
        ({"trainable_stages": 1}, {"block2_conv1/kernel", "block2_conv1/bias"}),
        (
            {"trainable_stages": ["block2"], "train_batch_normalization": True},
            {"block2_conv1/kernel", "block2_conv1/bias"}
            | {f"block2_norm1/{w}" for w in ("gamma", "beta", "moving_mean", "moving_variance")},
        ),
    ],
)
def test_only_what_is_to_be_trained_changes(options, changed):
    model = randomize(tiny(weights=None, **options))
    found = fit(model) - {"logits/kernel", "logits/bias"}
    # A bias before a batch normalization has no gradient except rounding errors.
    assert found | {"block2_conv1/bias"} == changed | {"block2_conv1/bias"}


def test_training_and_inference_agree_while_all_is_frozen():
    model = randomize(tiny(weights=None))
    np.testing.assert_array_equal(
        numbers(model(pixels(), training=True)), numbers(model(pixels(), training=False))
    )


def test_weights_go_from_the_head_to_fine_tuning(tmp_path):
    features = randomize(tiny(weights=None))
    features.save(tmp_path / "model.keras")
    start = keras.saving.load_model(tmp_path / "model.keras")
    tuned = tiny(weights=None, trainable_stages="all", train_batch_normalization=True)
    warm_start(tuned, start)
    np.testing.assert_array_equal(numbers(tuned(pixels())), numbers(features(pixels())))
    set_trainable_stages(tuned, 0)
    np.testing.assert_array_equal(numbers(tuned(pixels())), numbers(features(pixels())))


@pytest.mark.parametrize("named_by", ["folder", "file"])
def test_a_run_as_backbone(named_by, run):
    folder, trained = run
    path = folder if named_by == "folder" else folder / "model.keras"
    model = Pretrained((8, 8, 1), 3, backbone=str(path), trainable_stages="all")
    network = trained.layers[-1]
    before = keras.Model(trained.input, trained.layers[-2].output)
    features = keras.Model(network.input, network.get_layer("head_pool").output)
    pooled = keras.Model(model.input, model.get_layer("head_average").output)
    images = pixels((2, 8, 8, 1))
    np.testing.assert_allclose(
        numbers(pooled(images)), numbers(features(before(images))), rtol=1e-5
    )
    assert model.losses == []
    assert list(stages(model)) == ["stem", "stage1", "stage2", "stage3"]


def test_a_run_as_backbone_without_its_weights(run):
    folder, trained = run
    model = Pretrained((8, 8, 1), 3, backbone=str(folder), weights=None)
    kernels = [m.get_layer("stem_conv").get_weights()[0] for m in (model, trained.layers[-1])]
    assert kernels[0].shape == kernels[1].shape
    assert np.any(kernels[0] != kernels[1])


def test_a_shipped_network_goes_by_its_name(run, monkeypatch):
    monkeypatch.setattr(trained_network, "SHIPPED", run[0].parent)
    name = run[0].name
    assert name in trained_network.shipped_networks()
    assert Pretrained((8, 8, 1), 3, backbone=name).output_shape == (None, 3)


def test_dropout_of_the_backbone_is_off():
    assert tiny(trainable_stages="all").get_layer("block2_dropout").rate == 0


def test_images_of_any_size():
    model = Pretrained((None, None, 3), 3, backbone="VGG16", weights=None)
    assert numbers(model(pixels((1, 6, 10, 3)))).shape == (1, 3)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"classes": 1}, ValueError, "classes"),
        ({"input_shape": (8, 8)}, ValueError, "input_shape"),
        ({"input_shape": (3, 8, 3)}, ValueError, "at least 4 pixels.*Enlarge smaller ones"),
        ({"input_shape": (8, 8, 2)}, ValueError, "3 channels, or a single one"),
        ({"backbone": "VGG-16"}, ValueError, "Did you mean 'VGG16'"),
        ({"backbone": "/no/run"}, ValueError, "must be one of .*the folder of a finished run"),
        ({"backbone_options": {"alpha": 1}}, ValueError, "VGG16 must be among: filters"),
        ({"weights": "imagenet"}, ValueError, "'pretrained' .*None for random"),
        ({"stage": "blok1"}, ValueError, "Did you mean 'block1'"),
        ({"pooling": "mean"}, ValueError, "'average', 'max', 'flatten'"),
        (
            {"pooling": "flatten", "input_shape": (None, None, 3)},
            ValueError,
            "'average' or 'max' for images of any size",
        ),
        ({"classifier_units": [0]}, ValueError, r"classifier_units\[0\]"),
        ({"dropout_rate": 1.0}, ValueError, "dropout_rate"),
        ({"trainable_stages": 3}, ValueError, "at most 2"),
        ({"train_batch_normalization": 2}, ValueError, "train_batch_normalization"),
    ],
)
def test_bad_arguments(options, error, message):
    with pytest.raises(error, match=message):
        Pretrained(**{"input_shape": (8, 8, 3), "classes": 3, "backbone": "VGG16", **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backbone_options": {"alpha": 1}}, "must be left out for a trained run"),
        ({"weights": "file.h5"}, "'pretrained' or None for a trained run"),
        ({"input_shape": (8, 8, 3)}, "Images of 8 x 8 pixels do not fit"),
    ],
)
def test_bad_arguments_for_a_run(options, message, run):
    with pytest.raises(ValueError, match=message):
        Pretrained(**{"input_shape": (8, 8, 1), "classes": 3, "backbone": str(run[0]), **options})


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([keras.layers.Resizing(12, 10)], None),
        ([keras.layers.CenterCrop(6, 6)], None),
        ([], None),
        ([keras.layers.Rescaling(1 / 255)], "Rescaling, which turns 255 into 1"),
        ([keras.layers.Rescaling(1 / 127.5, -1)], "preprocessing=\\[\\]"),
        ([keras.layers.Rescaling(1.0, -128)], "scaled twice"),
    ],
)
def test_pixels_must_be_raw(layers, message):
    model = assemble((8, 8, 3), layers, lambda shape: Pretrained(shape, 3, backbone="VGG16"))
    if message is None:
        check_raw_pixels(model, "Pretrained")
    else:
        with pytest.raises(ValueError, match=message):
            check_raw_pixels(model, "Pretrained")


@pytest.mark.slow
@pytest.mark.skipif(not MOBILENET.is_file(), reason=f"needs {MOBILENET.name} in ../shared/weights")
def test_real_weights_of_mobilenet():
    images = pixels((1, 96, 96, 3))
    model = Pretrained(
        images.shape[1:],
        5,
        backbone="MobileNet",
        backbone_options={"alpha": 0.25},
        weights=os.fspath(MOBILENET),
    )
    peer = keras.applications.MobileNet(
        alpha=0.25, weights=None, include_top=False, input_shape=(96, 96, 3), pooling="avg"
    )
    peer.load_weights(MOBILENET)
    features = keras.Model(model.input, model.get_layer("head_average").output)
    np.testing.assert_allclose(
        features.predict(images, verbose=0),
        peer.predict(keras.applications.mobilenet.preprocess_input(images), verbose=0),
        rtol=1e-4,
        atol=1e-4,
    )
    with pytest.raises(ValueError, match="conv1 must have .*32.*, has .*8"):
        Pretrained((96, 96, 3), 5, backbone="MobileNet", weights=os.fspath(MOBILENET))
