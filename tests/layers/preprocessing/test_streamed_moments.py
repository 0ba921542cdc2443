import numpy as np
import pytest

from kerasrecipes.layers.preprocessing.streamed_moments import StreamedMoments


def moments_of(samples, covariance=True, batches=7):
    moments = StreamedMoments(covariance)
    for batch in np.array_split(samples, batches):
        moments.add(batch)
    return moments


def test_moments_equal_those_of_all_samples_together():
    samples = np.random.default_rng(0).normal(3, 2, (101, 5)) @ np.triu(np.ones((5, 5)))
    moments = moments_of(samples)
    assert moments.samples == 101
    np.testing.assert_allclose(moments.mean, samples.mean(0), rtol=1e-12)
    np.testing.assert_allclose(moments.covariance, np.cov(samples.T, bias=True), rtol=1e-10)
    np.testing.assert_allclose(moments.variance, samples.var(0), rtol=1e-10)
    variances = moments_of(samples, covariance=False)
    np.testing.assert_allclose(variances.variance, samples.var(0), rtol=1e-10)


@pytest.mark.parametrize("covariance", [False, True])
def test_a_mean_that_is_large_beside_the_deviation_costs_no_digits(covariance):
    """Sums of squares around zero would have a rounding error of 1e12 * 1e-16 = 1e-4."""
    deviations = np.random.default_rng(0).normal(0, 1e-3, (1000, 2))
    samples = 1e6 + deviations
    variance = moments_of(samples, covariance).variance
    np.testing.assert_allclose(variance, samples.var(0), rtol=1e-9)
    np.testing.assert_allclose(variance, deviations.var(0), rtol=1e-3)


def test_a_constant_has_no_variance_rather_than_a_negative_one():
    assert (moments_of(np.full((50, 3), 0.1), covariance=False).variance == 0).all()


def test_an_empty_batch_adds_nothing():
    moments = moments_of(np.ones((4, 2)))
    moments.add(np.ones((0, 2)))
    assert moments.samples == 4


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match="must be finite"):
        StreamedMoments().add(np.array([[1.0, value]]))


def test_samples_of_another_width_are_refused():
    with pytest.raises(ValueError, match="must have 2 features. Received: 3"):
        moments_of(np.ones((4, 2))).add(np.ones((4, 3)))
