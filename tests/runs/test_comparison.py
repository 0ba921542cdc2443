from math import comb

import numpy as np
import pytest

from kerasrecipes.runs.comparison import NOT_SET, McNemar, differing_options, mcnemar
from kerasrecipes.training.run import Run
from tests.digits_run import digits_run


@pytest.mark.parametrize(("only_first", "only_second"), [(1, 9), (9, 1), (0, 4), (12, 15), (3, 3)])
def test_p_value_is_the_two_sided_binomial_tail(only_first, only_second):
    n, extreme = only_first + only_second, max(only_first, only_second)
    tail = sum(comb(n, k) for k in range(extreme, n + 1)) / 2**n
    test = McNemar("test", 100, only_first, only_second)
    assert test.p_value == pytest.approx(min(1.0, 2 * tail))


def test_runs_that_never_disagree_have_nothing_to_test():
    assert McNemar("test", 100, 0, 0).p_value == 1.0
    run = digits_run()
    same = mcnemar(run, run)
    assert (same.only_first, same.only_second, same.difference) == (0, 0, 0.0)


def test_cells_are_counted_on_the_test_images():
    first, second = digits_run(), digits_run(seed=1)
    right = [
        run.predictions["test_probabilities"].argmax(-1) == run.predictions["test_labels"]
        for run in (first, second)
    ]
    test = mcnemar(first, second)
    assert (test.split, test.n) == ("test", 359)
    assert test.only_first == sum(a and not b for a, b in zip(*right, strict=True))
    assert test.only_second == sum(b and not a for a, b in zip(*right, strict=True))
    assert test.difference == pytest.approx(np.mean(right[1]) - np.mean(right[0]))


def test_other_data_are_not_compared():
    with pytest.raises(ValueError, match="only on the same data. Received: data with the hashes"):
        mcnemar(digits_run(), digits_run(data__classes=(0, 1, 2)))


def without(run, *splits):
    """Returns the run without its predictions on some splits."""
    other = Run(run.folder)
    kept = {k: v for k, v in run.predictions.items() if not k.startswith(splits)}
    vars(other)["predictions"] = kept
    return other


def test_runs_are_compared_on_a_split_that_both_predict():
    run = digits_run()
    assert mcnemar(without(run, "test"), run).split == "validation"
    with pytest.raises(ValueError, match="predictions on the same split.*'test'.*'validation'"):
        mcnemar(without(run, "validation"), without(run, "test"))
    other = without(run)
    other.predictions["test_labels"] = run.predictions["test_labels"][::-1]
    with pytest.raises(ValueError, match="same images. Received: test splits whose labels differ"):
        mcnemar(run, other)


def test_only_what_differs_is_listed():
    runs = [digits_run(), digits_run(seed=1), digits_run(data__classes=(0, 1, 2))]
    assert differing_options(runs) == {
        "seed": [0, 1, 0],
        "data.classes": [NOT_SET, NOT_SET, [0, 1, 2]],
    }
    assert differing_options(runs[:1] * 2) == {}
