import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasrecipes.data.splitting.stratified import examples_of_each_class, stratified_split

CLASS_SIZES = st.lists(st.integers(8, 60), min_size=2, max_size=6)
SEEDS = st.integers(0, 2**32)


def shuffled_labels(class_sizes, seed=0):
    labels = np.repeat(np.arange(len(class_sizes)), class_sizes)
    return np.random.default_rng(seed).permutation(labels)


def names(class_sizes):
    return [f"class {index}" for index in range(len(class_sizes))]


@given(CLASS_SIZES, SEEDS, st.floats(0.01, 0.4), st.floats(0.01, 0.4))
@settings(max_examples=100)
def test_parts_are_disjoint_complete_and_stratified(class_sizes, seed, first, second):
    labels = shuffled_labels(class_sizes)
    parts = stratified_split(labels, [first, second], seed, names(class_sizes))
    together = np.concatenate(parts)
    assert sorted(together.tolist()) == list(range(len(labels)))
    for part in parts:
        assert (np.diff(part) > 0).all()
    for part, fraction in zip(parts, [first, second, 1 - first - second], strict=True):
        counts = np.bincount(labels[part], minlength=len(class_sizes))
        assert (counts > 0).all()
        # The rest is off by what both parts before it are.
        bound = 1 if fraction in (first, second) else 2
        assert (np.abs(counts - fraction * np.array(class_sizes)) <= bound).all()


@given(CLASS_SIZES, SEEDS, st.floats(0.01, 0.4), st.floats(0.01, 0.4))
@settings(max_examples=50)
def test_a_part_does_not_depend_on_later_fractions(class_sizes, seed, first, second):
    labels = shuffled_labels(class_sizes)
    one, _ = stratified_split(labels, [first], seed, names(class_sizes))
    two, _, _ = stratified_split(labels, [first, second], seed, names(class_sizes))
    np.testing.assert_array_equal(one, two)


def test_the_draw_stays_the_same_over_versions():
    test, validation, train = stratified_split([0] * 6 + [1] * 6, [0.3, 0.2], 7, ["a", "b"])
    assert (test.tolist(), validation.tolist(), train.tolist()) == (
        [3, 4, 6, 11],
        [0, 10],
        [1, 2, 5, 7, 8, 9],
    )


def test_seeds_draw_differently_and_every_sample_alike():
    labels = np.repeat([0, 1], 10)
    draws = [stratified_split(labels, [0.3], seed, ["a", "b"])[0] for seed in range(500)]
    drawn = np.bincount(np.concatenate(draws), minlength=20) / 500
    # Five standard deviations of a share of 0.3 in 500 draws.
    assert np.abs(drawn - 0.3).max() < 5 * np.sqrt(0.3 * 0.7 / 500)
    assert len({tuple(draw) for draw in draws}) > 450


@pytest.mark.parametrize(
    ("class_sizes", "fractions", "received"),
    [
        ([20, 2], [0.2, 0.1], "2 of class 'class 1'"),
        ([20, 1], [0.2], "1 of class 'class 1'"),
        ([0, 20], [0.2], "0 of class 'class 0'"),
        ([20, 20], [0.5, 0.48], "20 of class 'class 0'"),
    ],
)
def test_too_few_samples(class_sizes, fractions, received):
    labels = shuffled_labels(class_sizes)
    with pytest.raises(ValueError, match=f"Every class must have enough images.*{received}"):
        stratified_split(labels, fractions, 0, names(class_sizes))


def test_three_samples_are_enough_for_three_parts():
    parts = stratified_split([0, 0, 0, 1, 1, 1], [0.01, 0.01], 0, ["a", "b"])
    assert [len(part) for part in parts] == [2, 2, 2]


@given(CLASS_SIZES, SEEDS, st.integers(1, 8))
@settings(max_examples=50)
def test_examples_of_each_class_are_nested(class_sizes, seed, count):
    labels = shuffled_labels(class_sizes)
    larger = examples_of_each_class(labels, count, seed, names(class_sizes))
    assert np.bincount(labels[larger]).tolist() == [count] * len(class_sizes)
    assert len(set(larger)) == len(larger)
    if count > 1:
        smaller = examples_of_each_class(labels, count - 1, seed, names(class_sizes))
        assert set(smaller) < set(larger)


def test_more_examples_than_there_are():
    with pytest.raises(ValueError, match=r"smallest class, 2 of 'b'. Received: .*=3"):
        examples_of_each_class([0, 0, 0, 1, 1], 3, 0, ["a", "b"])
