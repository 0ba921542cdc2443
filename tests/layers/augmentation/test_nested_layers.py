"""`RandomApply` and `RandomChoice`."""

import keras
import numpy as np
import pytest
from scipy import stats

from kerasrecipes.layers import MixedSamples, RandomApply, RandomChoice, RandomPadCrop
from tests.layers.augmentation.batches import augment, random_images, to_numpy

# A correct layer exceeds a bound for one seed in a million. The seeds are fixed.
FALSE_ALARM_RATE = 1e-6
N = 2000
GREY = np.full((N, 2, 2, 1), 100, "uint8")


def lighter(by):
    return keras.layers.RandomBrightness((by / 255, by / 255))


def test_a_sample_gets_all_layers_or_none():
    results = augment(RandomApply([lighter(10), lighter(30)], probability=0.3), GREY)
    values, counts = np.unique(results[:, 0, 0, 0], return_counts=True)
    assert values.tolist() == [100, 140]
    assert stats.binomtest(int(counts[1]), N, 0.3).pvalue > FALSE_ALARM_RATE
    for probability, value in ((0.0, 100), (1.0, 110)):
        assert (augment(RandomApply(lighter(10), probability), GREY) == value).all()


def test_each_sample_gets_one_layer_by_the_probabilities():
    layers = [lighter(10), lighter(-10), lighter(30)]
    results = augment(RandomChoice(layers, [2, 1, 1]), GREY)[:, 0, 0, 0]
    observed = [np.sum(results == value) for value in (110, 90, 130)]
    assert sum(observed) == N
    assert stats.chisquare(observed, [N / 2, N / 4, N / 4]).pvalue > FALSE_ALARM_RATE
    observed = np.unique(augment(RandomChoice(layers), GREY)[:, 0, 0, 0], return_counts=True)[1]
    assert stats.chisquare(observed).pvalue > FALSE_ALARM_RATE
    assert (augment(RandomChoice(layers, [0, 0, 1]), GREY) == 130).all()


def test_the_layers_inside_do_what_they_do_alone():
    images = random_images((6, 8, 8, 3))
    crop = RandomPadCrop(3)
    layer = RandomApply([crop], probability=1.0)
    drawn = layer.get_random_transformation(images, seed=keras.random.SeedGenerator(2))
    alone = crop.transform_images(images, drawn["inside"][0])
    np.testing.assert_array_equal(to_numpy(layer.transform_images(images, drawn)), to_numpy(alone))


@pytest.mark.parametrize("one_hot", [False, True])
def test_labels_change_with_their_images(one_hot):
    labels = np.arange(400) % 4
    labels = np.eye(4, dtype="float32")[labels] if one_hot else labels
    mix = MixedSamples(mixup_alpha=None, cutmix_alpha=4.0, classes=4)
    images = np.zeros((400, 8, 8, 1), "uint8")
    images[...] = (np.arange(400) % 4 * 50)[:, None, None, None]
    for layer in (
        RandomApply(mix, probability=0.5),
        RandomChoice([mix, keras.layers.RandomFlip()], [1, 1]),
    ):
        changed, soft_labels = augment(layer, images, labels)
        values = np.stack([(changed[..., 0] == value * 50).mean((1, 2)) for value in range(4)], 1)
        np.testing.assert_allclose(soft_labels, values, atol=1e-6)
        whole = int((soft_labels.max(-1) == 1).sum())
        # About 25% of the partners have the same class, and a few rectangles are empty.
        assert 200 < whole < 320
    kept = augment(RandomApply(keras.layers.RandomFlip()), images, labels)[1]
    np.testing.assert_array_equal(kept, labels)


@pytest.mark.parametrize("layer", [RandomApply, RandomChoice])
def test_bad_input(layer):
    images = np.zeros((2, 8, 8, 3), "uint8")
    with pytest.raises(TypeError, match="`layers` must hold augmentation layers"):
        layer([keras.layers.GaussianNoise(0.1)])
    with pytest.raises(ValueError, match="`layers` must hold at least one layer"):
        layer([])
    with pytest.raises(ValueError, match="must keep the size of images"):
        layer([keras.layers.RandomCrop(4, 4)])(images)
    with pytest.raises(ValueError, match="changes labels too"):
        layer([MixedSamples(classes=3)])(images)


def test_probabilities_out_of_range():
    with pytest.raises(ValueError, match=r"`probability` must be a number in \[0, 1\]"):
        RandomApply(keras.layers.RandomFlip(), 1.2)
    with pytest.raises(ValueError, match="`probabilities` must be a number for each layer"):
        RandomChoice([keras.layers.RandomFlip()], [0.5, 0.5])
    with pytest.raises(ValueError, match="one of them above 0"):
        RandomChoice([keras.layers.RandomFlip()], [0])
    with pytest.raises(ValueError, match="`probabilities` must be a number of at least 0"):
        RandomChoice([keras.layers.RandomFlip()], [-1])
