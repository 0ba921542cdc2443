"""Alternating flips: each image mirrored in every other pass, on every path of batches."""

import keras
import numpy as np
import pytest

from kerasrecipes.data import ArraySplit
from kerasrecipes.data.augment import Augmentation
from kerasrecipes.data.batches import training_batches
from kerasrecipes.data.sample_order import Order
from kerasrecipes.layers import AlternatingFlip, RandomApply, RandomPadCrop

SIZE, BATCH = 22, 8


def split():
    """Images that say which they are and whether they are mirrored."""
    images = np.zeros((SIZE, 2, 3, 1), "uint8")
    images[:, :, 0, 0] = np.arange(SIZE)[:, None] + 1
    return ArraySplit(images, np.arange(SIZE, dtype="int32"))


def seen(epochs, augment=None, seed=5, first_step=0):
    """Returns for each pass whether each image was mirrored."""
    batches = training_batches(
        split(),
        batch_size=BATCH,
        seed=seed,
        steps_per_epoch=3,
        epochs=epochs,
        first_step=first_step,
        augment=augment or [AlternatingFlip()],
    )
    images, labels = [], []
    for x, y in batches:
        images.append(keras.ops.convert_to_numpy(x))
        labels.append(keras.ops.convert_to_numpy(y))
        if len(images) == 3 * len(epochs) - first_step:
            break
    images, labels = np.concatenate(images), np.concatenate(labels)
    assert (images[:, 0, [0, 2], 0].max(axis=1) == labels + 1).all()
    return images[:, 0, 0, 0] == 0, labels


def by_pass(mirrored, labels):
    table = np.zeros((len(labels) // SIZE, SIZE), bool)
    for number in range(len(table)):
        part = slice(number * SIZE, (number + 1) * SIZE)
        table[number, labels[part]] = mirrored[part]
    return table


def test_every_image_is_mirrored_in_every_other_pass():
    table = by_pass(*seen(range(4)))
    np.testing.assert_array_equal(table[0], ~table[1])
    np.testing.assert_array_equal(table[::2], table[[0, 0]])
    np.testing.assert_array_equal(table[1::2], table[[1, 1]])
    assert 4 < table[0].sum() < 18


def test_another_seed_begins_with_others():
    first, second = (by_pass(*seen(range(1), seed=seed)) for seed in (5, 6))
    assert (first != second).any()


def test_a_run_that_is_resumed_goes_on_alternating():
    whole, labels = seen(range(4))
    resumed, rest = seen(range(2, 4), first_step=1)
    np.testing.assert_array_equal(labels[2 * SIZE + BATCH :], rest)
    np.testing.assert_array_equal(whole[2 * SIZE + BATCH :], resumed)


def test_it_alternates_within_other_layers_and_behind_them():
    always = RandomApply([AlternatingFlip()], probability=1.0)
    shifts = RandomPadCrop(padding_pixels=0)
    np.testing.assert_array_equal(
        seen(range(2), [shifts, always])[0], seen(range(2), [AlternatingFlip()])[0]
    )


def test_without_a_pass_it_mirrors_half_of_the_images():
    images = np.zeros((1000, 2, 3, 1), "uint8")
    images[:, :, 0] = 1
    augmentation = Augmentation([AlternatingFlip()])
    received, _ = augmentation.pixels(images, np.zeros(1000, "int32"), np.array([1, 2], "uint32"))
    assert abs((received[:, 0, 0, 0] == 0).mean() - 0.5) < 0.1
    alone = keras.ops.convert_to_numpy(AlternatingFlip(seed=1)(images))
    assert abs((alone[:, 0, 0, 0] == 0).mean() - 0.5) < 0.1


def test_other_layers_draw_what_they_drew_without_it():
    order = Order(SIZE, BATCH, 5)
    assert order.key(4).shape == (2,)
    key = order.key(4)
    longer = np.concatenate([key, order.turns(4)])
    images = split().read(order.indices(4))
    shifts = [RandomPadCrop(padding_pixels=1)]
    labels = np.zeros(len(images), "int32")
    alone, _ = Augmentation(shifts).pixels(images, labels, key)
    beside, _ = Augmentation(shifts).pixels(images, labels, longer)
    np.testing.assert_array_equal(alone, beside)


@pytest.mark.parametrize("step", [0, 2, 3, 7])
def test_turns_go_up_by_one_with_each_pass(step):
    order = Order(SIZE, BATCH, 5)
    later = dict(zip(order.indices(step), order.turns(step), strict=True))
    number = step // 3
    first = {}
    for early in range(3):
        first.update(zip(order.indices(early), order.turns(early), strict=True))
    assert all(turn == first[index] + number for index, turn in later.items())
