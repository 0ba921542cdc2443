"""Augmentation that does not fit the images is refused when a recipe is built, with its layer."""

import keras
import numpy as np
import pytest

from kerasrecipes.data.augment import Augmentation
from kerasrecipes.data.augment_fit import check_augment
from kerasrecipes.data.sources.digits import Digits
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.building.build import build_recipe

ON_JAX = keras.backend.backend() == "jax"
RECIPE = Recipe(data="Digits", model=use("MLP", units=[2]))


@pytest.fixture(scope="module")
def digits():
    return Digits(examples_per_class=3).load()


def built(augment, digits):
    return build_recipe(RECIPE.replace({"augment": augment}), digits)


@pytest.mark.parametrize(
    ("augment", "size"),
    [
        ([use("CenterCrop", height=6, width=8)], "6 x 8 x 1"),
        (["RandomFlip", use("RandomCrop", height=10, width=10)], "10 x 10 x 1"),
        ([use("Resizing", height=9, width=9), use("RandomResizedCrop", size=[7, 7])], "7 x 7 x 1"),
    ],
)
def test_the_layer_that_changes_the_size_is_named(augment, size, digits):
    told = rf"the images, 8 x 8 x 1, .* Give {augment[-1].name} .* have {size};"
    with pytest.raises(ValueError, match=told):
        built(augment, digits)


def test_a_size_that_is_changed_back_fits(digits):
    there_and_back = [use("Resizing", height=12, width=12), use("CenterCrop", height=8, width=8)]
    assert len(built(there_and_back, digits).augment) == 2


@pytest.mark.parametrize("name", ["RandomHue", "RandomSaturation"])
def test_a_layer_that_needs_colours_is_named(name, digits):
    with pytest.raises(ValueError, match=f"{name} cannot augment images of 8 x 8 x 1: ") as error:
        built(["RandomFlip", use(name, factor=0.1)], digits)
    assert error.value.__notes__ == [f"In use('{name}', factor=0.1)"]


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        (keras.layers.GaussianNoise(1.0, seed=0), 8),
        (keras.layers.Dropout(0.5, seed=0), 8),
        (keras.layers.ZeroPadding2D(1), 10),
        pytest.param(
            keras.layers.RandomElasticTransform(1.0, seed=0),
            8,
            marks=pytest.mark.skipif(ON_JAX, reason="Keras's layer cannot be traced by JAX"),
        ),
    ],
)
def test_layers_that_are_not_made_for_pixels_augment_them(layer, size, digits):
    images, labels = digits.train.read(np.arange(4)), digits.train.labels[:4]
    changed, kept = Augmentation([layer])(images, labels, np.array([1, 2], "uint32"))
    changed = keras.ops.convert_to_numpy(changed)
    assert changed.shape == (4, size, size, 1)
    if size == 10:
        np.testing.assert_array_equal(changed[:, 1:-1, 1:-1], images)
    else:
        assert (changed != images).any()
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(kept), labels)


@pytest.mark.skipif(not ON_JAX, reason="the others compile nothing")
def test_on_jax_only_shapes_are_computed(digits):
    class Seen(keras.layers.Layer):
        def call(self, images):
            given.append(type(images).__name__)
            return images

    given = []
    check_augment([use("RandomFlip")], [Seen()], digits)
    assert given
    assert all("Tracer" in name for name in given)
