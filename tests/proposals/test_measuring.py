"""What features tell before a training: mirroring, penalty, strategy."""

import numpy as np
import pytest

from kerasrecipes.data import ArraySplit
from kerasrecipes.proposals.measuring import (
    best_penalty,
    better_by_pixels,
    measured,
    mirror_check,
    sample,
    shrunk,
)
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.runs.label_safety import CHANGES


@pytest.fixture
def sided():
    """Features of two classes: a light on the left or on the right, and a level that stays."""
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 2
    features = rng.normal(scale=0.3, size=(120, 3)) + np.outer(2 * labels - 1, [1.0, -1.0, 0.0])
    return features, features[:, [1, 0, 2]], labels


def test_a_class_that_becomes_the_other_one_is_not_mirrored(sided):
    features, mirrored, labels = sided
    check = mirror_check(features, mirrored, labels)
    assert (check.verdict, check.agreement) == (CHANGES, 0.0)
    assert len(check.before) > 110
    assert mirror_check(features, features, labels).agreement == 1.0


def test_one_class_tells_nothing(sided):
    features, mirrored, _ = sided
    assert len(mirror_check(features, mirrored, np.zeros(120, int)).before) == 0


def test_a_network_whose_features_tell_less_than_pixels_does_not_know_the_images(sided):
    features, _, labels = sided
    noise = np.random.default_rng(1).normal(size=features.shape)
    assert better_by_pixels(noise, features, labels).startswith(
        "a linear classifier is right on 100% of 120 images by their pixels alone, and on "
    )
    assert better_by_pixels(features, noise, labels) == ""
    assert better_by_pixels(features, features, labels) == ""
    assert better_by_pixels(noise, features, np.zeros(120, int)) == ""
    # Of twenty images, some may be right by chance.
    assert better_by_pixels(features[:20] + noise[:20], features[:20], labels[:20]) == ""


def test_pixels_are_means_of_parts_of_an_image():
    images = np.zeros((2, 16, 32, 3), np.uint8)
    images[1, :, 16:, 2] = 200
    pixels = shrunk(images).reshape(2, 8, 8, 3)
    assert pixels[0].max() == 0
    np.testing.assert_allclose(pixels[1, :, [0, 1, 6, 7], 2], [[0] * 8] * 2 + [[200] * 8] * 2)


def test_a_penalty_is_larger_where_labels_are_noise(sided):
    rng = np.random.default_rng(1)
    labels = np.arange(200) % 2
    noise = rng.normal(size=(200, 150))
    weak = noise + np.outer(2 * labels - 1, np.full(150, 0.08))
    clean = noise * 0.1 + np.outer(2 * labels - 1, np.full(150, 1.0))
    strong = best_penalty(weak, labels)
    assert strong >= 0.1 / 2 * weak.var(0).mean() * 0.9
    assert best_penalty(clean, labels) > 0
    assert best_penalty(clean[:6], labels[:6]) is None


def test_a_penalty_is_worth_less_where_more_images_will_be_trained_on(sided):
    features, _, labels = sided  # Of 120 images, 90 are fitted to.
    own = best_penalty(features, labels)
    assert best_penalty(features, labels, images=900) == pytest.approx(own / 10, rel=0.06)
    assert best_penalty(features, labels, images=20) == own


def test_a_sample_has_two_images_of_each_class(sided):
    labels = np.array([0, 0, 0, 1, 1, 2], np.int32)
    split = ArraySplit(np.arange(6, dtype="uint8").reshape(6, 1, 1, 1), labels)
    images, own = sample(split)
    assert sorted(own.tolist()) == [0, 0, 0, 1, 1]
    np.testing.assert_array_equal(labels[images.ravel()], own)


@pytest.mark.slow
def test_digits_are_measured_by_the_bundled_network(tmp_path):
    data = use("Digits", image_size=32, examples_per_class=20)
    recipe = Recipe(data=data, preprocessing=[], model=use("Pretrained"), epochs=1)
    found = measured(recipe, directory=tmp_path)
    # Mirrored twos, threes and sevens are no digits.
    assert not found.mirror
    assert "kept their class when they were mirrored" in found.mirror_reason
    assert found.strategy in ("last stage", "all stages")
    assert found.l2 > 0
