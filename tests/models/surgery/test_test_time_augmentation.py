import keras
import numpy as np
import pytest
from keras import ops
from scipy.special import expit, logit, softmax

from kerasrecipes.models.surgery.test_time_augmentation import (
    COPIES,
    with_other_views,
    with_test_time_augmentation,
)

IMAGES = np.random.default_rng(0).uniform(size=(5, 8, 16, 3)).astype("float32")


def linear_model(shape=(8, 16, 3), activation=None):
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Flatten(), keras.layers.Dense(4, activation=activation)]
    return keras.Sequential([keras.Input(shape), *layers])


def numpy_copies(images, kind):
    """Returns the copies of a kind by its definition."""
    if kind == "flip":
        return [images, images[:, :, ::-1]]
    if kind == "shifts":
        padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
        return [
            padded[:, 1 + row : 9 + row, 1 + column : 17 + column]
            for row, column in ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
        ]
    if kind == "flip_shifts":
        shifts = numpy_copies(images, "shifts")
        return [*shifts, *(shifted[:, :, ::-1] for shifted in shifts)]
    crops = [
        ops.convert_to_numpy(ops.image.resize(images[:, y : y + 7, x : x + 14], (8, 16)))
        for y, x in ((0, 0), (0, 2), (1, 0), (1, 2), (0, 1))
    ]
    return crops if kind == "five_crops" else [*crops, *(crop[:, :, ::-1] for crop in crops)]


@pytest.mark.parametrize("kind", COPIES)
def test_probabilities_are_the_mean_over_copies(kind):
    model = linear_model()
    by_copy = [softmax(model.predict(copy, verbose=0), -1) for copy in numpy_copies(IMAGES, kind)]
    assert len(by_copy) == COPIES[kind]
    received = with_test_time_augmentation(model, kind).predict(IMAGES, batch_size=2, verbose=0)
    np.testing.assert_allclose(softmax(received, -1), np.mean(by_copy, 0), atol=1e-6)
    np.testing.assert_allclose(np.exp(received).sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "left_out"), [("flip", 1), ("shifts", 1), ("flip_shifts", 1), ("five_crops", 0)]
)
def test_other_views_are_the_copies_without_the_image_itself(kind, left_out):
    model = linear_model()
    copies = numpy_copies(IMAGES, kind)[left_out:]
    others, count = with_other_views(model, kind)
    assert count == len(copies)
    expected = np.mean([softmax(model.predict(copy, verbose=0), -1) for copy in copies], 0)
    received = others.predict(IMAGES, batch_size=2, verbose=0)
    np.testing.assert_allclose(softmax(received, -1), expected, atol=1e-6)


def test_a_model_of_probabilities():
    model = linear_model(activation="softmax")
    expected = np.mean([model.predict(copy, verbose=0) for copy in numpy_copies(IMAGES, "flip")], 0)
    averaged = with_test_time_augmentation(model, "flip", from_logits=False)
    np.testing.assert_allclose(averaged.predict(IMAGES, verbose=0), expected, atol=1e-6)


def test_images_of_any_size():
    model = keras.Sequential(
        [keras.Input((None, None, 3)), keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(4)]
    )
    for kind in ("flip", "shifts", "flip_shifts"):
        assert with_test_time_augmentation(model, kind).predict(IMAGES, verbose=0).shape == (5, 4)
    with pytest.raises(ValueError, match="'ten_crops' needs a model of a fixed image size"):
        with_test_time_augmentation(model, "ten_crops")


def test_it_can_be_saved(tmp_path):
    averaged = with_test_time_augmentation(linear_model(), "ten_crops")
    averaged.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    expected = averaged.predict(IMAGES, verbose=0)
    np.testing.assert_array_equal(again.predict(IMAGES, verbose=0), expected)


def test_bad_input():
    with pytest.raises(ValueError, match="Did you mean 'five_crops'"):
        with_test_time_augmentation(linear_model(), "fivecrops")
    flat = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    with pytest.raises(ValueError, match=r"`model` must have shape \(batch, height, width"):
        with_test_time_augmentation(flat, "flip")


def test_one_logit_is_that_of_the_mean_probability():
    model = keras.Sequential(
        [keras.Input((8, 16, 3)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    found = with_test_time_augmentation(model, "flip").predict(IMAGES, verbose=0)
    each = [expit(model.predict(x, verbose=0)) for x in (IMAGES, IMAGES[:, :, ::-1])]
    np.testing.assert_allclose(found, logit(np.mean(each, axis=0)), rtol=1e-4, atol=1e-5)


def test_outputs_that_cannot_be_averaged_are_refused():
    with pytest.raises(ValueError, match="`from_logits` must be False"):
        with_test_time_augmentation(linear_model(activation="softmax"), "flip")
    model = linear_model()
    two = keras.Model(model.inputs, [model.outputs[0], model.outputs[0]])
    with pytest.raises(ValueError, match="must have one output.*Received: 2 outputs"):
        with_test_time_augmentation(two, "flip")
