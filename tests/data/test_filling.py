"""Last batches that are filled up: the same numbers from fewer compiled programs."""

import logging
import re

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.data import batches as batches_module
from kerasrecipes.data import predicting as predicting_module
from kerasrecipes.data.augment import Augmentation
from kerasrecipes.data.batches import training_batches
from kerasrecipes.data.filling import FilledSplit, filled
from kerasrecipes.data.predicting import predict_split
from kerasrecipes.data.split import ArraySplit
from kerasrecipes.layers import (
    MixedSamples,
    RandomGeometry,
    RandomPadCrop,
)

ON_JAX = keras.backend.backend() == "jax"
BY_SAMPLE = [
    RandomGeometry(rotation_degrees=30, scale=1.2),
    RandomPadCrop(2),
    layers.RandomErasing(),
]


@pytest.fixture(scope="module")
def split():
    images = np.random.default_rng(0).integers(0, 256, (19, 8, 8, 3), dtype="uint8")
    return ArraySplit(images, np.arange(19, dtype="int32"))


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    blocks = [layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(5)]
    return keras.Sequential([keras.Input((8, 8, 3)), *blocks])


@pytest.fixture
def compiled(caplog):
    """Returns a function from a call to the names of what JAX compiles in it."""

    def compiled(call):
        import jax

        caplog.clear()
        jax.config.update("jax_log_compiles", True)  # In all threads, other than its context.
        try:
            with caplog.at_level(logging.WARNING):
                call()
        finally:
            jax.config.update("jax_log_compiles", False)
        return re.findall(r"Compiling jit\((.*?)\)", caplog.text)

    return compiled


def test_a_filled_split_repeats_its_last_sample(split):
    whole = FilledSplit(split, 8)
    assert len(whole) == 24
    np.testing.assert_array_equal(whole.labels, [*range(19), *[18] * 5])
    np.testing.assert_array_equal(whole.read(range(16, 24)), split.images[[16, 17, *[18] * 6]])
    np.testing.assert_array_equal(whole.read([3, 1]), split.images[[3, 1]])
    assert whole.image_shape == split.image_shape
    assert whole.digest() == split.digest()
    assert len(FilledSplit(split, 19)) == 19
    assert filled(np.ones((2, 3)), 2).shape == (2, 3)


def last_batch(split, augment, fills, monkeypatch):
    monkeypatch.setattr(batches_module, "compiles_each_size", lambda: fills)
    made = training_batches(
        split, batch_size=8, seed=1, steps_per_epoch=3, epochs=range(1), augment=augment, classes=19
    )
    *_, last = ([ops.convert_to_numpy(x) for x in batch] for batch in made)
    return last


def test_augmented_images_are_those_of_the_batch_as_it_is(split, monkeypatch):
    (images, labels), (expected, expected_labels) = (
        last_batch(split, BY_SAMPLE, fills, monkeypatch) for fills in (True, False)
    )
    assert len(images) == len(labels) == 3
    np.testing.assert_array_equal(images, expected)
    np.testing.assert_array_equal(labels, expected_labels)


def test_layers_that_may_look_at_other_samples_see_no_filling():
    assert Augmentation(BY_SAMPLE).is_by_sample
    for layer in (MixedSamples(), layers.MixUp(), layers.Dropout(0.1)):
        assert not Augmentation([layer], 19).is_by_sample


def test_predictions_are_those_of_the_batches_as_they_are(split, model, monkeypatch):
    monkeypatch.setattr(predicting_module, "compiles_each_size", lambda: True)
    whole = predict_split(model, split, 8)
    monkeypatch.setattr(predicting_module, "compiles_each_size", lambda: False)
    # On some CPUs, XLA adds up the few of the last batch in another order: float32 of hundreds.
    np.testing.assert_allclose(whole, predict_split(model, split, 8), rtol=0, atol=2e-4)
    assert whole.shape == (19, 5)


@pytest.mark.skipif(not ON_JAX, reason="the others compile no program for each size")
def test_jax_compiles_one_program_for_batches_of_all_sizes(split, model, compiled):
    few = ArraySplit(split.images[:5], split.labels[:5])
    fresh = keras.Model(model.inputs, model.outputs)
    assert compiled(lambda: predict_split(fresh, split, 8)).count("predict_step") == 1
    assert compiled(lambda: predict_split(fresh, few, 8)) == []
    options = {"batch_size": 8, "seed": 1, "steps_per_epoch": 3, "epochs": range(2)}
    made = training_batches(split, augment=[layers.RandomFlip()], **options)
    assert compiled(lambda: list(made)).count("<unnamed function>") == 1
