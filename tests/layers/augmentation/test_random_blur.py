"""`RandomBlur` and `RandomSharpening`."""

import keras
import numpy as np
import pytest
from scipy import ndimage, stats

from kerasrecipes.layers import RandomBlur, RandomSharpening
from tests.layers.augmentation.batches import augment, random_images, to_numpy

# A correct layer exceeds a bound for one seed in a million. The seeds are fixed.
FALSE_ALARM_RATE = 1e-6


def blurred(images, sigmas):
    """Returns an image blurred by SciPy, over three standard deviations."""
    return np.stack(
        [
            ndimage.gaussian_filter(
                image.astype("float64"), sigma, mode="nearest", radius=6, axes=(0, 1)
            )
            for image, sigma in zip(images, sigmas, strict=True)
        ]
    )


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_pixels_equal_scipy_s(dtype):
    images, layer = random_images((5, 11, 8, 3), dtype), RandomBlur(sigma_pixels=(0.3, 2.0))
    drawn = layer.get_random_transformation(images, seed=keras.random.SeedGenerator(1))
    sigmas = to_numpy(drawn["sigmas"])
    assert len(set(sigmas)) == 5
    received = to_numpy(layer.transform_images(images, drawn))
    atol = 0.501 if dtype == "uint8" else 1e-3
    np.testing.assert_allclose(received, blurred(images, sigmas), atol=atol)


def test_sigma_is_uniform():
    layer, images = RandomBlur(sigma_pixels=2.0), np.zeros((2000, 2, 2, 1), "uint8")
    drawn = layer.get_random_transformation(images, seed=keras.random.SeedGenerator(0))
    assert stats.kstest(to_numpy(drawn["sigmas"]) / 2, "uniform").pvalue > FALSE_ALARM_RATE


def test_no_width_changes_nothing_and_a_flat_image_stays_flat():
    images = random_images((3, 8, 8, 3), "float32")
    np.testing.assert_array_equal(augment(RandomBlur(sigma_pixels=0.0), images), images)
    flat = np.full((3, 8, 8, 3), 200, "uint8")
    np.testing.assert_array_equal(augment(RandomBlur(sigma_pixels=(2, 2)), flat), flat)
    np.testing.assert_array_equal(augment(RandomSharpening(amount=(1, 1)), flat), flat)


def test_sharpening_adds_what_blur_takes_away():
    images, layer = random_images((4, 9, 9, 3), "float32"), RandomSharpening((0.2, 1.5), 2.0)
    drawn = layer.get_random_transformation(images, seed=keras.random.SeedGenerator(1))
    amounts = to_numpy(drawn["amounts"])
    assert ((amounts >= 0.2) & (amounts <= 1.5)).all()
    assert len(set(amounts)) == 4
    sharp = images + amounts[:, None, None, None] * (images - blurred(images, [2.0] * 4))
    received = to_numpy(layer.transform_images(images, drawn))
    np.testing.assert_allclose(received, np.clip(sharp, 0, 255), atol=2e-3)


@pytest.mark.parametrize(
    ("layer", "options", "message"),
    [
        (RandomBlur, {"sigma_pixels": -1}, "`sigma_pixels` must be a number of at least 0"),
        (RandomSharpening, {"amount": -1}, "`amount` must be a number of at least 0"),
        (RandomSharpening, {"sigma_pixels": 0}, "`sigma_pixels` must be a number greater than 0"),
        (RandomSharpening, {"value_range": (1, 1)}, "`value_range` must be"),
    ],
)
def test_arguments_out_of_range(layer, options, message):
    with pytest.raises(ValueError, match=message):
        layer(**options)
