"""Loss and metrics at the end of a run, from the logits of a single pass."""

import keras
import numpy as np
import pytest

from kerasrecipes.data.batches import evaluation_batches
from kerasrecipes.models.surgery.graph import all_layers
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.training.finish import evaluated, metrics_of_logits

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1, 2], examples_per_class=30),
    augment=["MixedSamples"],
    model=use("MLP", units=[4], kernel_regularizer=use("L2", l2=0.1)),
    optimizer="Adam",
    # Of the images of a batch together: the mean over all images would be another number.
    loss=use("Dice", axis=[0, 1]),
    metrics=["accuracy", "crossentropy", use("AUC"), use("F1Score"), use("Precision", name="p")],
    class_weight="balanced",
    epochs=1,
    batch_size=32,
)


def test_a_batch_may_be_all_images_on_every_backend():
    recipe = RECIPE.replace({"batch_size": "all"})
    built = build_recipe(recipe, recipe.data.build("data").load())
    assert built.batch_size == len(built.dataset.train)


class Counted:
    """A split that counts the images that are read."""

    def __init__(self, split):
        self.labels, self.image_shape, self.dtype = split.labels, split.image_shape, np.uint8
        self.split, self.images = split, 0

    def __len__(self):
        return len(self.split)

    def read(self, indices):
        self.images += len(indices)
        return self.split.read(indices)


@pytest.mark.parametrize("adds_losses", [False, True])
def test_results_are_those_of_evaluate(adds_losses):
    built = build_recipe(RECIPE, RECIPE.data.build("data").load())
    split = Counted(built.dataset.validation)
    assert len(split) % built.batch_size  # The last batch is smaller.
    if adds_losses:
        (logits,) = (layer for layer in all_layers(built.model) if layer.name == "logits")
        logits.activity_regularizer = keras.regularizers.L2(0.01)
        built.model.make_test_function(force=True)
    batches = evaluation_batches(split, built.batch_size)
    expected = built.model.evaluate(batches, verbose=0, return_dict=True)
    logits = built.model.predict(batches, verbose=0)
    read = split.images
    results = evaluated(built, metrics_of_logits(built), split, logits)
    assert results.keys() == expected.keys()
    assert len(expected) == 8  # F1 has a number for each class.
    for name, value in expected.items():
        assert results[name] == pytest.approx(value, rel=1e-5), name
    assert split.images - read == 32 + len(split) * adds_losses
