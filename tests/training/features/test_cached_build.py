import json

import keras
import numpy as np
import pytest
from PIL import Image

from kerasrecipes.ensembles import averages
from kerasrecipes.models import ResNetCIFAR
from kerasrecipes.models.surgery.assembly import assemble
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.training.features import cached_build
from kerasrecipes.training.features.cached_build import on_features
from kerasrecipes.training.training import train


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """Images of three digits, for a network of random weights."""
    keras.utils.set_random_seed(0)
    backbone = tmp_path_factory.mktemp("source") / "model.keras"
    assemble(
        (8, 8, 1),
        [keras.layers.Rescaling(1 / 255)],
        lambda shape: ResNetCIFAR(shape, 2, depth=8, filters=4),
    ).save(backbone)
    return Recipe(
        data=use("Digits", classes=[5, 6, 7], examples_per_class=20),
        preprocessing=[],
        model=use("Pretrained", backbone=str(backbone), dropout_rate=0.2),
        optimizer=use("Adam", learning_rate=use("CosineDecay", initial_learning_rate=0.01)),
        epochs=2,
        batch_size=16,
    )


def trained(recipe, directory, **options):
    return train(recipe, directory=directory, verbose=0, **options)


def without_seconds(run):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in run.history]


def features(directory):
    return sorted((directory / "features").glob("*.npy"))


def assert_same(run, other):
    """The same but for rounding."""
    for row, peer in zip(without_seconds(run), without_seconds(other), strict=True):
        assert row == pytest.approx(peer, rel=1e-4, abs=1e-5)
    assert run.metrics["epoch"] == other.metrics["epoch"]
    assert run.metrics["parameters"] == other.metrics["parameters"]
    for name, array in run.predictions.items():
        np.testing.assert_allclose(array, other.predictions[name], rtol=1e-4, atol=1e-6)
    weights, peers = run.load_model().get_weights(), other.load_model().get_weights()
    for left, right in zip(weights, peers, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def run(recipe, tmp_path_factory):
    """A run of the recipe on features."""
    return trained(recipe, tmp_path_factory.mktemp("cached"))


def on_features_of(recipe, directory, wanted=None):
    return on_features(build_recipe(recipe, recipe.data.build("data").load()), directory, wanted)


def test_training_on_features_is_training(recipe, run, tmp_path):
    assert len(features(run.folder.parent)) == 3
    other = trained(recipe, tmp_path, cache_features=False)
    assert not (tmp_path / "features").exists()
    assert run.name == other.name
    assert_same(run, other)
    assert run.data == other.data
    assert {p.name for p in run.folder.iterdir()} == {p.name for p in other.folder.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"model.trainable_stages": 1},
        {"optimizer.use_ema": True, "averaging": True, "class_weight": "balanced"},
    ],
)
def test_so_it_is_for_other_recipes(changes, recipe, tmp_path):
    recipe = recipe.replace(changes)
    run = trained(recipe, tmp_path / "cached", cache_features=True)
    assert_same(run, trained(recipe, tmp_path / "plain", cache_features=False))


@pytest.mark.slow
def test_averages_of_a_training_on_features_are_those_of_the_whole_model(recipe, tmp_path):
    recipe = recipe.replace({"averaging": "EveryAverage"})
    run = trained(recipe, tmp_path, cache_features=True)
    known = {row.name: row.log_loss for row in averages(run)}
    again = averages(run, [0.1])[-1]
    assert again.log_loss == pytest.approx(known[again.name], rel=1e-4)


def test_the_saved_model_takes_pixels_and_gives_the_scores(recipe, run):
    data = recipe.data.build("data").load()
    logits = run.load_model().predict(data.test.images, verbose=0)
    accuracy = np.mean(logits.argmax(-1) == data.test.labels)
    assert run.metrics["test"]["accuracy"] == pytest.approx(accuracy)


def test_another_seed_finds_the_features(recipe, run):
    before = {path: path.stat().st_mtime_ns for path in features(run.folder.parent)}
    other = recipe.replace({"seed": 1, "model.dropout_rate": 0.5})
    cached = on_features_of(other, run.folder.parent / "features")
    assert cached.checkpoint != build_recipe(recipe, recipe.data.build("data").load()).checkpoint
    assert {path: path.stat().st_mtime_ns for path in features(run.folder.parent)} == before


def test_an_interrupted_run_goes_on(recipe, run, tmp_path, monkeypatch):
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    monkeypatch.setattr(
        "kerasrecipes.training.fit.TensorBoardScalars", lambda directory: Interrupt()
    )
    with pytest.raises(KeyboardInterrupt):
        trained(recipe, tmp_path)
    monkeypatch.undo()
    resumed = trained(recipe, tmp_path)
    assert without_seconds(resumed) == without_seconds(run)
    assert json.dumps(resumed.metrics) == json.dumps(run.metrics)


def test_images_that_are_resized_otherwise_have_other_features(recipe, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(8):
            pixels = rng.integers(0, 256, (12 + number, 20), "uint8")
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{number}.png")
    folder = use(
        "ImageFolder", directory=str(tmp_path / "images"), image_size=8, channels=1, in_memory=False
    )
    recipe = recipe.replace({"data": folder})
    cropped, stretched = (
        on_features_of(recipe.replace({"data.resize": resize}), tmp_path / "features")
        for resize in ("crop", "stretch")
    )
    other = cropped.dataset.train.features != stretched.dataset.train.features
    assert other.any(axis=1).all()


class CountsSteps(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


@pytest.mark.parametrize(
    ("changes", "together"),
    [
        ({}, True),
        ({"callbacks": [use("EarlyStopping", patience=3)]}, True),
        ({"callbacks": [use(f"{__name__}:CountsSteps")]}, False),
        ({"model.trainable_stages": 1}, False),
    ],
)
def test_steps_on_vectors_are_taken_together_unless_a_callback_sees_them(
    changes, together, recipe, tmp_path
):
    cached = on_features_of(recipe.replace(changes), tmp_path)
    steps = cached.length.steps_per_epoch
    assert steps > 1
    together = together and keras.backend.backend() == "tensorflow"
    assert cached.model.steps_per_execution == (steps if together else 1)


def test_what_is_too_large_is_kept_only_if_asked(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(cached_build, "LIMIT_BYTES", 1000)
    assert on_features_of(recipe, tmp_path) is None
    assert on_features_of(recipe, tmp_path, wanted=False) is None
    assert not list(tmp_path.iterdir())
    cached = on_features_of(recipe, tmp_path, wanted=True)
    assert cached.dataset.image_shape == (16,)
    assert len(list(tmp_path.glob("*.npy"))) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"augment": [use("RandomFlip")]}, "augmented images differ at every step"),
        ({"step": use("AdversarialTraining")}, "the training step changes the images"),
        (
            {"model.trainable_stages": "all"},
            "begins with a layer that is trained.*freeze its first layers",
        ),
    ],
)
def test_where_features_cannot_be_kept(changes, message, recipe, tmp_path):
    recipe = recipe.replace(changes)
    with pytest.raises(ValueError, match=f"cannot be cached: .*{message}"):
        on_features_of(recipe, tmp_path, wanted=True)
    assert on_features_of(recipe, tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_pixels_that_are_scaled_twice_are_refused(recipe):
    twice = recipe.replace({"preprocessing": [use("Rescaling", scale=1 / 255)]})
    with pytest.raises(ValueError, match="`preprocessing` must leave pixels .*Pretrained"):
        build_recipe(twice, twice.data.build("data").load())
