"""Occlusion against a loop over patches in NumPy, and on a planted cue."""

import keras
import numpy as np
import pytest
from scipy.special import softmax

from kerasrecipes.explanations import occlusion
from kerasrecipes.explanations.covered_patches import default_predictions
from tests.explanations.networks import CUE, DISTRACTION, classifier, cue_classifier


def linear(classes=3, activation=None):
    model = keras.Sequential(
        [
            keras.Input((7, 6, 2)),
            keras.layers.Flatten(data_format="channels_last"),
            keras.layers.Dense(classes, activation=activation),
        ]
    )
    weights = np.random.default_rng(0).normal(size=(84, classes)) / 4
    model.layers[-1].set_weights([weights, np.zeros(classes)])
    return model, weights


@pytest.fixture
def images():
    return np.random.default_rng(1).normal(size=(3, 7, 6, 2)).astype("float32")


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_a_pixel_has_the_mean_fall_over_the_patches_that_cover_it(images, activation):
    model, weights = linear(activation=activation)
    found = occlusion(model, images, [0, 1, 2], patch_pixels=3, stride_pixels=2, fill_value=0.5)
    for image, label, map in zip(images.astype("float64"), range(3), found, strict=True):
        before = softmax(image.ravel() @ weights)[label]
        total, count = np.zeros((7, 6)), np.zeros((7, 6))
        for row in (0, 2, 4):
            for column in (0, 2, 3):  # The last patch ends at the border.
                covered = image.copy()
                covered[row : row + 3, column : column + 3] = 0.5
                fall = before - softmax(covered.ravel() @ weights)[label]
                total[row : row + 3, column : column + 3] += fall
                count[row : row + 3, column : column + 3] += 1
        np.testing.assert_allclose(map, total / count, atol=1e-5)


def test_a_patch_has_the_mean_colour_by_default(images):
    model, _ = linear()
    plain = np.broadcast_to(images.mean(axis=(1, 2), keepdims=True), images.shape)
    np.testing.assert_allclose(occlusion(model, plain, 0), 0, atol=1e-6)


def test_one_output_for_two_classes_falls_for_one_as_it_rises_for_the_other(images):
    model, _ = linear(classes=1, activation="sigmoid")
    np.testing.assert_allclose(occlusion(model, images, 1), -occlusion(model, images, 0), atol=1e-6)
    predicted = (model.predict_on_batch(images)[:, 0] > 0.5).astype(int)
    np.testing.assert_array_equal(occlusion(model, images), occlusion(model, images, predicted))


def test_integers_stay_within_their_range():
    model, _ = linear()
    pixels = np.full((1, 7, 6, 2), 255, "uint8")
    np.testing.assert_allclose(occlusion(model, pixels, 0), 0, atol=1e-6)
    assert (pixels == 255).all()


def test_the_number_of_predictions_is_as_documented():
    assert [default_predictions((n, n)) for n in (100, 224)] == [82, 82]
    assert default_predictions((8, 8)) == 50


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patch_pixels": 7}, "at most the shorter side, 6"),
        ({"patch_pixels": 2, "stride_pixels": 3}, "every pixel is covered"),
        ({"patch_pixels": 0}, "`patch_pixels` must be an integer of at least 1"),
        ({"classes": [0]}, "3 labels, one for each image"),
        ({"classes": 0.5}, "must be None, a label"),
    ],
)
def test_wrong_arguments_are_refused(images, options, message):
    with pytest.raises(ValueError, match=message):
        occlusion(linear()[0], images, **options)


def test_a_planted_cue_is_found_and_not_what_is_as_striking():
    model, images = cue_classifier()
    for map in occlusion(model, images, 1, patch_pixels=4, stride_pixels=2):
        row, column = np.unravel_index(map.argmax(), map.shape)
        assert CUE[0].start <= row < CUE[0].stop
        assert CUE[1].start <= column < CUE[1].stop
        assert map[CUE].mean() > 5 * abs(map[DISTRACTION]).mean()


def test_it_needs_no_convolution():
    model = classifier()
    assert occlusion(model, np.ones((1, 6, 5, 2), "float32")).shape == (1, 6, 5)
