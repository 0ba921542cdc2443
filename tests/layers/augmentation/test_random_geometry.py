import numpy as np
import pytest
from scipy import stats

from kerasrecipes.layers import RandomGeometry
from tests.layers.augmentation.batches import augment, random_images, to_numpy

# A correct layer exceeds a bound for one seed in a million. The seeds are fixed.
FALSE_ALARM_RATE = 1e-6
HEIGHT, WIDTH = 20, 30


def draw(batch=4000, seed=0, **options):
    """Returns the homographies that were drawn, in pixels around the centre of the input."""
    layer = RandomGeometry(**options, seed=seed)
    images = np.zeros((batch, HEIGHT, WIDTH, 1), "uint8")
    matrices = to_numpy(layer.get_random_transformation(images)["homography"])
    to_centre = np.array([[1, 0, -(WIDTH - 1) / 2], [0, 1, -(HEIGHT - 1) / 2], [0, 0, 1]])
    return to_centre @ matrices.astype("float64") @ np.linalg.inv(to_centre)


def check_uniform(values, low, high):
    """Asserts that values are uniform within bounds, by the Kolmogorov-Smirnov test."""
    slack = 1e-5 * max(abs(low), abs(high))
    assert values.min() >= low - slack
    assert values.max() <= high + slack
    scaled = np.clip((values - low) / (high - low), 0, 1)
    assert stats.kstest(scaled, "uniform").pvalue > FALSE_ALARM_RATE
    # The correlation of neighbours in a batch is normal with variance 1 / n.
    correlation = np.corrcoef(scaled[:-1], scaled[1:])[0, 1]
    assert abs(correlation) < stats.norm.isf(FALSE_ALARM_RATE / 2) / np.sqrt(len(values))


def _degrees(matrices):
    return np.degrees(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))


@pytest.mark.parametrize(
    ("option", "magnitude", "bounds", "value_of"),
    [
        ("rotation_degrees", 25, (-25, 25), _degrees),
        ("rotation_degrees", (5, 8), (5, 8), _degrees),
        ("scale", 1.5, (-np.log(1.5), np.log(1.5)), lambda m: -np.log(m[:, 0, 0])),
        ("aspect", (0.5, 1), (np.log(0.5), 0), lambda m: np.log(m[:, 1, 1] / m[:, 0, 0])),
        ("vertical_shear", 0.3, (-0.3, 0.3), lambda m: -m[:, 1, 0]),
        ("horizontal_shear", 0.3, (-0.3, 0.3), lambda m: -m[:, 0, 1]),
        ("horizontal_translation_fraction", 0.1, (-0.1, 0.1), lambda m: -m[:, 0, 2] / WIDTH),
        ("vertical_translation_fraction", (0, 0.1), (0, 0.1), lambda m: -m[:, 1, 2] / HEIGHT),
        ("perspective", 0.4, (-0.4, 0.4), lambda m: m[:, 2, 0] / m[:, 2, 2] * WIDTH / 2),
        ("perspective", 0.4, (-0.4, 0.4), lambda m: m[:, 2, 1] / m[:, 2, 2] * HEIGHT / 2),
    ],
)  # fmt: skip
def test_values_are_uniform_in_their_range_and_independent(option, magnitude, bounds, value_of):
    check_uniform(value_of(draw(**{option: magnitude})), *bounds)


@pytest.mark.parametrize("option", ["horizontal_flip", "vertical_flip"])
@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_flips_come_with_their_probability(option, probability):
    axis = ["horizontal_flip", "vertical_flip"].index(option)
    flipped = draw(**{option: probability})[:, axis, axis] == -1
    test = stats.binomtest(int(flipped.sum()), len(flipped), probability)
    assert test.pvalue > FALSE_ALARM_RATE


def test_a_magnitude_leaves_the_draws_of_others_alone():
    alone = draw(rotation_degrees=10)
    both = draw(rotation_degrees=10, vertical_translation_fraction=0.1)
    np.testing.assert_allclose(alone[:, :2, :2], both[:, :2, :2])


def test_operations_act_in_the_order_of_the_arguments():
    exact = {
        "horizontal_flip": 1.0,
        "scale": (1.3, 1.3),
        "aspect": (1.2, 1.2),
        "vertical_shear": (0.1, 0.1),
        "horizontal_shear": (0.2, 0.2),
        "rotation_degrees": (30, 30),
        "horizontal_translation_fraction": (0.1, 0.1),
        "vertical_translation_fraction": (0.2, 0.2),
    }
    angle = np.radians(30)
    # These map from the input to the output, with y down: to the left means the right edge goes up.
    steps = [
        np.diag([-1, 1, 1]),
        np.diag([1.3 * 1.2**0.5, 1.3 / 1.2**0.5, 1]),
        [[1, 0, 0], [0.1, 1, 0], [0, 0, 1]],
        [[1, 0.2, 0], [0, 1, 0], [0, 0, 1]],
        [[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]],
        [[1, 0, 0.1 * WIDTH], [0, 1, 0.2 * HEIGHT], [0, 0, 1]],
    ]
    forward = np.linalg.multi_dot(steps[::-1])
    np.testing.assert_allclose(draw(**exact)[0], np.linalg.inv(forward), atol=2e-5)


def test_a_tilt_enlarges_the_edge_that_is_nearer():
    matrix = draw(perspective=(0.25, 0.25))[0]
    matrix /= matrix[2, 2]
    right_middle = matrix @ [WIDTH / 2, 0, 1]
    np.testing.assert_allclose(right_middle[:2] / right_middle[2], [WIDTH / 2 / 1.25, 0], atol=1e-4)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_no_magnitude_changes_nothing_by_a_bit(dtype):
    images = random_images((4, 9, 8, 3), dtype) / np.array(3, dtype)
    images = images.astype(dtype)
    received = augment(RandomGeometry(), images)
    assert received.dtype == dtype
    np.testing.assert_array_equal(received, images)


def test_flips_and_whole_pixels_change_no_value_by_a_bit():
    images = np.random.default_rng(0).normal(size=(2, 10, 20, 3)).astype("float32")
    layer = RandomGeometry(
        horizontal_flip=1.0,
        horizontal_translation_fraction=(0.25, 0.25),
        vertical_translation_fraction=(-0.5, -0.5),
    )
    expected = np.zeros_like(images)
    expected[:, :5, 5:] = images[:, 5:, :4:-1]
    np.testing.assert_array_equal(augment(layer, images), expected)


def test_turns_by_a_right_angle():
    images = random_images((1, 8, 8, 3))
    turned = augment(RandomGeometry(rotation_degrees=(90, 90)), images)
    np.testing.assert_array_equal(turned[0], np.rot90(images[0]))  # To the left.


def test_the_centre_of_the_image_stays():
    matrices = draw(rotation_degrees=180, scale=2.0, vertical_shear=0.5)
    np.testing.assert_allclose(matrices[:, :2, 2], 0, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizontal_flip": 1.5}, r"`horizontal_flip` must be a number in \[0, 1\]"),
        ({"vertical_flip": -0.1}, r"`vertical_flip` must be a number in \[0, 1\]"),
        ({"rotation_degrees": -5}, "`rotation_degrees` must be a number of at least 0"),
        ({"rotation_degrees": (5, -5)}, r"`rotation_degrees` must be \(low, high\)"),
        ({"scale": 0.5}, "`scale` must be a number of at least 1"),
        ({"aspect": (0, 2)}, "`aspect` must be a number greater than 0"),
        ({"perspective": 0.5}, r"`perspective` must be a number in \[0, 0.5\)"),
        ({"perspective": (-0.6, 0)}, r"`perspective` must be a number in \(-0.5, 0.5\)"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        RandomGeometry(**options)
