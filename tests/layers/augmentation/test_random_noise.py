import keras
import numpy as np
import pytest
from scipy import stats

from kerasrecipes.layers import RandomNoise
from tests.layers.augmentation.batches import augment, random_images, to_numpy

# A correct layer exceeds a bound for one seed in a million. The seeds are fixed.
FALSE_ALARM_RATE = 1e-6
GREY = np.full((50, 20, 20, 3), 100.0, "float32")
Z = stats.norm.isf(FALSE_ALARM_RATE / 2)


def check_deviations(noise, expected):
    """Asserts by chi-square bounds the standard deviation of each image's noise."""
    n = noise[0].size
    squares = (noise.reshape(len(noise), -1) ** 2).sum(1) / np.asarray(expected) ** 2
    share = FALSE_ALARM_RATE / len(noise) / 2
    assert (squares > stats.chi2.ppf(share, n)).all()
    assert (squares < stats.chi2.isf(share, n)).all()


def test_gaussian_noise_is_a_share_of_the_value_range():
    noise = augment(RandomNoise(gaussian=(0.02, 0.02)), GREY) - 100
    check_deviations(noise, np.full(50, 0.02 * 255))
    assert stats.kstest(noise.ravel() / 5.1, "norm").pvalue > FALSE_ALARM_RATE
    # Each channel of each pixel has its own.
    a, b = noise[..., 0].ravel(), noise[..., 1].ravel()
    assert stats.pearsonr(a, b).pvalue > FALSE_ALARM_RATE


def test_speckle_is_a_share_of_the_pixel():
    images = np.concatenate([GREY[:25], GREY[:25] / 2])
    noise = augment(RandomNoise(speckle=(0.1, 0.1), value_range=(-20, 300)), images) - images
    check_deviations(noise, np.repeat([12.0, 7.0], 25))


def test_salt_and_pepper_take_whole_pixels_half_each():
    results = augment(RandomNoise(salt_and_pepper=(0.2, 0.2), value_range=(10, 200)), GREY)
    assert set(np.unique(results)) == {10, 100, 200}
    assert (results == results[..., :1]).all()
    n = 50 * 400
    for value in (10, 200):
        count = int((results[..., 0] == value).sum())
        assert stats.binomtest(count, n, 0.1).pvalue > FALSE_ALARM_RATE


def test_each_image_draws_its_magnitude_from_the_range():
    layer = RandomNoise(gaussian=0.1)
    drawn = layer.get_random_transformation(
        np.zeros((2000, 1, 1, 1), "float32"), seed=keras.random.SeedGenerator(0)
    )
    magnitudes = to_numpy(drawn["gaussian"]["magnitude"]).ravel()
    assert stats.kstest(magnitudes / 0.1, "uniform").pvalue > FALSE_ALARM_RATE
    pair = RandomNoise(gaussian=(0.05, 0.1)).get_random_transformation(
        np.zeros((200, 1, 1, 1)), seed=keras.random.SeedGenerator(0)
    )
    magnitudes = to_numpy(pair["gaussian"]["magnitude"])
    assert 0.05 <= magnitudes.min() < magnitudes.max() <= 0.1


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_the_value_range_is_kept_and_no_magnitude_changes_no_bit(dtype):
    images = random_images((8, 9, 9, 3), dtype)
    noisy = augment(RandomNoise(gaussian=(1, 1), speckle=(1, 1)), images)
    assert (noisy.min(), noisy.max()) == (0, 255)
    np.testing.assert_array_equal(augment(RandomNoise(), images), images)


def test_images_that_do_not_fit_the_range_are_told_once():
    layer = RandomNoise(gaussian=0.1, seed=0)
    with pytest.warns(UserWarning, match=r"do not fit value_range=\(0, 255\).*Pass the range"):
        layer(np.random.default_rng(0).uniform(size=(2, 4, 4, 1)).astype("float32"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gaussian": -0.1}, "`gaussian` must be a number of at least 0"),
        ({"speckle": (0.2, 0.1)}, r"`speckle` must be \(low, high\)"),
        ({"salt_and_pepper": 1.5}, r"`salt_and_pepper` must be a number in \[0, 1\]"),
        ({"value_range": (255, 0)}, "`value_range` must be"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        RandomNoise(**options)
