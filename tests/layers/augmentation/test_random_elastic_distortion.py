import keras
import numpy as np
import pytest
from scipy import ndimage

from kerasrecipes.layers import RandomElasticDistortion
from tests.layers.augmentation.batches import augment, random_images, to_numpy

MODES = {"reflect": "reflect", "wrap": "grid-wrap", "edge": "nearest", "constant": "grid-constant"}


@pytest.mark.parametrize("fill_mode", MODES)
def test_pixels_equal_scipy_s(fill_mode):
    images = random_images((3, 12, 9, 2), "float32")
    layer = RandomElasticDistortion((2, 2), 2.0, fill_mode=fill_mode, fill_value=7.0)
    drawn = layer.get_random_transformation(images, seed=keras.random.SeedGenerator(0))
    field = to_numpy(drawn["field"]).astype("float64")
    rows, columns = np.indices((12, 9))
    expected = np.empty(images.shape)
    for index in range(3):
        places = [rows + field[index, ..., 1], columns + field[index, ..., 0]]
        for channel in range(2):
            expected[index, ..., channel] = ndimage.map_coordinates(
                images[index, ..., channel].astype("float64"), places, order=1,
                mode=MODES[fill_mode], cval=7.0,
            )  # fmt: skip
    received = to_numpy(layer.transform_images(images, drawn))
    np.testing.assert_allclose(received, expected, atol=2e-3)


def test_the_field_has_the_deviation_and_the_smoothness_that_it_is_told():
    layer = RandomElasticDistortion((3, 3), 2.0)
    images = np.zeros((20, 64, 64, 1), "uint8")
    drawn = layer.get_random_transformation(images, seed=keras.random.SeedGenerator(0))
    field = to_numpy(drawn["field"])
    # Smoothed noise is worth 20 * 64**2 / (4 pi sigma**2) = 1,630 independent draws for each axis,
    # so that the standard error of the deviation is 1.8%. One seed in a million exceeds five.
    np.testing.assert_allclose(field.std(axis=(0, 1, 2)), 3, rtol=0.09)
    # A Gaussian's autocorrelation is sqrt(2) times as wide: exp(-d**2 / (4 sigma**2)).
    correlation = (field[:, :-2] * field[:, 2:]).mean() / (field**2).mean()
    np.testing.assert_allclose(correlation, np.exp(-4 / 16), atol=0.03)
    # The fields of columns, of rows and of different images are independent.
    assert abs(np.corrcoef(field[..., 0].ravel(), field[..., 1].ravel())[0, 1]) < 0.15
    assert abs(np.corrcoef(field[0].ravel(), field[1].ravel())[0, 1]) < 0.5


def test_each_image_draws_its_magnitude():
    layer = RandomElasticDistortion(4.0, 1.0)
    drawn = layer.get_random_transformation(
        np.zeros((40, 24, 24, 1), "uint8"), seed=keras.random.SeedGenerator(0)
    )
    deviations = to_numpy(drawn["field"]).std(axis=(1, 2, 3))
    assert deviations.min() < 1 < 3 < deviations.max() < 4.6


def test_no_magnitude_changes_nothing():
    images = random_images((3, 8, 8, 3), "float32")
    np.testing.assert_array_equal(augment(RandomElasticDistortion(0.0), images), images)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"displacement_pixels": -1}, "`displacement_pixels` must be a number of at least 0"),
        ({"smoothness_pixels": 0}, "`smoothness_pixels` must be a number greater than 0"),
        ({"interpolation": "cubic"}, "`interpolation` must be one of"),
        ({"fill_mode": "nearest"}, "`fill_mode` must be one of"),
        ({"fill_value": float("inf")}, "`fill_value` must be a number"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        RandomElasticDistortion(**options)


def test_a_fill_value_that_the_images_cannot_hold():
    layer = RandomElasticDistortion(fill_mode="constant", fill_value=0.5)
    with pytest.raises(ValueError, match=r"must be an integer in \[0, 255\]"):
        layer(np.zeros((1, 4, 4, 1), "uint8"))
