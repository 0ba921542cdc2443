"""Operations of policies on pixels, against Pillow."""

import functools

import numpy as np
import pytest
from keras import ops
from PIL import Image, ImageEnhance, ImageOps

from kerasrecipes.layers import PolicyAugment
from kerasrecipes.layers.augmentation._policy.passes import saturation, sharpness
from kerasrecipes.layers.augmentation._policy.policies import POLICIES
from tests.layers.augmentation.batches import compiled, random_images, to_numpy

ROWS, COLUMNS = np.mgrid[:20, :23]
SMOOTH = np.stack([40 + 6 * ROWS + COLUMNS, 200 - 5 * COLUMNS, 80 + 2 * ROWS], axis=-1)
IMAGE = np.clip(SMOOTH + np.random.default_rng(0).normal(0, 15, SMOOTH.shape), 0, 255).astype(
    "uint8"
)
OPERATIONS = {operation.name: operation for operation in POLICIES["trivialaugment"].operations}
# One shape for all tests, which is compiled once.
BATCH, MOST_OPERATIONS = 5, 4

PILLOW = {
    "identity": lambda image, s: image,
    "autocontrast": lambda image, s: ImageOps.autocontrast(image),
    "equalize": lambda image, s: ImageOps.equalize(image),
    "rotate": lambda image, s: image.rotate(s),
    "solarize": lambda image, s: ImageOps.solarize(image, int(s)),
    "color": lambda image, s: ImageEnhance.Color(image).enhance(s),
    "posterize": lambda image, s: ImageOps.posterize(image, int(s)),
    "contrast": lambda image, s: ImageEnhance.Contrast(image).enhance(s),
    "brightness": lambda image, s: ImageEnhance.Brightness(image).enhance(s),
    "sharpness": lambda image, s: ImageEnhance.Sharpness(image).enhance(s),
    "shear_x": lambda image, s: _affine(image, (1, s, 0, 0, 1, 0)),
    "shear_y": lambda image, s: _affine(image, (1, 0, 0, s, 1, 0)),
    "translate_x_pixels": lambda image, s: _affine(image, (1, 0, s, 0, 1, 0)),
    "translate_y_pixels": lambda image, s: _affine(image, (1, 0, 0, 0, 1, s)),
}


def _affine(image, matrix):
    return image.transform(image.size, Image.Transform.AFFINE, matrix)


def by_pillow(sequence, image=IMAGE):
    """Applies each `(name, magnitude)` in turn to an image, by Pillow."""
    image = Image.fromarray(image)
    for name, magnitude in sequence:
        image = PILLOW[name](image, magnitude)
    return np.asarray(image).astype(int)


@functools.cache
def transform(value_range):
    return compiled(PolicyAugment("trivialaugment", value_range=value_range).transform_images)


def done(sequences, images=IMAGE, value_range=(0, 255)):
    """Applies sequences of `(name, magnitude)` to images, one sequence each."""
    drawn = np.zeros((2, BATCH, MOST_OPERATIONS), "float32")  # The first operation is `identity`.
    for row, sequence in enumerate(sequences):
        for slot, (name, magnitude) in enumerate(sequence):
            drawn[:, row, slot] = list(OPERATIONS).index(name), magnitude
    images = ops.convert_to_tensor(np.broadcast_to(images, (BATCH, *IMAGE.shape)))
    operation = ops.convert_to_tensor(drawn[0], dtype="int32")
    magnitude = ops.convert_to_tensor(drawn[1])
    changed = transform(value_range)(images, {"operation": operation, "magnitude": magnitude})
    return to_numpy(changed)[: len(sequences)]


def magnitudes(name):
    """Returns five of the magnitudes of an operation, from the weakest to the strongest."""
    one = OPERATIONS[name]
    ways = (one.strongest - one.weakest) * np.array([0, 0.3, 0.5, 0.8, 1])
    return one.weakest + (np.trunc(ways) if one.whole else ways)


@pytest.mark.parametrize("name", PILLOW)
def test_operations_equal_pillow_s(name):
    sequences = [[(name, magnitude)] for magnitude in magnitudes(name)]
    difference = np.abs(done(sequences) - np.stack([by_pillow(each) for each in sequences]))
    assert difference.max() == 0


def test_saturation_is_pillow_s_for_all_colours_to_the_bit():
    """Every third level of each channel with five factors, and twice in a row."""
    levels = np.arange(0, 256, 3, dtype="uint8")
    image = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(1, 86, -1, 3)
    for factors in ([0.01], [0.34], [1.0], [1.602], [2.0], [0.34, 1.602]):
        received, expected = ops.convert_to_tensor(image), image[0]
        for factor in factors:
            received = saturation(received, ops.convert_to_tensor([factor], dtype="float32"))
            expected = by_pillow([("color", factor)], expected.astype("uint8"))
        np.testing.assert_array_equal(to_numpy(received)[0], expected)


def test_colours_drawn_twice_are_cut_twice():
    sequence = [("color", 1.9), ("color", 0.4)]
    np.testing.assert_array_equal(done([sequence])[0], by_pillow(sequence))


def test_grey_images_have_no_saturation():
    image = random_images((2, 4, 5, 1))
    factors = ops.convert_to_tensor([0.0, 2.0])
    np.testing.assert_array_equal(
        to_numpy(saturation(ops.convert_to_tensor(image), factors)), image
    )


@pytest.mark.parametrize("name", ["autocontrast", "equalize", "contrast"])
def test_an_image_of_one_value_is_as_pillow_leaves_it(name):
    images = np.ones_like(IMAGE) * np.array([0, 1, 77, 254, 255], "uint8").reshape(-1, 1, 1, 1)
    expected = [by_pillow([(name, 1.7)], image) for image in images]
    np.testing.assert_array_equal(done([[(name, 1.7)]] * BATCH, images), np.stack(expected))


def test_operations_on_values_are_done_in_the_order_drawn():
    sequence = [("posterize", 3), ("equalize", 0), ("solarize", 90), ("contrast", 1.6)]
    orders = [sequence, sequence[::-1], [("brightness", 0.6), ("autocontrast", 0)]]
    for order, received in zip(orders, done(orders), strict=True):
        # Pillow's contrast keeps the mean of rounded lumas. Its autocontrast truncates some whole
        # numbers to the next lower one, since its scale is a float.
        tolerance = 2 if ("contrast", 1.6) in order else 1
        assert np.abs(received - by_pillow(order)).max() <= tolerance


def test_moves_are_done_in_one():
    there, back = ("translate_x_pixels", 5), ("translate_x_pixels", -5)
    returned, turned = done([[there, back], [("rotate", 180), ("translate_y_pixels", 2)]])
    np.testing.assert_array_equal(returned, IMAGE)
    expected = np.zeros_like(IMAGE)
    expected[:-2] = IMAGE[::-1, ::-1][2:]
    np.testing.assert_array_equal(turned, expected)


def test_floats_of_another_range_give_the_same_levels():
    images = (2 * (IMAGE / 255) - 1).astype("float32")
    sequences = [[(name, 1.5)] for name in ("equalize", "rotate", "color", "sharpness")]
    received = done(sequences, images, value_range=(-1, 1))
    assert received.dtype == "float32"
    np.testing.assert_allclose(255 * (received + 1) / 2, done(sequences), atol=1e-3)


def test_images_too_small_to_smooth_keep_their_sharpness():
    image = random_images((1, 2, 5, 3))
    np.testing.assert_array_equal(to_numpy(sharpness(ops.convert_to_tensor(image), [2.0])), image)
