import numpy as np
import pytest

from kerasrecipes.data.splitting.split_assignment import (
    assign_splits,
    check_every_class,
    select_classes,
)

NAMES = ("a", "b")
LABELS = np.arange(100) % 2


def draw(labels, **options):
    defaults = {
        "validation_fraction": 0.1,
        "test_fraction": None,
        "split_seed": 0,
        "examples_per_class": None,
    }
    return assign_splits(labels, NAMES, **(defaults | options))


def test_what_is_drawn_from_train_is_apart_and_has_every_class():
    drawn = draw({"train": LABELS}, test_fraction=0.2)
    assert [origin for origin, _ in drawn.values()] == ["train"] * 3
    assert {split: len(indices) for split, (_, indices) in drawn.items()} == {
        "train": 70,
        "validation": 10,
        "test": 20,
    }
    together = np.concatenate([indices for _, indices in drawn.values()])
    assert sorted(together) == list(range(100))
    for _, indices in drawn.values():
        zeros, ones = np.bincount(LABELS[indices])
        assert zeros == ones


def test_splits_of_its_own_are_kept_whole():
    own = {"train": LABELS, "validation": LABELS[:4], "test": LABELS[:6]}
    drawn = draw(own, test_fraction=0.2, examples_per_class=3)
    assert drawn["train"][0] == "train"
    assert np.bincount(LABELS[drawn["train"][1]]).tolist() == [3, 3]
    for split in ("validation", "test"):
        assert drawn[split][0] == split
        assert drawn[split][1].tolist() == list(range(len(own[split])))


def test_test_does_not_depend_on_the_fraction_for_validation():
    one, other = (
        draw({"train": LABELS}, test_fraction=0.2, validation_fraction=f) for f in (0.1, 0.3)
    )
    np.testing.assert_array_equal(one["test"][1], other["test"][1])


def test_without_a_test_split():
    assert list(draw({"train": LABELS})) == ["train", "validation"]


def test_classes_are_renumbered():
    labels = select_classes(np.array([2, 0, 1, 2]), ("x", "y", "z"), ("z", "x"))
    assert labels.tolist() == [0, 1, -1, 0]
    assert labels.dtype == np.int32


def test_every_class_needs_training_images():
    check_every_class(LABELS, NAMES, "'here'")
    with pytest.raises(ValueError, match="class of 'here' must .* none of class 'b'"):
        check_every_class(np.zeros(5, int), NAMES, "'here'")
