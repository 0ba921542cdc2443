import numpy as np
import pytest
from scipy.integrate import quad

from kerasrecipes.tuning.planning.surrogate import Surrogate, _Level, winsorized

pytestmark = pytest.mark.backend_neutral


def _level(features, shift):
    return -((features[:, 0] - 0.3 - shift) ** 2) - 0.1 * features[:, 1]


def test_short_trials_tell_where_the_best_of_long_ones_are():
    rng = np.random.default_rng(0)
    features = rng.random((40, 3))
    scores = np.full((40, 2), np.nan)
    scores[:, 0] = _level(features, 0) + 0.003 * rng.normal(size=40)
    scores[:6, 1] = 0.5 + 2 * _level(features[:6], 0)
    model = Surrogate([3, 27]).fit(features, scores)
    unseen = rng.random((200, 3))
    mean, deviation = model.predict(unseen, 27)
    truth = 0.5 + 2 * _level(unseen, 0)
    assert np.corrcoef(mean, truth)[0, 1] > 0.9
    # Bad scores are raised to a floor, and not told apart.
    good = truth > np.median(truth)
    assert np.mean(np.abs(mean - truth)[good] < 3 * deviation[good]) > 0.8
    short, _ = model.predict(unseen, 3)
    assert np.abs(short - _level(unseen, 0)).mean() < 0.05


def test_a_model_that_is_fitted_again_forgets_what_it_was_fitted_on():
    features = np.random.default_rng(0).random((20, 2))
    model, scores = Surrogate([1]), _level(features, 0)[:, None]
    before = model.fit(features, scores).predict(features, 1)[0]
    after = model.fit(features, 3 + 2 * scores).predict(features, 1)[0]
    assert len(model.levels) == 1
    np.testing.assert_allclose(after, 3 + 2 * before, rtol=1e-3)


def test_without_long_trials_the_short_ones_serve():
    features = np.random.default_rng(0).random((20, 2))
    scores = np.column_stack([_level(features, 0), np.full(20, np.nan)])
    model = Surrogate([3, 27]).fit(features, scores)
    np.testing.assert_array_equal(model.predict(features, 27)[0], model.predict(features, 3)[0])


def test_improvement_is_the_logarithm_of_what_is_expected():
    features = np.random.default_rng(0).random((20, 2))
    model = Surrogate([1]).fit(features, _level(features, 0)[:, None])
    points = np.random.default_rng(1).random((5, 2))
    mean, deviation = model.predict(points, 1)
    draws = np.random.default_rng(2).normal(mean, deviation, (400_000, 5))
    best = float(np.median(mean))
    expected = np.maximum(draws - best, 0).mean(0)
    improvement = np.exp(model.improvement(points, 1, best))
    # The draws cannot estimate an improvement that occurs once in a million of them.
    likely = expected > 0.01 * deviation
    assert likely.any()
    np.testing.assert_allclose(improvement[likely], expected[likely], rtol=0.05)
    far = model.improvement(points, 1, best + 40 * deviation.max())
    assert np.all(np.isfinite(far))


def improvement_at(z, monkeypatch):
    """Returns the logarithm of the expected improvement of a score with mean `z`, deviation 1."""
    model = Surrogate([1])
    monkeypatch.setattr(model, "predict", lambda features, length: (z, np.ones(len(z))))
    return model.improvement(np.zeros((len(z), 1)), 1, 0.0)


def test_improvement_equals_the_integral_that_defines_it(monkeypatch):
    z = np.array([-30.0, -8.0, -5.01, -5.0, -4.99, -1.0, 0.0, 2.0])
    # The density is divided by exp(-z**2 / 2), which no float could hold for z = -30.
    integrals = [quad(lambda u, z=z: u * np.exp(z * u - u * u / 2), 0, 60)[0] for z in z]
    expected = np.log(integrals) - z**2 / 2 - np.log(2 * np.pi) / 2
    np.testing.assert_allclose(improvement_at(z, monkeypatch), expected, rtol=1e-9)


def test_improvement_rises_with_the_mean(monkeypatch):
    around = [c + np.linspace(-0.01, 0.01, 201) for c in (-1e4, -1e3, -40, -5, -1, 0, 4)]
    rises = np.diff(improvement_at(np.concatenate(around), monkeypatch))
    assert np.all(rises > 0)


def test_bad_and_failed_trials_are_winsorized():
    scores = np.array([0.9, 0.8, 0.85, 0.1, -np.inf, 0.82])
    # As far below the median, 0.82, as the best is above it.
    np.testing.assert_allclose(winsorized(scores), [0.9, 0.8, 0.85, 0.74, 0.74, 0.82])
    # The quartile, which is lower.
    np.testing.assert_allclose(
        winsorized(np.array([0.5, 0.1, 0.52, -np.inf])), [0.5, 0.3, 0.52, 0.3]
    )
    assert list(winsorized(np.array([-np.inf, -np.inf]))) == [0, 0]


def test_trials_that_all_failed_leave_nothing_to_predict():
    model = Surrogate([1]).fit(np.random.default_rng(0).random((6, 2)), np.full((6, 1), -np.inf))
    mean, _ = model.predict(np.zeros((2, 2)), 1)
    assert mean == pytest.approx([0, 0], abs=1e-5)


def test_means_and_variances_go_from_length_to_length_by_the_slope():
    class Constant:
        def predict(self, features, return_std):
            return np.full(len(features), 0.5), np.full(len(features), 0.2)

    model = Surrogate([1, 3])
    model.levels = [_Level(Constant(), 0.0, 1.0, 2.0), _Level(Constant(), 3.0, -1.0, 0.5)]
    # 1 + 2 x 0.5 and 2 x 0.2; then 3 x 2 - 1 + 0.5 x 0.5 and the root of 9 x 0.16 + 0.01.
    for length, mean, deviation in ((1, 2.0, 0.4), (3, 5.25, 1.45**0.5)):
        found = model.predict(np.zeros((2, 1)), length)
        np.testing.assert_allclose(found, [[mean] * 2, [deviation] * 2])
