import numpy as np
import pytest
from scipy import stats

from kerasrecipes.layers import RandomResizedCrop
from tests.layers.augmentation.batches import augment, random_images, to_numpy

# A correct layer exceeds a bound for one seed in a million. The seeds are fixed.
FALSE_ALARM_RATE = 1e-6


def parts(height, width, batch=20_000, size=(16, 16), **options):
    """Returns top, left, height and width of each crop, from the places of the output's corners."""
    layer = RandomResizedCrop(size, **options, seed=0)
    drawn = layer.draw_pixel_homography(batch, (height, width), layer.generator)
    matrix = to_numpy(drawn).astype("float64")
    np.testing.assert_allclose(
        matrix[:, [0, 1, 2, 2, 2], [1, 0, 0, 1, 2]], [[0, 0, 0, 0, 1]] * batch
    )
    # The edges of a pixel lie half a pixel from its centre.
    left = matrix[:, 0, 2] - matrix[:, 0, 0] / 2 + 0.5
    top = matrix[:, 1, 2] - matrix[:, 1, 1] / 2 + 0.5
    return top, left, matrix[:, 1, 1] * size[0], matrix[:, 0, 0] * size[1]


def test_parts_are_whole_pixels_inside_of_the_image():
    for part in parts(40, 30):
        np.testing.assert_allclose(part, np.round(part), atol=1e-3)
    top, left, rows, columns = (np.round(part) for part in parts(40, 30))
    assert min(top.min(), left.min()) == 0
    assert (top + rows).max() == 40
    assert (left + columns).max() == 30


def test_area_ratio_and_place_are_drawn_as_published():
    # In an image of this size rounding is negligible, and all first attempts fit.
    area, ratio = (0.1, 0.5), (0.8, 1.25)
    top, left, rows, columns = parts(10_000, 10_000, area_fraction=area, aspect_ratio=ratio)
    log_low, log_high = np.log(ratio)
    fractions = [
        (rows * columns / 1e8 - area[0]) / (area[1] - area[0]),
        (np.log(columns / rows) - log_low) / (log_high - log_low),
        top / (10_000 - rows),
        left / (10_000 - columns),
    ]
    for values in fractions:
        assert stats.kstest(np.clip(values, 0, 1), "uniform").pvalue > FALSE_ALARM_RATE
    bound = stats.norm.isf(FALSE_ALARM_RATE / 2) / np.sqrt(len(top))
    assert np.abs(np.corrcoef(fractions) - np.eye(4)).max() < bound
    assert all(abs(np.corrcoef(v[:-1], v[1:])[0, 1]) < bound for v in fractions)


def test_where_nothing_fits_it_is_the_largest_central_part():
    top, left, rows, columns = parts(10, 40, batch=4, area_fraction=(1, 1), aspect_ratio=(0.5, 2))
    np.testing.assert_allclose([top[0], left[0], rows[0], columns[0]], [0, 10, 10, 20], atol=1e-4)


def test_ten_attempts_are_made():
    """A ratio of up to 2^10 fits into half of a square up to 2: in a tenth of all attempts."""
    _, _, rows, columns = parts(
        10_000, 10_000, area_fraction=(0.5, 0.5), aspect_ratio=(2.0**-10, 2.0**10)
    )
    whole = int(((rows > 9_999) & (columns > 9_999)).sum())
    assert stats.binomtest(whole, len(rows), 0.9**10).pvalue > FALSE_ALARM_RATE


def test_every_place_is_equally_likely_from_the_lowest_to_the_highest():
    top, left, rows, columns = (
        np.round(part).astype(int)
        for part in parts(4, 5, area_fraction=(0.2, 0.2), aspect_ratio=(1, 1))
    )
    assert (rows == 2).all()
    assert (columns == 2).all()
    for places, count in ((top, 3), (left, 4)):
        assert stats.chisquare(np.bincount(places, minlength=count)).pvalue > FALSE_ALARM_RATE


def test_a_part_has_a_pixel_at_least():
    _, _, rows, columns = (
        np.round(part) for part in parts(4, 4, area_fraction=(0.01, 0.5), aspect_ratio=(1 / 8, 8))
    )
    assert (rows.min(), columns.min()) == (1, 1)
    assert (rows.max(), columns.max()) == (4, 4)


def test_the_whole_image_at_its_own_size_changes_nothing_by_a_bit():
    images = np.random.default_rng(0).normal(size=(3, 9, 9, 2)).astype("float32")
    layer = RandomResizedCrop(area_fraction=(1, 1), aspect_ratio=(1, 1))
    np.testing.assert_array_equal(augment(layer, images), images)


def test_an_output_larger_than_the_image():
    images = random_images((2, 4, 4, 3))
    larger = augment(RandomResizedCrop((8, 12), (1, 1), (1, 1), "nearest"), images)
    np.testing.assert_array_equal(larger, images.repeat(2, axis=1).repeat(3, axis=2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"area_fraction": (0, 1)}, "`area_fraction` must be a number in"),
        ({"area_fraction": (0.5, 1.5)}, "`area_fraction` must be a number in"),
        ({"area_fraction": 0.5}, "`area_fraction` must be a pair"),
        ({"aspect_ratio": (2, 1)}, r"`aspect_ratio` must be \(low, high\)"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        RandomResizedCrop(**options)
