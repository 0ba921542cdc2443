"""Statistics of arrays of samples."""

import numpy as np
import pytest

from kerasrecipes.diagnostics.facts.value_statistics import value_facts

pytestmark = pytest.mark.backend_neutral


def test_a_table():
    facts = value_facts(np.array([[1.0, 4.0], [3.0, 4.0], [3.0, 4.0], [np.nan, np.inf]]))
    assert (facts.shape, facts.dtype, facts.samples) == ((2,), "float64", 4)
    assert (facts.minimum, facts.maximum) == (1, 4)
    assert facts.mean == pytest.approx(19 / 6)
    assert facts.std == pytest.approx(np.std([1, 3, 3, 4, 4, 4]))
    assert facts.finite_fraction == 0.75
    assert facts.column_means == pytest.approx((7 / 3, 4))
    assert facts.column_stds == pytest.approx((np.std([1, 3, 3]), 0))
    assert (facts.column_minima, facts.column_maxima) == ((1, 4), (3, 4))
    assert (facts.distinct, facts.distinct_samples) == (3, 3)
    assert facts.row_sums == (5, 7)
    assert (facts.integers, facts.class_counts, facts.same_neighbours) == (True, None, None)


@pytest.mark.parametrize(
    ("array", "counts", "same"),
    [
        ([0, 0, 2, 2], (2, 0, 2), 2 / 3),
        ([[1.0], [0.0], [1.0]], (1, 2), 0),
        ([True, True, False], (1, 2), 0.5),
        (np.eye(3)[[2, 2, 0]], (1, 0, 2), 0.5),
        ([-1, 1, 1], None, None),
        ([0.5, 1.0], None, None),
        ([[1, 1], [0, 1]], None, None),
        ([0, 1001], None, None),
        ([0.0, np.nan], None, None),
    ],
)
def test_classes(array, counts, same):
    facts = value_facts(np.array(array))
    assert facts.class_counts == counts
    assert facts.same_neighbours == (None if same is None else pytest.approx(same))


def test_what_are_no_numbers():
    assert value_facts(np.array(["a", "b"])).mean is None
    assert value_facts(np.array([None, "b"], object)).mean is None
    assert value_facts(np.array([1, 2.5], object)).mean == 1.75
    assert value_facts(np.zeros((0, 3))).minimum is None
    assert value_facts(np.full(3, np.nan)).maximum is None


def test_large_arrays_are_looked_at_in_part():
    array = np.zeros((20_001, 300), "uint8")
    array[1:, 3] = 7
    facts = value_facts(array)
    assert facts.samples == 10_000
    assert len(facts.column_means) == 256
    assert facts.maximum == 7
    labels = np.zeros(50_001, int)
    labels[-2] = 5
    assert value_facts(labels).class_counts == (50_000, 0, 0, 0, 0, 1)
