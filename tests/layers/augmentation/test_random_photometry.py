import colorsys

import numpy as np
import pytest
from scipy import stats

from kerasrecipes.layers import RandomPhotometry
from tests.layers.augmentation.batches import augment, random_images, to_numpy

# A correct layer exceeds a bound for one seed in a million. The seeds are fixed.
FALSE_ALARM_RATE = 1e-6
LUMA = np.array([0.299, 0.587, 0.114])
YIQ = np.array([LUMA, [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
IMAGES = random_images((3, 6, 5, 3))


def turned(x, degrees):
    angle = np.radians(degrees)
    turn = [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    return x @ (np.linalg.inv(YIQ) @ turn @ YIQ).T


def luma(x):
    return (x @ LUMA)[..., None]


# A magnitude of each operation and its definition on [0, 1], in the order of the docstring.
OPERATIONS = {
    "brightness": ((0.8, 0.8), lambda x: 0.8 * x),
    "contrast": ((0.7, 0.7), lambda x: 0.7 * x + 0.3 * luma(x).mean((1, 2, 3), keepdims=True)),
    "saturation": ((0.5, 0.5), lambda x: luma(x) + 0.5 * (x - luma(x))),
    "hue_degrees": ((40, 40), lambda x: turned(x, 40)),
    "color_cast": ((0.05, 0.05), lambda x: x + 0.05),
    "grayscale": (1.0, lambda x: luma(x) + 0 * x),
    "inversion": (1.0, lambda x: 1 - x),
    "gamma": ((1.4, 1.4), lambda x: np.clip(x, 0, 1) ** 1.4),
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(
    ("dtype", "value_range"), [("uint8", (0, 255)), ("float32", (0, 1)), ("float32", (-1, 1))]
)
def test_colours_equal_those_in_float64(name, dtype, value_range):
    magnitude, function = OPERATIONS[name]
    low, high = value_range
    x = IMAGES / 255
    images = (low + (high - low) * x).round(0 if dtype == "uint8" else 9).astype(dtype)
    received = augment(RandomPhotometry(**{name: magnitude}, value_range=value_range), images)
    expected = low + (high - low) * np.clip(function(x), 0, 1)
    assert received.dtype == dtype
    np.testing.assert_allclose(received, expected, atol=0.51 if dtype == "uint8" else 1e-5)


def test_together_they_are_their_sequence_clipped_once():
    magnitudes = {
        name: magnitude for name, (magnitude, _) in OPERATIONS.items() if name != "grayscale"
    }
    x = 0.3 + 0.4 * IMAGES / 255  # These stay within the range after each step.
    expected = x
    for name in magnitudes:
        expected = OPERATIONS[name][1](expected)
    received = augment(RandomPhotometry(**magnitudes, value_range=(0, 1)), x.astype("float32"))
    np.testing.assert_allclose(received, expected, atol=1e-5)


def test_hue_turns_as_colorsys_sees_it():
    x = 0.4 + 0.2 * np.random.default_rng(0).random((1, 4, 4, 3))
    received = augment(RandomPhotometry(hue_degrees=(40, 40), value_range=(0, 1)), x.astype("f4"))
    for before, after in zip(x.reshape(-1, 3), received.reshape(-1, 3), strict=True):
        y, i, q = colorsys.rgb_to_yiq(*before)
        other_y, other_i, other_q = colorsys.rgb_to_yiq(*after)
        assert abs(y - other_y) < 0.005  # Its luma weights have two digits.
        degrees = np.degrees(np.angle(complex(other_i, other_q) / complex(i, q)))
        assert abs(degrees - 40) < 3


def test_grayscale_and_inversion_as_colorsys_has_them():
    gray = augment(RandomPhotometry(grayscale=1.0), IMAGES)
    assert all(colorsys.rgb_to_hsv(*pixel)[1] == 0 for pixel in gray.reshape(-1, 3) / 255)
    negative = augment(RandomPhotometry(inversion=1.0), IMAGES)
    hues = [
        [colorsys.rgb_to_hsv(*p)[0] for p in x.reshape(-1, 3) / 255] for x in (IMAGES, negative)
    ]
    # The complement lies on the other side of the circle.
    np.testing.assert_allclose((hues[1] - np.array(hues[0])) % 1, 0.5, atol=1e-6)


@pytest.mark.parametrize("bits", [1, 3, 5])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_posterize_keeps_the_upper_bits(bits, dtype):
    images = np.tile(np.arange(256, dtype="uint8").reshape(1, 16, 16, 1), (64, 1, 1, 1))
    received = augment(RandomPhotometry(posterize_bits=bits), images.astype(dtype))
    kept = [np.unique(image).tolist() for image in received.astype(int)]
    allowed = {b: (np.arange(256) >> (8 - b) << (8 - b)) for b in range(bits, 9)}
    # With a probability below 0.002 none of 64 images has one of the 8 numbers of bits.
    assert {len(k) for k in kept} == {2**b for b in allowed}
    for levels, image in zip(kept, received, strict=True):
        expected = allowed[int(np.log2(len(levels)))]
        np.testing.assert_allclose(image.ravel(), expected, atol=1e-3)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_solarize_inverts_what_is_above_a_threshold_of_its_own(dtype):
    images = np.tile(np.arange(256, dtype="uint8").reshape(1, 16, 16, 1), (1000, 1, 1, 1))
    received = augment(RandomPhotometry(solarize=0.4), images.astype(dtype)).reshape(1000, 256)
    levels = np.arange(256)
    thresholds = (np.abs(received - levels) < 1e-3).sum(1)
    expected = np.where(levels < thresholds[:, None], levels, 255 - levels)
    np.testing.assert_allclose(received, expected, atol=1e-3)
    solarized = thresholds < 256
    assert stats.binomtest(int(solarized.sum()), 1000, 0.4).pvalue > FALSE_ALARM_RATE
    drawn = thresholds[solarized] / 256
    assert stats.kstest(drawn, "uniform").pvalue > FALSE_ALARM_RATE


def test_no_magnitude_changes_nothing_by_a_bit():
    images = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")
    layer = RandomPhotometry(value_range=(-9, 9))
    np.testing.assert_array_equal(augment(layer, images), images)


@pytest.mark.parametrize(
    ("option", "magnitude", "bounds", "value_of"),
    [
        ("brightness", 0.3, (0.7, 1.3), lambda d: d["matrix"].sum(2)[:, 0]),
        ("contrast", (0.2, 1.1), (-0.1, 0.8), lambda d: d["mean_luma_factor"]),
        ("saturation", 0.3, (0.7, 1.3), lambda d: (np.trace(d["matrix"], 0, 1, 2) - 1) / 2),
        ("hue_degrees", 30, (-30, 30), lambda d: _angle(d["matrix"])),
        ("color_cast", 0.2, (-0.2, 0.2), lambda d: d["offset"][:, 1]),
        ("gamma", 2.0, (-np.log(2), np.log(2)), lambda d: np.log(d["gamma"])),
    ],
)
def test_values_are_uniform_in_their_range_and_independent(option, magnitude, bounds, value_of):
    layer = RandomPhotometry(**{option: magnitude}, seed=0)
    images = np.zeros((4000, 1, 1, 3), "uint8")
    drawn = {k: to_numpy(v) for k, v in layer.get_random_transformation(images).items()}
    low, high = bounds
    fractions = (value_of(drawn) - low) / (high - low)
    assert fractions.min() > -1e-5
    assert fractions.max() < 1 + 1e-5
    assert stats.kstest(np.clip(fractions, 0, 1), "uniform").pvalue > FALSE_ALARM_RATE
    correlation = np.corrcoef(fractions[:-1], fractions[1:])[0, 1]
    assert abs(correlation) < stats.norm.isf(FALSE_ALARM_RATE / 2) / np.sqrt(len(fractions))


def _angle(matrices):
    in_yiq = YIQ @ matrices @ np.linalg.inv(YIQ)
    return np.degrees(np.arctan2(in_yiq[:, 2, 1], in_yiq[:, 1, 1]))


@pytest.mark.parametrize("option", ["grayscale", "inversion"])
def test_chances(option):
    layer = RandomPhotometry(**{option: 0.3}, seed=0)
    matrices = to_numpy(layer.get_random_transformation(np.zeros((4000, 1, 1, 3)))["matrix"])
    changed = (np.abs(matrices - np.eye(3)) > 0.01).any((1, 2)).sum()
    assert stats.binomtest(int(changed), 4000, 0.3).pvalue > FALSE_ALARM_RATE


def test_a_single_channel_is_grey():
    images = random_images((4, 6, 5, 1))
    colours = RandomPhotometry(saturation=0.9, hue_degrees=90, grayscale=0.5)
    assert np.abs(augment(colours, images).astype(int) - images).max() <= 1
    tones = RandomPhotometry(0.3, 0.3, color_cast=0.2, inversion=0.5, value_range=(-255, 510))
    one, three = (augment(tones, np.repeat(images, n, 3).astype("float32")) for n in (1, 3))
    np.testing.assert_allclose(one[..., 0], three @ LUMA, atol=1e-2)  # Nothing is clipped.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"brightness": -0.1}, "`brightness` must be a number of at least 0"),
        ({"contrast": (1.2, 0.8)}, r"`contrast` must be \(low, high\)"),
        ({"hue_degrees": -5}, "`hue_degrees` must be"),
        ({"grayscale": 2}, r"`grayscale` must be a number in \[0, 1\]"),
        ({"gamma": 0.5}, "`gamma` must be a number of at least 1"),
        ({"posterize_bits": 0}, "`posterize_bits` must be an integer of at least 1"),
        ({"posterize_bits": 9}, "`posterize_bits` must be a number of at most 8"),
        ({"solarize": -1}, "`solarize` must be"),
        ({"value_range": (1, 0)}, r"`value_range` must be \(low, high\)"),
        ({"value_range": 255}, r"`value_range` must be a pair"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        RandomPhotometry(**options)


def test_images_that_are_no_colours():
    with pytest.raises(ValueError, match=r"must have 3 channels .* or 1 .*\(1, 4, 4, 2\)"):
        RandomPhotometry(0.1)(np.zeros((1, 4, 4, 2)))
