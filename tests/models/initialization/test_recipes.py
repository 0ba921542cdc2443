"""Field `initialization` of a recipe."""

import keras
import numpy as np
import pytest

from kerasrecipes import Recipe, use
from kerasrecipes.recipe import registry, signatures
from kerasrecipes.training.building.build import build_recipe

SEEN = []


def remember(model, batch, *, note="none"):
    """Stands for a function of a user."""
    SEEN.append((model, batch, note))


def make(**fields):
    return Recipe(**{"data": "Digits", "model": use("MLP", units=[32]), **fields})


@pytest.fixture(scope="module")
def digits():
    return make().data.build("data").load()


def kernel_of(model):
    return keras.ops.convert_to_numpy(model.layers[-1].get_layer("hidden1_dense").kernel)


def test_without_the_field_nothing_changes():
    assert "initialization" not in make()._canonical()
    assert make(initialization=[]).fingerprint == make().fingerprint
    old = {k: v for k, v in make().to_dict().items() if k != "initialization"}
    assert Recipe.from_dict(old) == make()
    assert make(initialization="lsuv").fingerprint != make().fingerprint


@pytest.mark.backend_neutral
def test_functions_get_the_model_training_images_and_their_options(digits):
    SEEN.clear()
    name = f"{__name__}:remember"
    recipe = make(initialization=[use("lsuv", tolerance=1e-5), use(name, note="last")])
    built = build_recipe(recipe, digits)
    ((model, batch, note),) = SEEN
    assert model is built.model
    assert note == "last"
    assert batch.shape == (256, 8, 8, 1)
    images = {image.tobytes() for image in digits.train.read(np.arange(len(digits.train)))}
    assert {image.tobytes() for image in batch} <= images
    z = batch.reshape(256, 64) / 255 @ kernel_of(model)
    assert z.std() == pytest.approx(1, rel=1e-3)


def test_a_seed_of_the_recipe_decides(digits):
    recipes = [make(initialization="lsuv", seed=seed) for seed in (1, 1, 2)]
    kernels = [kernel_of(build_recipe(recipe, digits).model) for recipe in recipes]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert not np.allclose(kernels[0], kernels[2])


def test_a_whitened_convolution_stays_as_it_is_in_training(digits):
    recipe = make(
        model=use("ResNetCIFAR", depth=8, filters=4), initialization=[use("patch_whitening")]
    )
    built = build_recipe(recipe, digits)
    stem = built.model.layers[-1].get_layer("stem_conv")
    before = stem.get_weights()[0].copy()
    assert not stem.trainable_weights
    x, y = digits.train.read(range(64)), digits.train.labels[:64]
    built.model.train_on_batch(x, y)
    np.testing.assert_array_equal(stem.get_weights()[0], before)


@pytest.mark.parametrize("name", registry.names("initialization"))
def test_options_are_all_but_what_the_run_gives(name):
    assert not {"model", "batch"} & set(
        signatures.options(registry.resolve(name, "initialization"))
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"initialization": "lsvu"}, "Did you mean 'lsuv'"),
        ({"initialization": use("lsuv", tolerance=0.2), "start": make()}, "starts from another"),
    ],
)
def test_what_does_not_fit_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        make(**fields)


def test_an_unknown_option_names_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'tolerance'"):
        use("lsuv", tolerence=0.2)
