"""Batch normalization's statistics in the validation of short runs."""

import itertools

import keras
import numpy as np
import pytest

from kerasrecipes.data.batches import training_batches
from kerasrecipes.models.surgery.graph import all_layers
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training import batch_statistics
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.training.training import train

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1, 2], examples_per_class=30),
    augment=[use("RandomTranslation", height_factor=0.2, width_factor=0.2)],
    # Far from the mean of 0 that the moving averages begin with.
    preprocessing=[use("Rescaling", scale=1 / 255, offset=2)],
    model=use("MLP", units=[16, 16], normalization="batch"),
    optimizer=use("Adam", learning_rate=0.02),
    epochs=3,
    batch_size=32,
    monitor=None,
)


class StopAfter(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(RECIPE, directory=tmp_path_factory.mktemp("runs"), verbose=0)


@pytest.fixture(scope="module")
def run_without(tmp_path_factory):
    """The same run, as one that is too long for new statistics."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_statistics, "SHORT_RUN_STEPS", 8)
        return train(RECIPE, directory=tmp_path_factory.mktemp("long"), verbose=0)


def layer(run, name):
    return next(layer for layer in all_layers(run.load_model()) if layer.name == name)


def array(variable):
    return keras.ops.convert_to_numpy(variable)


def test_the_statistics_are_those_of_augmented_training_images(run):
    built = build_recipe(RECIPE, RECIPE.data.build("data").load())
    split = built.dataset.train
    batches = training_batches(
        split, batch_size=32, seed=0, steps_per_epoch=3, epochs=range(1), augment=built.augment
    )
    augmented = np.concatenate([array(images) for images, _ in itertools.islice(batches, 3)])
    kernel, norm = array(layer(run, "hidden1_dense").kernel), layer(run, "hidden1_norm")
    shift = 2 * kernel.sum(0)
    outputs = augmented.reshape(90, 64).astype("float64") / 255 @ kernel + shift
    np.testing.assert_allclose(array(norm.moving_mean), outputs.mean(0), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(array(norm.moving_variance), outputs.var(0), rtol=1e-3)
    plain = split.read(np.arange(90)).reshape(90, 64) / 255 @ kernel + shift
    assert abs(plain.mean(0) - outputs.mean(0)).max() > 0.01


def test_the_history_shows_what_the_run_is_scored_with(run):
    last = run.history[-1]
    for name in ("loss", "accuracy"):
        assert run.metrics["validation"][name] == pytest.approx(last[f"val_{name}"], rel=1e-5)


def test_a_short_run_is_scored_as_it_was_trained(run, run_without):
    for name in ("hidden1_dense", "hidden2_dense", "logits"):
        kernels = [array(layer(each, name).kernel) for each in (run, run_without)]
        np.testing.assert_array_equal(*kernels)
    trained = [[row["loss"] for row in each.history] for each in (run, run_without)]
    assert trained[0] == trained[1]
    scores = [each.metrics["validation"]["loss"] for each in (run, run_without)]
    assert scores[0] < 0.7 * scores[1]


def test_a_short_run_that_goes_on_ends_with_the_same_numbers(run, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(RECIPE, directory=tmp_path, verbose=0, callbacks=[StopAfter()])
    resumed = train(RECIPE, directory=tmp_path, verbose=0)
    assert resumed.metrics == run.metrics
    for left, right in zip(resumed.load_model().weights, run.load_model().weights, strict=True):
        np.testing.assert_array_equal(array(left), array(right))
