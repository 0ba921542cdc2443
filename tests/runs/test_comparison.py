from math import comb

import numpy as np
import pytest

from kerasrecipes.runs.comparison import NOT_SET, McNemar, differing_options, mcnemar
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
    with pytest.raises(ValueError, match="their data differ"):
        mcnemar(digits_run(), digits_run(data__classes=(0, 1, 2)))


def test_only_what_differs_is_listed():
    runs = [digits_run(), digits_run(seed=1), digits_run(data__classes=(0, 1, 2))]
    assert differing_options(runs) == {
        "seed": [0, 1, 0],
        "data.classes": [NOT_SET, NOT_SET, [0, 1, 2]],
    }
    assert differing_options(runs[:1] * 2) == {}
