import errno
import functools
import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from kerasrecipes.data.reading.decoding import read_image
from kerasrecipes.data.split import ArraySplit, FileSplit
from kerasrecipes.training.features import feature_cache
from kerasrecipes.training.features.feature_cache import cached_features, model_digest


def images(count=150, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 4, 4, 1)).astype("uint8")
    return ArraySplit(pixels, (np.arange(count) % 3).astype("int32"))


def network(seed=0):
    inputs = keras.Input((4, 4, 1))
    kernel = keras.initializers.RandomNormal(seed=seed)
    x = keras.layers.Conv2D(2, 3, kernel_initializer=kernel)(inputs)
    return keras.Model(inputs, keras.layers.Flatten()(x))


@pytest.fixture
def calls(monkeypatch):
    """The number of images of each call of `predict`; last batches are not filled up."""
    counted = []
    predict = keras.Model.predict

    def counting(self, *args, **kwargs):
        outputs = predict(self, *args, **kwargs)
        counted.append(len(outputs))
        return outputs

    monkeypatch.setattr(keras.Model, "predict", counting)
    monkeypatch.setattr(feature_cache, "BATCHES_AT_A_TIME", 4)
    monkeypatch.setattr(feature_cache, "compiles_each_size", lambda: False)
    return counted


def features(model, split, directory, **options):
    options = {"batch_size": 16, **options}
    return cached_features({"x": model}, split, directory=directory, **options)["x"]


def expected(model, split):
    return keras.ops.convert_to_numpy(model(split.images.astype("float32")))


def test_computed_once(tmp_path, calls):
    model, split = network(), images()
    found = features(model, split, tmp_path)
    np.testing.assert_allclose(found, expected(model, split), rtol=1e-5, atol=1e-4)
    assert calls == [64, 64, 22]
    again = features(model, split, tmp_path)
    np.testing.assert_array_equal(again, found)
    assert calls == [64, 64, 22]


def test_a_last_batch_that_is_filled_up_has_the_same_features(tmp_path, calls, monkeypatch):
    model, split = network(), images()
    found = features(model, split, tmp_path / "short")
    monkeypatch.setattr(feature_cache, "compiles_each_size", lambda: True)
    np.testing.assert_array_equal(features(model, split, tmp_path / "filled"), found)
    assert calls == [64, 64, 22, 64, 64, 32]


@pytest.mark.parametrize(
    "changed",
    [
        {"model": network(seed=1)},
        {"split": images(count=20, seed=1)},
        {"resize": "pad"},
        {"augment": [keras.layers.RandomFlip(seed=0)]},
        {"augment": [keras.layers.RandomFlip(seed=0)], "data_pass": 1},
    ],
)
def test_what_changes_the_features_is_computed_anew(changed, tmp_path, calls):
    given = {"model": network(), "split": images(count=20)}
    features(**given, directory=tmp_path)
    features(**{**given, **changed}, directory=tmp_path)
    assert calls == [20, 20]


def test_names_and_trainable_change_nothing(tmp_path, calls):
    first, second = network(), network()
    second.trainable = False
    assert [x.name for x in first.layers] != [x.name for x in second.layers]
    assert model_digest(first) == model_digest(second)
    assert model_digest(first) != model_digest(network(seed=1))


def test_a_killed_process_is_gone_on_with(tmp_path, calls, monkeypatch):
    model, split = network(), images()
    whole = np.array(features(model, split, tmp_path / "whole"))
    calls.clear()
    counting = keras.Model.predict

    def killed(self, *args, **kwargs):
        if len(calls) == 2:
            raise KeyboardInterrupt
        return counting(self, *args, **kwargs)

    monkeypatch.setattr(keras.Model, "predict", killed)
    with pytest.raises(KeyboardInterrupt):
        features(model, split, tmp_path / "killed")
    monkeypatch.setattr(keras.Model, "predict", counting)
    np.testing.assert_array_equal(features(model, split, tmp_path / "killed"), whole)
    assert calls == [64, 64, 22]


@pytest.mark.parametrize("damage", ["version", "truncated", "no description"])
def test_a_file_of_another_version_or_cut_short_is_noticed(damage, tmp_path, calls):
    model, split = network(), images(count=20)
    found = np.array(features(model, split, tmp_path))
    (array,) = tmp_path.glob("*.npy")
    description = array.with_suffix(".json")
    if damage == "version":
        written = json.loads(description.read_text())
        description.write_text(json.dumps(written | {"format": written["format"] + 1}))
        array.write_bytes(array.read_bytes()[:-8] + b"another!")
    elif damage == "truncated":
        array.write_bytes(array.read_bytes()[:-8])
    else:
        description.unlink()
    np.testing.assert_array_equal(features(model, split, tmp_path), found)
    assert calls == [20, 20]


def test_several_models_in_one_pass(tmp_path, calls):
    model, split = network(), images(count=20)
    inputs, (conv, flat) = model.inputs[0], (layer.output for layer in model.layers[1:])
    outputs = {"map": conv, "flat": flat}
    models = {name: keras.Model(inputs, output) for name, output in outputs.items()}
    asked = []

    def joint(names):
        asked.append(list(names))
        chosen = [outputs[name] for name in names]
        return keras.Model(inputs, chosen if len(chosen) > 1 else chosen[0])

    options = {"directory": tmp_path, "batch_size": 16, "joint": joint}
    cached_features({"map": models["map"]}, split, **options)
    found = cached_features(models, split, **options)
    assert asked == [["map"], ["flat"]]
    np.testing.assert_array_equal(found["map"].reshape(20, -1), found["flat"])
    both = cached_features(models, split, **{**options, "directory": tmp_path / "both"})
    assert asked[2:] == [["map", "flat"]]
    for name in outputs:
        np.testing.assert_array_equal(both[name], found[name])


def test_a_pass_draws_its_own_augmentation(tmp_path):
    model, split = network(), images(count=20)
    augment = [keras.layers.RandomFlip("horizontal", seed=0)]
    draws = [
        np.array(features(model, split, tmp_path / str(n), augment=augment, data_pass=n % 2))
        for n in range(3)
    ]
    np.testing.assert_array_equal(draws[0], draws[2])
    plain, turned = (
        expected(model, ArraySplit(pixels, split.labels))
        for pixels in (split.images, np.ascontiguousarray(split.images[:, :, ::-1]))
    )
    for draw in draws[:2]:
        is_plain = np.isclose(draw, plain, atol=1e-3).all(1)
        assert np.all(is_plain | np.isclose(draw, turned, atol=1e-3).all(1))
        assert 0 < is_plain.sum() < 20
    assert np.any(draws[0] != draws[1])


def test_a_disk_too_small(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(
        OSError, match="features take .* MiB, and 0 MiB are free: make room"
    ) as full:
        features(network(), images(), tmp_path)
    assert full.value.errno == errno.ENOSPC
    assert not list(tmp_path.glob("*.partial"))


def test_a_disk_that_fills_up(tmp_path, monkeypatch, calls):
    model, split = network(), images()
    append = feature_cache.FeatureFile.append
    appended = []

    def full(self, rows):
        if len(appended) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        appended.append(len(rows))
        append(self, rows)

    monkeypatch.setattr(feature_cache.FeatureFile, "append", full)
    with pytest.raises(OSError, match=r"No space left on device: .*\.npy") as error:
        features(model, split, tmp_path)
    assert "The features computed so far are kept" in error.value.__notes__[0]
    monkeypatch.setattr(feature_cache.FeatureFile, "append", append)
    calls.clear()
    np.testing.assert_allclose(
        features(model, split, tmp_path), expected(model, split), rtol=1e-5, atol=1e-4
    )
    assert calls == [64, 22]


def test_images_replaced_by_others_of_equal_size_get_features_of_their_own(tmp_path):
    model, names = network(), [f"{index}.bmp" for index in range(6)]

    def features(seed):
        """Writes images of the same names and sizes, and returns their features and right ones."""
        split = images(len(names), seed)
        for name, pixels in zip(names, split.images, strict=True):
            Image.fromarray(np.repeat(pixels, 3, axis=-1)).save(tmp_path / name)
        decode = functools.partial(read_image, channels=1)
        files = FileSplit(tmp_path, names, split.labels, (4, 4, 1), decode)
        cached = cached_features({"model": model}, files, directory=tmp_path / "features")
        return cached["model"], model.predict(split.images, verbose=0)

    for seed in (0, 1, 0):
        np.testing.assert_allclose(*features(seed), rtol=1e-5)
