"""Schedules against their definitions in float64."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes import schedules
from kerasrecipes.recipe import registry
from tests.schedules.cases import CASES, reference

STEPS = np.arange(140)


ROWS = [(name, index) for name, rows in CASES.items() for index in range(len(rows))]

every_case = pytest.mark.parametrize(("name", "index"), ROWS)


def made(name, index):
    """Returns the schedule of a row, and its rates in float64 at `STEPS`."""
    options = CASES[name][index]
    rates = np.array([reference(name, t, options) for t in STEPS.tolist()])
    return getattr(schedules, name)(**options), rates


def assert_equal_rates(received, expected):
    # Relative to each rate: one that is a million times lower has as many right digits.
    np.testing.assert_allclose(ops.convert_to_numpy(received), expected, rtol=2e-6, atol=1e-11)


def test_every_argument_of_every_schedule_has_a_case():
    ours = {n: c for n, c in registry.names("schedule").items() if registry.is_ours(c)}
    assert set(CASES) == {name for name, component in ours.items() if inspect.isclass(component)}
    for name, rows in CASES.items():
        varied = {argument for row in rows for argument in row}
        assert varied == set(inspect.signature(getattr(schedules, name)).parameters)


@every_case
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_rates_equal_the_definition(name, index, dtype):
    schedule, expected = made(name, index)
    received = schedule(ops.convert_to_tensor(STEPS.astype(dtype)))
    assert keras.backend.standardize_dtype(received.dtype) == "float32"
    assert_equal_rates(received, expected)


@every_case
def test_plain_numbers_as_steps_the_first_and_one_far_past_the_end(name, index):
    schedule, expected = made(name, index)
    assert_equal_rates(schedule(0), expected[0])
    assert_equal_rates(schedule(33), expected[33])
    assert_equal_rates(schedule(33.0), expected[33])
    assert tuple(schedule(33).shape) == ()
    far = 10**6
    assert_equal_rates(schedule(far), reference(name, far, CASES[name][index]))


@every_case
def test_in_a_compiled_training_step(name, index):
    # With a gradient of 1 everywhere, plain descent moves the weight by the rate.
    schedule, expected = made(name, index)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(schedule), loss=lambda _, y: ops.mean(y), jit_compile=True)
    one, weights = np.ones((1, 1)), []
    for _ in range(3):
        model.set_weights([np.zeros((1, 1))])
        model.train_on_batch(one, one)
        weights.append(-float(model.get_weights()[0][0, 0]))
    np.testing.assert_allclose(weights, expected[:3], rtol=2e-6, atol=1e-11)


@every_case
def test_saved_in_an_optimizer_it_comes_back(name, index, tmp_path):
    schedule, expected = made(name, index)
    given = CASES[name][index]
    assert all(schedule.get_config()[n] == v for n, v in given.items() if "schedule" not in n)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(schedule), "mse")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").optimizer
    config = loaded.get_config()["learning_rate"]
    assert config == keras.optimizers.schedules.serialize(schedule)
    copy = keras.optimizers.schedules.deserialize(config)
    assert type(copy) is type(schedule)
    assert_equal_rates(copy(ops.convert_to_tensor(STEPS)), expected)


OUT_OF_RANGE = [
    ("LinearDecay", 0, {"initial_learning_rate": 0}, "`initial_learning_rate` must be a number"),
    ("LinearDecay", 0, {"decay_steps": 0}, "`decay_steps` must be an integer of at least 1"),
    ("LinearDecay", 0, {"decay_steps": -5}, "`decay_steps` must be an integer of at least 1"),
    ("LinearDecay", 0, {"end_fraction": 1.5}, r"`end_fraction` must be a number in \[0, 1\]"),
    ("LinearDecay", 0, {"end_fraction": float("nan")}, "`end_fraction` must be a number"),
    ("Cyclic", 0, {"base_learning_rate": -1}, "`base_learning_rate` must be a number of at least"),
    ("Cyclic", 0, {"max_learning_rate": 1e-4}, "must not be below `base_learning_rate`"),
    ("Cyclic", 0, {"half_cycle_steps": 0}, "`half_cycle_steps` must be an integer of at least 1"),
    ("Cyclic", 0, {"mode": "triangle"}, "`mode` must be one of .* Did you mean 'triangular'"),
    ("Cyclic", 0, {"gamma": 1.01}, r"`gamma` must be a number in \(0, 1\]"),
    ("OneCycle", 0, {"peak_learning_rate": -0.1}, "`peak_learning_rate` must be"),
    ("OneCycle", 0, {"total_steps": 0}, "`total_steps` must be an integer of at least 1"),
    ("OneCycle", 0, {"warmup_steps": -1}, "`warmup_steps` must be an integer of at least 0"),
    ("OneCycle", 0, {"warmup_steps": 100}, "The warmup must end before .* total_steps=100"),
    ("OneCycle", 0, {"warmup_fraction": 1}, r"`warmup_fraction` must be a number in \[0, 1\)"),
    ("OneCycle", 0, {"warmup_steps": 1, "warmup_fraction": 0.1}, "Give `warmup_steps` or"),
    ("OneCycle", 0, {"annihilation_steps": 70}, "The warmup must end before"),
    ("OneCycle", 0, {"annihilation_steps": -1}, "`annihilation_steps` must be an integer of at"),
    ("OneCycle", 0, {"initial_fraction": 2}, "`initial_fraction` must be a number"),
    ("OneCycle", 0, {"final_fraction": -1}, "`final_fraction` must be a number"),
    ("OneCycle", 0, {"shape": "cos"}, "Did you mean 'cosine'"),
    ("OneCycleMomentum", 0, {"max_momentum": 1}, r"`max_momentum` must be a number in \[0, 1\)"),
    ("OneCycleMomentum", 0, {"min_momentum": 0.99}, r"`min_momentum` must be .* \[0, 0.95\]"),
    ("OneCycleMomentum", 0, {"shape": "one_minus_sqrt"}, "`shape` must be one of"),
    ("OneCycleMomentum", 0, {"warmup_steps": 100}, "The warmup must end before"),
    ("WarmupStableDecay", 0, {"cooldown_steps": 0}, "`cooldown_steps` must be .* at least 1"),
    ("WarmupStableDecay", 0, {"warmup_steps": 81}, "Warmup and cooldown must fit"),
    ("WarmupStableDecay", 0, {"warmup_steps": -1}, "`warmup_steps` must be an integer of at"),
    ("WarmupStableDecay", 0, {"cooldown_fraction": 1.0}, "`cooldown_fraction` must be a number"),
    ("WarmupStableDecay", 1, {"cooldown_steps": 9, "cooldown_fraction": 0.1}, "not both"),
    ("WarmupStableDecay", 0, {"shape": "exponential"}, "`shape` must be one of"),
    ("WarmupStableDecay", 0, {"end_fraction": 2}, "`end_fraction` must be a number"),
    ("WarmupStableDecay", 0, {"initial_fraction": -1}, "`initial_fraction` must be a number"),
    ("WarmupStableDecay", 0, {"peak_learning_rate": 0}, "`peak_learning_rate` must be a number"),
    ("Warmup", 0, {"warmup_steps": -1}, "`warmup_steps` must be an integer of at least 0"),
    ("Warmup", 0, {"initial_fraction": 1.1}, "`initial_fraction` must be a number"),
    ("Warmup", 0, {"mode": "lineal"}, "Did you mean 'linear'"),
    ("Warmup", 0, {"shifted": "yes"}, "`shifted` must be one of False, True"),
    ("Warmup", 0, {"schedule": -0.1}, "`schedule` must be a number of at least 0"),
    ("Chain", 0, {"boundaries_steps": [0]}, r"`boundaries_steps\[0\]` must be an integer"),
    ("Chain", 0, {"boundaries_steps": []}, "`schedules` must be one more than"),
    ("Chain", 1, {"boundaries_steps": [9, 9]}, "`boundaries_steps` must increase"),
    ("Chain", 0, {"schedules": [-1.0, 0.1]}, r"`schedules\[0\]` must be a number of at least 0"),
]


@pytest.mark.parametrize(("name", "index", "options", "message"), OUT_OF_RANGE)
def test_arguments_out_of_range(name, index, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(schedules, name)(**{**CASES[name][index], **options})


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("LinearDecay", {"decay_steps": 2.5}, "`decay_steps` must be an integer"),
        ("OneCycle", {"total_steps": "100"}, "`total_steps` must be an integer"),
        ("OneCycle", {"warmup_steps": 2.0}, "`warmup_steps` must be an integer"),
        ("Warmup", {"schedule": "CosineDecay"}, "`schedule` must be a number or a `Learning"),
        ("Chain", {"schedules": [0.1, True]}, r"`schedules\[1\]` must be a number or a `Lear"),
    ],
)
def test_arguments_of_the_wrong_type(name, options, message):
    with pytest.raises(TypeError, match=message):
        getattr(schedules, name)(**{**CASES[name][0], **options})
