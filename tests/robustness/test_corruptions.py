"""Corruptions by their definitions in NumPy, and scores on them."""

import keras
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from kerasrecipes.robustness import CorruptionScores, corrupted, corruption_scores

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3)).astype("uint8")


def test_brightness_contrast_and_blur_are_what_they_are_called():
    x = IMAGES.astype("float64")
    bright = np.clip(np.round(x * 1.4), 0, 255)
    np.testing.assert_allclose(corrupted(IMAGES, "brightness", 4), bright, atol=1)
    luma = (x * [0.299, 0.587, 0.114]).sum(-1).mean(axis=(1, 2))[:, None, None, None]
    flat = luma + 0.15 * (x - luma)
    np.testing.assert_allclose(corrupted(IMAGES, "contrast", 5), flat, atol=1)
    # A pixel of 32 is half a pixel of 16.
    blurred = gaussian_filter1d(
        gaussian_filter1d(x, 0.5, 1, mode="nearest"), 0.5, 2, mode="nearest"
    )
    np.testing.assert_allclose(corrupted(IMAGES, "blur", 5), blurred, atol=4)


def test_noise_has_its_deviation_and_turns_their_angle():
    """The deviation of 12,288 numbers is off by 3% once in a million runs."""
    grey = np.full((16, 16, 16, 3), 128, "uint8")
    noisy = corrupted(grey, "noise", 5, seed=3).astype("float64")
    assert noisy.std() == pytest.approx(25.5, rel=0.03)
    np.testing.assert_array_equal(corrupted(grey, "noise", 5, seed=3), noisy)
    assert np.abs(corrupted(grey, "noise", 5, seed=4) - noisy).mean() > 5
    bar = np.zeros((1, 65, 65, 1), "uint8")
    bar[:, 32, :] = 255
    rows, columns = np.nonzero(corrupted(bar, "turn", 5)[0, :, :, 0] > 100)
    slope = np.polyfit(columns, rows, 1)[0]
    # Counterclockwise: the right end is higher, where rows count downwards.
    assert np.degrees(np.arctan(-slope)) == pytest.approx(15, abs=0.7)


@pytest.mark.backend_neutral
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"corruption": "blurr"}, "Did you mean 'blur'"),
        ({"strength": 6}, "`strength` must be one of"),
        ({"images": IMAGES.astype("float32")}, "must be uint8"),
        ({"images": IMAGES[0]}, "must have shape"),
        ({"seed": -1}, "`seed` must be"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        corrupted(**{"images": IMAGES, "corruption": "blur", **options})


def test_scores_are_of_each_corruption_and_the_mean_is_over_images():
    """A network that says whether an image is bright: only more brightness confuses it."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, kernel_initializer="zeros"),
        ]
    )
    model.set_weights([np.array([[0.0, 1.0]]), np.array([128.0, 0.0])])
    images = np.repeat(np.array([100, 120, 140], "uint8"), 64).reshape(3, 8, 8, 1)
    scores = corruption_scores(model, images, np.array([0, 0, 1]), batch_size=2)
    assert scores.accuracy == 1
    third = pytest.approx(2 / 3)
    # 120 is above 128 from a factor of 1.1 on, 100 from 1.3 on.
    assert scores.accuracies["brightness"] == [third, third, *[pytest.approx(1 / 3)] * 3]
    for name in ("blur", "contrast", "turn"):
        assert scores.accuracies[name] == [1.0] * 5
    assert scores.mean.mean == pytest.approx(
        np.mean([row for of in scores.correct.values() for row in of])
    )
    assert isinstance(scores, CorruptionScores)
    assert scores.mean.n == 3


@pytest.mark.backend_neutral
def test_a_mean_of_images_that_are_all_recognized_has_the_interval_of_an_accuracy():
    scores = CorruptionScores(np.ones(100, bool), {"blur": np.ones((5, 100), bool)})
    assert scores.mean.mean == 1
    # As wide as Wilson's of 100 in 100, and around 1.
    assert 1 - scores.mean.low == pytest.approx(0.0185, abs=5e-4)
