import keras
import numpy as np
import pytest

from kerasrecipes.data.sources.digits import Digits
from kerasrecipes.models import ResNetCIFAR
from kerasrecipes.models.surgery.assembly import assemble
from kerasrecipes.transfer import LinearProbe, extract_features, join_probe, probe_stages

STAGES = ["stem", "stage1", "stage2", "stage3"]


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return assemble(
        (8, 8, 1),
        [keras.layers.Rescaling(1 / 255)],
        lambda shape: ResNetCIFAR(shape, 10, depth=8, filters=4),
    )


@pytest.fixture(scope="module")
def dataset():
    return Digits(examples_per_class=20).load()


@pytest.fixture
def passes(monkeypatch):
    """Records the batches that go through a network, for each call of `predict`."""
    counted = []
    predict = keras.Model.predict
    monkeypatch.setattr(
        keras.Model, "predict", lambda self, *a, **k: counted.append(self) or predict(self, *a, **k)
    )
    return counted


def at(model, layer):
    network = model.layers[-1]
    return keras.Model(network.inputs[0], network.get_layer(layer).output)


def test_features_of_all_stages_in_one_pass(model, dataset, passes, tmp_path):
    features = extract_features(model, dataset, directory=tmp_path)
    assert list(features) == STAGES
    assert len(passes) == 3  # One for each split.
    assert {d.train.features.shape for d in features.values()} == {
        (200, 4),
        (200, 8),
        (200, 16),
    }
    maps = keras.ops.convert_to_numpy(
        at(model, "stage2_block1_activation2")(dataset.test.images.astype("float32") / 255)
    )
    found = features["stage2"].test
    np.testing.assert_allclose(found.features, maps.mean((1, 2)), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found.labels, dataset.test.labels)
    for pooling, expected in (("max", maps.max((1, 2))), (None, maps)):
        other = extract_features(model, dataset, ["stage2"], pooling=pooling, directory=tmp_path)
        np.testing.assert_allclose(other["stage2"].test.features, expected, rtol=1e-4, atol=1e-5)


def test_a_stage_alone_is_that_of_the_pass_over_all(model, dataset, passes, tmp_path):
    features = extract_features(model, dataset, directory=tmp_path)
    before = len(passes)
    alone = extract_features(model, dataset, ["stage3"], directory=tmp_path, batch_size=16)
    assert len(passes) == before
    np.testing.assert_array_equal(alone["stage3"].train.features, features["stage3"].train.features)


def test_augmented_copies(model, dataset, tmp_path):
    turned = [keras.layers.RandomFlip("horizontal", seed=1)]
    features = extract_features(
        model, dataset, ["stage3"], directory=tmp_path, augment=turned, augmented_copies=2
    )["stage3"]
    plain = extract_features(model, dataset, ["stage3"], directory=tmp_path)["stage3"]
    assert features.train.features.shape == (400, 16)
    np.testing.assert_array_equal(features.train.labels, np.tile(dataset.train.labels, 2))
    first, second = np.split(features.train.features, 2)
    is_plain = [
        np.isclose(view, plain.train.features, atol=1e-5).all(1) for view in (first, second)
    ]
    assert all(0.3 < share.mean() < 0.7 for share in is_plain)
    assert np.any(is_plain[0] != is_plain[1])
    np.testing.assert_array_equal(features.test.features, plain.test.features)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pooling": "mean"}, "pooling"),
        ({"augmented_copies": 2}, "given together"),
        ({"augment": [keras.layers.RandomFlip()]}, "given together"),
        ({"augment": [keras.layers.MixUp()], "augmented_copies": 1}, "leave labels alone"),
        ({"stages": ["stage9"]}, "Did you mean 'stage"),
    ],
)
def test_bad_options(options, message, model, dataset, tmp_path):
    with pytest.raises(ValueError, match=message):
        extract_features(model, dataset, directory=tmp_path, **options)


def test_a_probe_for_each_stage(model, dataset, tmp_path):
    found = probe_stages(model, dataset, directory=tmp_path)
    assert [probe.stage for probe in found] == STAGES
    assert [probe.features for probe in found] == [4, 4, 8, 16]
    (last,) = probe_stages(model, dataset, ["stage3"], directory=tmp_path)
    features = extract_features(model, dataset, ["stage3"], directory=tmp_path)["stage3"]
    alone = LinearProbe().fit(
        features.train.features,
        features.train.labels,
        features.validation.features,
        features.validation.labels,
    )
    np.testing.assert_array_equal(last.probe.kernel, alone.kernel)
    assert last.correct == alone.correct(features.test.features, features.test.labels)
    assert last.n == len(dataset.test)
    assert last.interval[0] < last.accuracy < last.interval[1]
    (given,) = probe_stages(
        model, dataset, ["stage3"], directory=tmp_path, probe=LinearProbe(l2=[0.5])
    )
    assert given.probe.l2 == 0.5


def test_a_probe_joined_to_its_stage_is_a_model_on_pixels(model, dataset, tmp_path):
    (probe,) = probe_stages(model, dataset, ["stage2"], directory=tmp_path / "features")
    joined = join_probe(model, "stage2", probe.probe)
    joined.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert "kerasrecipes" not in loaded.to_json()
    predicted = loaded.predict(dataset.test.images, verbose=0).argmax(-1)
    assert int(np.sum(predicted == dataset.test.labels)) == probe.correct
