"""Which samples short trainings take."""

import numpy as np
import pytest

from kerasrecipes.diagnostics.facts.given import given_data
from kerasrecipes.diagnostics.trying.neighbour_relation import relation
from kerasrecipes.diagnostics.trying.subset import batch_of, batches_of, subset_of

pytestmark = pytest.mark.backend_neutral
RNG = np.random.default_rng(0)


def test_classes_are_taken_alike():
    y = np.array([0] * 180 + [1] * 15 + [2] * 5)
    given = given_data(np.arange(200.0)[:, None], y)
    chosen = subset_of(given, 9, seed=0)
    assert np.bincount(y[chosen]).tolist() == [3, 3, 3]
    one_hot = given_data(np.arange(200.0)[:, None], np.eye(3)[y])
    assert subset_of(one_hot, 9, seed=0).tolist() == chosen.tolist()
    assert subset_of(given, 9, seed=1).tolist() != chosen.tolist()


def test_samples_are_distinct_and_finite():
    x = np.repeat(np.arange(10.0), 10)[:, None]
    x[3:50:2] = np.nan
    y = RNG.normal(size=100)
    y[60] = np.inf
    chosen = subset_of(given_data(x, y), 20, seed=0)
    assert sorted(x[chosen, 0]) == list(range(10))
    assert 60 not in chosen


def test_where_no_sample_is_finite_all_are_taken():
    given = given_data(np.full((5, 1), np.nan), np.zeros(5))
    assert len(subset_of(given, 3, seed=0)) == 1
    assert len([*batches_of(given, 3, 4, seed=0)]) == 4


def test_batches_take_each_sample_once_before_one_comes_again():
    given = given_data(np.arange(10.0), np.zeros(10))
    batches = [*batches_of(given, 4, 5, seed=0)]
    assert [len(batch) for batch in batches] == [4] * 5
    taken = np.concatenate(batches)
    assert sorted(taken[:10]) == sorted(taken[10:]) == list(range(10))


def test_a_batch_has_the_structure_of_the_data():
    given = given_data({"a": np.arange(5), "b": np.arange(5) * 2}, [np.arange(5), np.arange(5)])
    (x, y) = batch_of(given, np.array([3, 1]))
    assert x["b"].tolist() == [6, 2]
    assert [part.tolist() for part in y] == [[3, 1], [3, 1]]
    assert len(batch_of(given_data(np.arange(5)), np.array([0]))) == 1


def test_the_relation_of_neighbours():
    x = RNG.normal(size=(300, 3))
    y, unrelated = x[:, 0] > 0, RNG.random(300) > 0.5
    assert relation(given_data(x, y)) > 5
    assert abs(relation(given_data(x, unrelated))) < 4
    assert relation(given_data(x, 2 * x[:, 0])) > 5
    assert abs(relation(given_data(x, RNG.normal(size=300)))) < 4


@pytest.mark.parametrize(
    "given",
    [
        given_data(np.zeros((50, 2)), np.zeros(50)),
        given_data(np.zeros((300, 2))),
        given_data([np.zeros((300, 2)), np.zeros((300, 2))], np.zeros(300)),
        given_data(np.zeros((300, 2)), np.zeros(300)),
        given_data(np.zeros((300, 2)), RNG.normal(size=(300, 4, 4))),
    ],
    ids=["few", "no targets", "two inputs", "one class", "images"],
)
def test_where_neighbours_tell_nothing(given):
    assert relation(given) is None
