"""Advice on transfer learning: the measurements, and the strategy that follows from them."""

import dataclasses
import importlib
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks.model_state import state_variables, to_arrays
from kerasrecipes.data.sources.digits import Digits
from kerasrecipes.models import ResNetCIFAR
from kerasrecipes.models.surgery.assembly import assemble
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.training import train
from kerasrecipes.transfer import STRATEGIES, Task, advise, measure_task, strategy_recipe
from kerasrecipes.transfer import task as task_module

MODEL = use("Pretrained", backbone="VGG16", weights=None)
SIMILAR = Task(
    images_per_class=10,
    classes=3,
    accuracies={"stage1": 0.5, "stage2": 0.9, "stage3": 0.9},
    shift=0.1,
)


@pytest.fixture
def advice(monkeypatch, tmp_path):
    """Returns a function from measurements of a task to the advice."""
    module = importlib.import_module("kerasrecipes.transfer.advice")
    monkeypatch.setattr(module, "build_recipe", lambda *_: SimpleNamespace(model=None))

    def give(images_per_class=10, **measures):
        measured = dataclasses.replace(SIMILAR, images_per_class=images_per_class, **measures)
        monkeypatch.setattr(module, "measure_task", lambda *_, **__: measured)
        return advise(use("Digits", image_size=32), MODEL, directory=tmp_path, seed=5)

    return give


EARLIER = {"stage1": 0.5, "stage2": 0.95, "stage3": 0.9}


@pytest.mark.parametrize(
    ("measures", "place", "strategy"),
    [
        ({}, ("little", "similar"), "last stage"),
        ({"accuracies": EARLIER}, ("little", "different"), "all stages"),
        ({"shift": 3.0}, ("little", "different"), "all stages"),
        ({"shift": None}, ("little", "similar"), "last stage"),
        ({"images_per_class": 500}, ("much", "similar"), "all stages"),
        ({"images_per_class": 500, "shift": 3.0}, ("much", "different"), "all stages"),
    ],
)
def test_a_task_is_placed_in_the_table(advice, measures, place, strategy):
    given = advice(**measures)
    assert (given.size, given.similarity) == place
    assert given.strategy == strategy
    for word in (*place, "stage2 9", f"{given.task.images_per_class} training images"):
        assert word in given.reason
    assert ("no batch normalization" in given.reason) == (given.task.shift is None)
    expected = {"last stage": 1, "all stages": "all"}
    assert given.recipe.model.options["trainable_stages"] == expected[strategy]
    assert given.recipe.seed == 5


def test_what_is_much_can_be_said(advice, tmp_path):
    assert advice(images_per_class=30).size == "little"
    data = use("Digits", image_size=32)
    assert advise(data, MODEL, much_per_class=30, directory=tmp_path).size == "much"
    with pytest.raises(ValueError, match="`much_per_class` must be"):
        advise(data, MODEL, much_per_class=0, directory=tmp_path)


def test_recipes_of_the_strategies():
    data, resizing = use("Digits", image_size=32), use("Resizing", height=48, width=48)
    features, stage, last, whole = (
        strategy_recipe(s, data, MODEL, 100, stage="block3", preprocessing=[resizing])
        for s in STRATEGIES
    )
    assert features.model == use("Pretrained", **MODEL.options, **FROZEN)
    assert stage == features.replace({"model.stage": "block3"})
    assert last.start_recipe() == whole.start_recipe() == features
    assert last.model.options["trainable_stages"] == 1
    assert whole.model.options["trainable_stages"] == "all"
    assert all(r.preprocessing == (resizing,) for r in (features, stage, last, whole))
    # Stages join the head one by one, also where an epoch is most of the training.
    assert all(r.optimizer.options["unfreeze_every_steps"] == 10 for r in (last, whole))
    # The number of steps does not depend on the number of images, within limits.
    for images, epochs in [(100, 50), (100 * 32, 5), (32, 60)]:
        recipe = strategy_recipe("all stages", data, MODEL, images)
        assert recipe.epochs == epochs
    assert strategy_recipe("features", data, MODEL, 320).epochs == 40
    with pytest.raises(ValueError, match="`strategy` must be one of 'features'"):
        strategy_recipe("feature", data, MODEL, 100)


FROZEN = {"trainable_stages": 0, "train_batch_normalization": False}


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    build = lambda shape: ResNetCIFAR(shape, 2, depth=8, filters=4)  # noqa: E731
    return assemble((8, 8, 1), [keras.layers.Rescaling(1 / 255)], build)


def test_measures_of_a_task(model, tmp_path, monkeypatch):
    dataset = Digits(classes=(0, 1), examples_per_class=20).load()
    before = to_arrays(state_variables(model))
    measured = measure_task(model, dataset, directory=tmp_path)
    for old, new in zip(before, to_arrays(state_variables(model)), strict=True):
        np.testing.assert_array_equal(old, new)
    assert measured.images_per_class == np.bincount(dataset.train.labels).min()
    assert measured.classes == 2
    assert list(measured.accuracies) == ["stem", "stage1", "stage2", "stage3"]
    # Even random features tell zeros and ones apart.
    assert all(accuracy > 0.85 for accuracy in measured.accuracies.values())
    assert measured.best_stage in measured.accuracies
    assert 0 <= measured.gain < 0.15
    assert measured.shift > 0
    assert measure_task(model, dataset, directory=tmp_path) == measured

    monkeypatch.setattr(task_module, "MAX_IMAGES", 20)
    fewer = measure_task(model, dataset, directory=tmp_path)
    assert fewer.images_per_class == measured.images_per_class
    assert fewer.accuracies != measured.accuracies


def test_the_shift_is_the_distance_of_means_in_deviations():
    inputs = keras.Input((4, 4, 2))
    norm = keras.layers.BatchNormalization(epsilon=0.0, name="stage1_norm")
    network = keras.Model(inputs, norm(inputs))
    norm.moving_mean.assign([1.0, 0.0])
    norm.moving_variance.assign([4.0, 1.0])
    images = np.full((8, 4, 4, 2), [5.0, 0.5], "float32")
    # The means of the channels are shifted by |5 - 1| / 2 and |0.5 - 0| / 1.
    assert task_module._shift(network, images) == pytest.approx((2 + 0.5) / 2)
    assert norm.trainable
    plain = keras.Model(inputs, keras.layers.Conv2D(2, 3)(inputs))
    assert task_module._shift(plain, images) is None


@pytest.mark.slow
def test_advice_can_be_followed(tmp_path):
    source = train(
        Recipe(
            data=use("Digits", classes=[0, 1]),
            model=use("ResNetCIFAR", depth=8, filters=4),
            epochs=1,
        ),
        directory=tmp_path,
        verbose=0,
    )
    data = use("Digits", classes=[2, 3], examples_per_class=10)
    given = advise(data, str(source.folder), directory=tmp_path / "features")
    assert given.strategy in STRATEGIES
    run = train(given.recipe.replace({"epochs": 2}), directory=tmp_path, verbose=0)
    assert run.finished
