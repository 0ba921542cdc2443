import keras_tuner
import numpy as np
import pytest

from kerasrecipes.tuning.planning.region import narrowed, whole
from kerasrecipes.tuning.planning.unit_cube import UnitCube


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


@pytest.mark.parametrize(("best", "end"), [(0.0, "low"), (1.0, "high")])
def test_best_values_at_a_bound_are_recorded_and_widen_a_range_that_may_be(points, best, end):
    scores = -((points[:, 0] - best) ** 2)
    assert narrowed(whole(_cube()), points, scores).at_bounds["rate"] == end
    closed = narrowed(whole(_cube()), points, scores)
    assert closed.low[0] >= 0
    assert closed.high[0] <= 1
    wide = narrowed(whole(_cube(["rate"])), points, scores)
    assert wide.low[0] < 0 if end == "low" else wide.high[0] > 1


def test_an_option_that_is_significantly_worse_is_dropped(points):
    kind = np.floor(points[:, 2] * 2)
    noise = np.random.default_rng(1).normal(size=80)
    assert narrowed(whole(_cube()), points, 2 * kind + noise).options[2] == (1,)
    assert narrowed(whole(_cube()), points, noise).options[2] == (0, 1)
    dropped = narrowed(whole(_cube()), points, 2 * kind + noise)
    assert set(dropped.sample(50, np.random.default_rng(0))[:, 2]) == {0.75}


def test_failed_trials_leave_a_finite_region(points):
    scores = np.full(80, -np.inf)
    region = narrowed(whole(_cube()), points, scores)
    assert np.all(np.isfinite(region.low))
