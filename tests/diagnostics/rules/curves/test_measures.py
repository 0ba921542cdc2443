"""Noise, trends and denominators against what series were made with."""

import numpy as np
import pytest

from kerasrecipes.diagnostics.rules.curves.measures import (
    denominator,
    descent,
    end,
    noise,
    second_half,
    trend,
)


@pytest.mark.parametrize("deviation", [0.003, 0.1])
def test_noise_is_the_standard_deviation_about_a_decay(deviation):
    epochs = np.arange(400)
    drawn = np.random.default_rng(0).normal(0, deviation, 400)
    decay = 2 * np.exp(-epochs / 40)
    assert noise(decay + drawn) == pytest.approx(drawn.std(), rel=0.12)
    # One epoch in 20 that is thrown far off does not count.
    thrown = np.where(epochs % 20 == 0, 5.0, 0.0)
    assert noise(decay + drawn + thrown) == pytest.approx(drawn.std(), rel=0.5)


def test_noise_of_what_has_none():
    assert noise(np.linspace(3, 1, 30)) == pytest.approx(0, abs=1e-12)
    assert noise(np.array([1.0, 9.0])) == 0


def test_a_trend_is_found_in_noise_and_not_in_noise_alone():
    rng = np.random.default_rng(1)
    flat = [trend(rng.normal(size=20)) for _ in range(400)]
    assert np.mean([t != 0 for t in flat]) < 0.03
    falling = [trend(-0.3 * np.arange(20) + rng.normal(size=20)) for _ in range(100)]
    assert np.mean([t < 0 for t in falling]) > 0.95


@pytest.mark.parametrize("values", [[1.0], [2.0, 2.0], [3, 1, 2], [1, 2, 3, 5, 4]])
def test_few_values_have_a_trend_only_if_all_are_in_order(values):
    assert trend(np.array(values, float)) == 0
    assert trend(np.arange(3.0)) == pytest.approx(1)


def test_descent_is_the_nearest_series_that_falls():
    rng = np.random.default_rng(2)
    values = np.linspace(1, 0, 20) + rng.normal(0, 0.2, 20)
    found = descent(values)
    assert (np.diff(found) <= 1e-12).all()
    for _ in range(20):  # No other that falls is nearer.
        other = np.sort(found + rng.normal(0, 0.05, 20))[::-1]
        assert np.sum((values - found) ** 2) <= np.sum((values - other) ** 2)


def test_ends():
    assert end(np.arange(100.0)) == 89.5
    assert end(np.array([5.0, 1.0, 3.0])) == 3
    assert list(second_half(np.arange(10))) == [5, 6, 7, 8, 9]
    assert len(second_half(np.arange(5))) == 4


@pytest.mark.parametrize("samples", [6, 10, 24, 97])
def test_the_number_of_samples_is_in_the_steps_of_their_shares(samples):
    counts = np.array([samples // 2, samples // 2 + 1, samples - 1])
    assert denominator(np.float32(counts / samples).astype(float), 100) == samples
    assert denominator(np.round(counts / samples, 4), 100) == samples


def test_shares_that_tell_no_number():
    assert denominator(np.array([0.1231, 0.4567]), 100) is None  # Of 10,000.
    assert denominator(np.array([0.12, 0.99]), 100) is None  # Rounded to two decimals.
