import numpy as np
import pytest

from kerasrecipes.data import EffectiveNumberSampling, GivenShares, PowerSampling
from kerasrecipes.data.balancing.effective_sample_numbers import (
    effective_number_weights,
    effective_numbers,
)

pytestmark = pytest.mark.backend_neutral

NAMES = ["a", "b", "c"]
LABELS = np.repeat([0, 1], [30, 10])


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 0.5, 1.0, 300.0])
def test_powers_of_the_counts(exponent):
    counts = np.array([5000, 500, 50])
    expected = (counts / 5000.0) ** exponent
    np.testing.assert_allclose(
        PowerSampling(exponent).class_shares(counts, NAMES), expected / expected.sum(), rtol=1e-12
    )


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.9999, 1 - 1e-13])
def test_effective_numbers_are_the_sum_of_the_series(beta):
    counts = np.array([1, 7, 3000])
    series = [sum(beta**k for k in range(n)) for n in counts]
    np.testing.assert_allclose(effective_numbers(counts, beta), series, rtol=1e-9)
    weights = effective_number_weights(counts, beta)
    np.testing.assert_allclose(weights * series, weights[0] * series[0], rtol=1e-9)
    assert weights.mean() == pytest.approx(1)
    # Drawing by these shares gives each class the weight that the loss would give it.
    drawn = EffectiveNumberSampling(beta).class_shares(counts, NAMES)
    weighted = weights * counts / np.sum(weights * counts)
    np.testing.assert_allclose(drawn, weighted, rtol=1e-9)


def test_a_hundred_classes_and_two():
    many = PowerSampling(0).on(np.arange(100), [str(label) for label in range(100)])
    np.testing.assert_allclose(many.shares, 0.01)
    assert GivenShares({"a": 1, "b": 0}).on(LABELS, ["a", "b"]).shares == (1, 0)


@pytest.mark.parametrize(
    ("sampling", "labels", "message"),
    [
        (lambda: PowerSampling(0), LABELS, "none of 'c'"),
        (lambda: EffectiveNumberSampling(), LABELS, "none of 'c'"),
        (lambda: PowerSampling(0), np.eye(3)[LABELS], "soft labels"),
        (lambda: PowerSampling(0), LABELS / 1.0, "soft labels"),
        (lambda: GivenShares({"a": 0.5, "b": 0.6}), LABELS, r"sum to 1.*'a': 0.4545"),
        (lambda: GivenShares({"a": 0.5, "b": 0.5}), LABELS, "none for 'c'"),
        (lambda: GivenShares({"a": 0.5, "bb": 0.5}), LABELS, "unknown class 'bb'.*'b'"),
        (lambda: GivenShares({"a": 1.5, "b": -0.5}), LABELS, "shares.b"),
        (lambda: EffectiveNumberSampling(1.0), LABELS, r"beta.*\[0, 1\)"),
        (lambda: PowerSampling(0, start_steps=-1), LABELS, "start_steps"),
    ],
)
def test_what_cannot_be_drawn_is_said(sampling, labels, message):
    with pytest.raises(ValueError, match=message):
        sampling().on(labels, NAMES)
