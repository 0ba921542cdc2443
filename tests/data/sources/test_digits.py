import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from kerasrecipes.data import Digits

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def digits():
    return Digits().load()


def contents(split):
    """Returns the images of a split, with their labels, as a set."""
    return set(zip(map(bytes, split.images), split.labels.tolist(), strict=True))


def test_all_images_are_there_scaled_exactly(digits):
    source = load_digits()
    scaled = [bytes(round(value * 255 / 16) for value in image) for image in source.data]
    expected = set(zip(scaled, source.target.tolist(), strict=True))
    assert len(expected) == 1797  # All differ, so that sets can tell the splits apart.
    parts = [contents(split) for split in digits.splits.values()]
    assert set.union(*parts) == expected
    assert sum(map(len, parts)) == 1797


def test_description(digits):
    assert digits.sizes == {"train": 1259, "validation": 179, "test": 359}
    assert digits.image_shape == (8, 8, 1)
    assert digits.class_names == tuple("0123456789")
    assert digits.value_range == (0, 255)
    assert digits.resize is None
    assert digits.skipped == ()


def test_every_class_has_its_share(digits):
    all_counts = np.sum(list(digits.class_counts().values()), axis=0)
    for name, fraction in {"validation": 0.1, "test": 0.2}.items():
        assert np.abs(digits.class_counts()[name] - fraction * all_counts).max() <= 0.5


def test_the_same_data_in_every_version(digits):
    assert digits.hash == "9273a2d891f2c68c8e97652576d7e33ed0c6770fe7582181734ae76f4de5f583"
    assert Digits().load().hash == digits.hash


@pytest.mark.parametrize(
    ("options", "unchanged"),
    [
        ({"examples_per_class": 10}, ("validation", "test")),
        ({"validation_fraction": 0.3}, ("test",)),
    ],
)
def test_what_an_option_leaves_unchanged(digits, options, unchanged):
    other = Digits(**options).load()
    for name in SPLITS:
        same = other.splits[name].digest() == digits.splits[name].digest()
        assert same == (name in unchanged)


def test_a_split_seed_draws_other_splits(digits):
    other = Digits(split_seed=1).load()
    for name in SPLITS:
        assert other.splits[name].digest() != digits.splits[name].digest()


def test_classes_choose_and_order(digits):
    chosen = Digits(classes=[7, 2]).load()
    assert chosen.class_names == ("7", "2")
    for name in SPLITS:
        expected = {
            (image, (7, 2).index(label))
            for image, label in contents(digits.splits[name])
            if label in (7, 2)
        }
        assert contents(chosen.splits[name]) == expected


def test_examples_per_class_are_nested(digits):
    few, more = (Digits(examples_per_class=count).load() for count in (3, 20))
    assert few.class_counts()["train"] == [3] * 10
    assert contents(few.train) < contents(more.train) < contents(digits.train)


@pytest.mark.parametrize(("size", "shape"), [(16, (16, 16, 1)), ([12, 5], (12, 5, 1))])
def test_image_size(digits, size, shape):
    resized = Digits(image_size=size).load()
    assert resized.image_shape == shape
    assert resized.resize == "stretch"
    expected = Image.fromarray(digits.test.images[0, ..., 0]).resize(
        shape[1::-1], Image.Resampling.BILINEAR
    )
    np.testing.assert_array_equal(resized.test.images[0, ..., 0], expected)
    np.testing.assert_array_equal(resized.test.labels, digits.test.labels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": [3, 10]}, "`classes` must be one of 0, .*classes=10"),
        ({"classes": [3]}, "at least two classes"),
        ({"classes": [3, 3]}, "each of them once"),
        ({"examples_per_class": 0}, "`examples_per_class` must be an integer of at least 1"),
        ({"image_size": 0}, "`image_size` must be an integer of at least 1"),
        ({"image_size": [8, 8, 1]}, r"`image_size` must be None, an integer or a pair"),
        ({"validation_fraction": 0}, r"`validation_fraction` must be a number in \(0, 1\)"),
        ({"test_fraction": 1}, r"`test_fraction` must be a number in \(0, 1\)"),
        ({"validation_fraction": 0.5, "test_fraction": 0.5}, "sum must be less than 1"),
        ({"split_seed": -1}, "`split_seed` must be an integer of at least 0"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        Digits(**options)


@pytest.mark.parametrize("options", [{"classes": 3}, {"classes": "38"}, {"image_size": "8"}])
def test_options_of_other_types(options):
    with pytest.raises(TypeError, match=f"`{next(iter(options))}` must be"):
        Digits(**options)


def test_more_examples_than_there_are():
    with pytest.raises(ValueError, match="`examples_per_class` must be at most .* 122 of '8'"):
        Digits(examples_per_class=123).load()
