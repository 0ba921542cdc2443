import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.recipe.run_length import RunLength
from kerasrecipes.recipe.spec import use
from kerasrecipes.schedules import exponential_decay, inverse_time_decay, percent_decay

STEPS = np.array([0, 1, 7, 100, 1000, 100_000])


def values(schedule):
    return ops.convert_to_numpy(schedule(ops.convert_to_tensor(STEPS.astype("int32"))))


@pytest.mark.parametrize("k", [1e-4, 0.05, 2.0])
@pytest.mark.parametrize("period_steps", [1, 40])
def test_exponential_decay(k, period_steps):
    expected = 0.1 * np.exp(-k * STEPS / period_steps)
    received = values(exponential_decay(0.1, k, period_steps))
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-30)


def test_a_rate_near_1_would_lose_digits():
    plain = keras.optimizers.schedules.ExponentialDecay(0.1, 1, float(np.exp(-1e-4)))
    expected = 0.1 * np.exp(-1e-4 * STEPS)
    assert abs(values(plain) / expected - 1).max() > 1e-4
    assert abs(values(exponential_decay(0.1, 1e-4)) / expected - 1).max() < 2e-6


@pytest.mark.parametrize("percent", [0.01, 5, 50])
@pytest.mark.parametrize("period_steps", [1, 40])
def test_percent_decay(percent, period_steps):
    expected = 0.1 * (1 - percent / 100) ** (STEPS / period_steps)
    received = values(percent_decay(0.1, percent, period_steps))
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize("k", [1e-4, 0.05, 2.0])
@pytest.mark.parametrize("period_steps", [1, 40])
def test_inverse_time_decay(k, period_steps):
    expected = 0.1 / (1 + k * STEPS / period_steps)
    np.testing.assert_allclose(
        values(inverse_time_decay(0.1, k, period_steps)), expected, rtol=1e-6
    )


def test_in_a_recipe_time_may_count_epochs():
    spec = use("percent_decay", initial_learning_rate=0.1, percent=5, period_epochs=1)
    schedule = spec.build("schedule", RunLength(steps_per_epoch=40, epochs=10))
    assert float(schedule(80)) == pytest.approx(0.1 * 0.95**2, rel=1e-6)


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (exponential_decay, {"k": 0}, "`k` must be a number greater than 0"),
        (exponential_decay, {"k": 1, "period_steps": 0}, "`period_steps` must be an integer"),
        (percent_decay, {"percent": 100}, r"`percent` must be a number in \(0, 100\)"),
        (percent_decay, {"percent": 5, "initial_learning_rate": 0}, "`initial_learning_rate` must"),
        (inverse_time_decay, {"k": -1}, "`k` must be a number greater than 0"),
        (inverse_time_decay, {"k": 1, "period_steps": -3}, "`period_steps` must be an integer"),
    ],
)
def test_arguments_out_of_range(make, options, message):
    with pytest.raises(ValueError, match=message):
        make(**{"initial_learning_rate": 0.1, **options})
