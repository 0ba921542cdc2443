import numpy as np
import pytest
from scipy import stats

from kerasrecipes.base.intervals import Mean, accuracy_error, holm, wilson_interval


def test_wilson_interval_is_the_formula():
    z = 1.959963984540054
    p, n = 17 / 25, 25
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert wilson_interval(17, 25) == pytest.approx((centre - half, centre + half), abs=1e-12)


@pytest.mark.parametrize("errors", [np.nan, [9.0] * 4])
def test_a_mean_has_students_interval_and_p_value(errors):
    sample = [0.02, -0.01, 0.03, 0.025]
    found, reference = Mean.of(sample, errors), stats.ttest_1samp(sample, 0)
    interval = reference.confidence_interval(0.95)
    np.testing.assert_allclose([found.low, found.high], interval, rtol=1e-12)
    assert found.p_value == pytest.approx(reference.pvalue, rel=1e-12)
    assert (found.n, found.standard_deviation) == (4, pytest.approx(stats.tstd(sample)))


def test_equal_values_have_the_interval_of_their_own_errors():
    # The rounding of float32 makes no two equal scores different.
    found = Mean.of([0.02, 0.02 + 6e-8], errors=[0.03, 0.04])
    reference = stats.norm(found.mean, 0.025)
    assert (found.low, found.high) == pytest.approx(reference.interval(0.95))
    assert found.p_value == pytest.approx(2 * reference.cdf(0))
    assert (found.n, found.mean, found.standard_deviation) == (2, pytest.approx(0.02, rel=1e-5), 0)


def test_equal_values_of_unknown_error_have_no_interval():
    assert Mean.of([0.02, 0.02]) == Mean(2, 0.02, 0.0)
    assert (Mean.of([]), Mean.of([0.5], [0.1])) == (Mean(0), Mean(1, 0.5))


@pytest.mark.parametrize(("successes", "n"), [(0, 20), (17, 25), (30, 30)])
def test_an_accuracys_error_is_that_of_wilsons_interval(successes, n):
    low, high = wilson_interval(successes, n)
    expected = (high - low) / (2 * stats.norm.ppf(0.975))
    assert accuracy_error(successes / n, n) == pytest.approx(expected, rel=1e-12)


def test_holms_p_values_are_those_of_his_procedure():
    # By hand: 4 x 0.005, 3 x 0.01, 2 x 0.03, and 1 x 0.04, which is raised to the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


# Equally good models: the share of right images, and how many images and seeds there are.
@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize(("images", "accuracy"), [(100, 0.9), (100, 0.97), (359, 0.975)])
def test_intervals_cover_the_difference_of_equal_models(images, accuracy, n):
    """By Student's interval alone, 9.1% exclude 0 with two seeds, 100 images and 97% right."""
    draws, sweeps = np.random.default_rng(0), 2000
    scores = draws.binomial(images, accuracy, (sweeps, 2, n)) / images
    wrong = 0
    for first, second in scores:
        errors = [[accuracy_error(score, images) for score in each] for each in (first, second)]
        mean = Mean.of(second - first, np.hypot(*errors))
        assert mean.low < mean.high
        assert (mean.p_value < 0.05) == (not mean.low <= 0 <= mean.high)
        wrong += mean.p_value < 0.05
    # At most 5%, and three standard errors of a share of all sweeps.
    assert wrong / sweeps < 0.05 + 3 * np.sqrt(0.05 * 0.95 / sweeps)


def test_a_mean_does_not_change():
    with pytest.raises(AttributeError):
        Mean.of([0.1, 0.2]).mean = 0.5
