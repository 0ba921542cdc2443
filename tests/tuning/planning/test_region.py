from dataclasses import replace

import keras_tuner
import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from kerasrecipes.tuning.planning.region import BOUND_FRACTION, Region, narrowed, whole
from kerasrecipes.tuning.planning.unit_cube import UnitCube

pytestmark = pytest.mark.backend_neutral


def _cube(widened=()):
    hps = keras_tuner.HyperParameters()
    hps.Float("rate", 0.0, 1.0)
    hps.Float("other", 0.0, 1.0)
    hps.Choice("kind", ["a", "b"])
    return UnitCube(hps.space, widened)


@pytest.fixture
def points():
    return _cube().snapped(np.random.default_rng(0).random((80, 3)))


def test_the_region_is_half_as_wide_and_around_the_best(points):
    scores = -((points[:, 0] - 0.6) ** 2)
    region = narrowed(whole(_cube()), points, scores)
    assert region.high[0] - region.low[0] == pytest.approx(0.5, abs=0.01)
    assert region.low[0] < 0.6 < region.high[0]
    assert (region.low[1], region.high[1]) == (0.0, 1.0) or region.high[1] - region.low[1] > 0.7
    again = narrowed(region, points, scores)
    assert again.high[0] - again.low[0] < region.high[0] - region.low[0]


def test_one_lucky_trial_does_not_move_the_region(points):
    scores = -((points[:, 0] - 0.6) ** 2)
    lucky = scores.copy()
    lucky[np.argmin(points[:, 0])] = 1.0
    plain, other = (narrowed(whole(_cube()), points, s) for s in (scores, lucky))
    np.testing.assert_allclose(plain.low, other.low, atol=0.05)


def test_best_trials_all_over_a_region_leave_a_tenth_of_its_width_as_margins():
    before = replace(whole(_cube()), low=np.array([0.25, 0, 0]), high=np.array([0.75, 1, 1]))
    points = np.column_stack([np.linspace(0.3, 0.7, 5), np.full(5, 0.5), np.full(5, 0.25)])
    region = narrowed(before, points, np.zeros(5))
    # Quantiles of 0.34 and 0.66 are farther apart than half of the width.
    assert (region.low[0], region.high[0]) == pytest.approx((0.34 - 0.025, 0.66 + 0.025))


@pytest.mark.parametrize(("best", "end"), [(0.0, "low"), (1.0, "high")])
def test_best_values_at_a_bound_are_recorded_and_widen_a_range_that_may_be(points, best, end):
    scores = -((points[:, 0] - best) ** 2)
    assert narrowed(whole(_cube()), points, scores).at_bounds["rate"] == end
    closed = narrowed(whole(_cube()), points, scores)
    assert closed.low[0] >= 0
    assert closed.high[0] <= 1
    wide = narrowed(whole(_cube(["rate"])), points, scores)
    assert wide.low[0] < 0 if end == "low" else wide.high[0] > 1


@pytest.mark.parametrize("median", [BOUND_FRACTION, 1 - BOUND_FRACTION])
def test_a_median_at_the_end_of_the_fraction_is_not_at_the_bound(points, median):
    points[:, 0] = median
    assert "rate" not in narrowed(whole(_cube()), points, np.zeros(80)).at_bounds


def test_an_option_that_is_significantly_worse_is_dropped(points):
    kind = np.floor(points[:, 2] * 2)
    noise = np.random.default_rng(1).normal(size=80)
    assert narrowed(whole(_cube()), points, 2 * kind + noise).options[2] == (1,)
    assert narrowed(whole(_cube()), points, noise).options[2] == (0, 1)
    dropped = narrowed(whole(_cube()), points, 2 * kind + noise)
    # Options have no bounds, and a range of places means nothing for them.
    assert "kind" not in dropped.at_bounds
    assert (dropped.low[2], dropped.high[2]) == (0.0, 1.0)
    assert set(dropped.sample(50, np.random.default_rng(0))[:, 2]) == {0.75}


def test_failed_trials_leave_a_finite_region(points):
    scores = np.full(80, -np.inf)
    region = narrowed(whole(_cube()), points, scores)
    assert np.all(np.isfinite(region.low))
    np.testing.assert_array_equal(region.low, [0, 0, 0])
    np.testing.assert_array_equal(region.high, [1, 1, 1])


def test_failed_trials_are_never_among_the_best():
    """Of twenty trials, six did not fail: these alone make the region."""
    good = np.array([0.60, 0.62, 0.64, 0.66, 0.68, 0.70])
    points = np.column_stack([[*np.linspace(0.0, 0.1, 14), *good], np.full(20, 0.5)])
    points = np.column_stack([points, np.full(20, 0.25)])
    region = narrowed(whole(_cube()), points, np.array([-np.inf] * 14 + [0.5] * 6))
    # The five best span 0.608 to 0.672 in quantiles; the margins make that a width of 0.5.
    assert (region.low[0], region.high[0]) == pytest.approx((0.39, 0.89))


def test_fewer_good_trials_than_five_leave_ranges_as_they_are(points):
    scores = np.full(80, -np.inf)
    scores[:4] = 0.5
    before = Region(_cube(), np.full(3, 0.2), np.full(3, 0.9), (None, None, (0, 1)), {})
    region = narrowed(before, points, scores)
    np.testing.assert_array_equal(region.low, before.low)
    np.testing.assert_array_equal(region.high, before.high)


@pytest.mark.parametrize(
    ("best", "span"),
    [
        ([0.3, 0.4, 0.5, 0.6, 0.7], (0.25, 0.75)),  # Half as wide as before.
        ([0.1, 0.3, 0.5, 0.7, 0.9], (0.13, 0.87)),  # A margin of a twentieth on both sides.
        ([0.0, 0.1, 0.2, 0.3, 0.4], (0.0, 0.5)),  # Shifted up to the lowest place.
        ([0.6, 0.7, 0.8, 0.9, 1.0], (0.5, 1.0)),  # Shifted down to the highest.
        ([0.0, 0.0, 0.5, 1.0, 1.0], (0.0, 1.0)),  # Cut off where it does not fit.
    ],
)
def test_the_bounds_are_those_of_the_definition(best, span):
    points = np.column_stack([[*best, *[np.nan] * 3], np.full(8, 0.5), np.full(8, 0.25)])
    scores = np.array([1.0] * 5 + [0.1] * 3)
    region = narrowed(whole(_cube()), points, scores)
    assert (region.low[0], region.high[0]) == pytest.approx(span)


@pytest.mark.parametrize(
    ("middle", "end"), [(0.11, "low"), (0.13, None), (0.87, None), (0.89, "high")]
)
def test_best_values_lie_at_a_bound_within_an_eighth_of_the_width(middle, end):
    points = np.tile([middle, 0.5, 0.25], (5, 1))
    assert narrowed(whole(_cube()), points, np.ones(5)).at_bounds.get("rate") == end
    half = Region(_cube(), np.full(3, 0.0), np.full(3, 0.5), (None, None, (0, 1)), {})
    points[:, 0] /= 2
    assert narrowed(half, points, np.ones(5)).at_bounds.get("rate") == end


def test_an_option_of_few_trials_is_not_judged():
    """Three bad trials are too few to drop an option; four are enough."""
    for bad, left in ((3, (0, 1)), (4, (1,))):
        kind = np.array([0.25] * bad + [0.75] * 20)
        points = np.column_stack([np.full((len(kind), 2), 0.5), kind])
        scores = np.where(kind < 0.5, 0.0, 1.0)
        assert narrowed(whole(_cube()), points, scores).options[2] == left


@pytest.mark.parametrize("index", [0, 1])
def test_best_trials_without_a_hyperparameter_do_not_count_for_its_range(index):
    """Seven of 28 trials are the best, and five of them have a value."""
    points = np.tile([0.5, 0.5, 0.25], (28, 1))
    points[:, index] = [0.3, np.nan, 0.4, 0.5, np.nan, 0.6, 0.7, *[0.9] * 21]
    region = narrowed(whole(_cube()), points, np.array([1.0] * 7 + [0.1] * 21))
    assert (region.low[index], region.high[index]) == pytest.approx((0.25, 0.75))


def _options_left(scores_by_kind):
    """Returns the options that remain; a kind of `nan` is that of trials without it."""
    kind = np.concatenate([[k] * len(scores) for k, scores in scores_by_kind])
    points = np.column_stack([np.full((len(kind), 2), 0.5), kind])
    scores = np.concatenate([scores for _, scores in scores_by_kind])
    return narrowed(whole(_cube()), points, scores).options[2]


def test_one_lucky_trial_does_not_make_an_option_the_best():
    lucky = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9]
    assert _options_left([(0.25, lucky), (0.75, [0.8] * 10)]) == (1,)


def test_trials_without_a_hyperparameter_do_not_count_for_its_options():
    good = list(np.linspace(0.8, 0.9, 6))
    assert _options_left([(0.25, good), (0.75, good), (np.nan, [0.1] * 20)]) == (0, 1)


def test_an_option_is_tested_on_one_side():
    """By the ranks, the first option is as bad or worse by chance in 3.2% of all orders."""
    bad, good = [1, 2, 4, 5], [3, 6, 7, 8, 9]
    assert mannwhitneyu(bad, good, alternative="less").pvalue == pytest.approx(0.0318, abs=1e-3)
    assert _options_left([(0.25, bad), (0.75, good)]) == (1,)
