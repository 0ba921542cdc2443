"""Every schedule against its definition in float64; `StepDecay` has a file of its own."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes import schedules

STEPS = np.arange(140)


def anneal(first, last, begin, end, t, shape="linear"):
    """From `first` at step `begin` to `last` at step `end`."""
    x = min(max((t - begin) / (end - begin), 0), 1)
    if shape == "cosine":
        return last + (first - last) * (1 + np.cos(np.pi * x)) / 2
    return first + (last - first) * (np.sqrt(x) if shape == "one_minus_sqrt" else x)


def linear_decay(t, initial_learning_rate, decay_steps, end_fraction=0.01):
    alpha = min(t / decay_steps, 1)
    return (1 - alpha) * initial_learning_rate + alpha * end_fraction * initial_learning_rate


def cyclic(t, base_learning_rate, max_learning_rate, half_cycle_steps, mode="triangular",
           gamma=0.99994):  # fmt: skip
    cycle = np.floor(1 + t / (2 * half_cycle_steps))
    x = abs(t / half_cycle_steps - 2 * cycle + 1)
    scale = {"triangular": 1, "triangular2": 0.5 ** (cycle - 1), "exp_range": gamma**t}[mode]
    return base_learning_rate + (max_learning_rate - base_learning_rate) * max(0, 1 - x) * scale


def one_cycle(t, peak_learning_rate, total_steps, warmup_steps=None, warmup_fraction=0.3,
              annihilation_steps=0, initial_fraction=0.04, final_fraction=4e-6,
              shape="cosine"):  # fmt: skip
    top = round(warmup_fraction * total_steps) if warmup_steps is None else warmup_steps
    first, last = initial_fraction * peak_learning_rate, final_fraction * peak_learning_rate
    bottom = total_steps - annihilation_steps
    if t < top:
        return anneal(first, peak_learning_rate, 0, top, t, shape)
    if annihilation_steps and t < bottom:
        return anneal(peak_learning_rate, first, top, bottom, t, shape)
    if annihilation_steps:
        return anneal(first, last, bottom, total_steps, t, shape)
    return anneal(peak_learning_rate, last, top, total_steps, t, shape)


def one_cycle_momentum(t, total_steps, warmup_steps=None, warmup_fraction=0.3,
                       annihilation_steps=0, max_momentum=0.95, min_momentum=0.85,
                       shape="cosine"):  # fmt: skip
    top = round(warmup_fraction * total_steps) if warmup_steps is None else warmup_steps
    if t < top:
        return anneal(max_momentum, min_momentum, 0, top, t, shape)
    return anneal(min_momentum, max_momentum, top, total_steps - annihilation_steps, t, shape)


def warmup_stable_decay(t, peak_learning_rate, total_steps, warmup_steps=0, cooldown_steps=None,
                        cooldown_fraction=0.2, initial_fraction=0.1, end_fraction=0.0,
                        shape="one_minus_sqrt"):  # fmt: skip
    if cooldown_steps is None:
        cooldown_steps = round(cooldown_fraction * total_steps)
    if t < warmup_steps:
        ramp = anneal(initial_fraction, 1, 0, warmup_steps, t)
    else:
        ramp = anneal(1, end_fraction, total_steps - cooldown_steps, total_steps, t, shape)
    return peak_learning_rate * ramp


def inner(schedule, t):
    """Of the schedules that stand inside others below."""
    return schedule if isinstance(schedule, float) else 0.2 / (1 + 0.5 * t / 10)


def warmup(t, schedule, warmup_steps, initial_fraction=0.1, mode="linear", shifted=False):
    rate = inner(schedule, max(t - warmup_steps, 0) if shifted else t)
    if t >= warmup_steps:
        return rate
    return rate * (anneal(initial_fraction, 1, 0, warmup_steps, t) if mode == "linear"
                   else initial_fraction)  # fmt: skip


def chain(t, schedules, boundaries_steps):
    index = sum(t >= boundary for boundary in boundaries_steps)
    return inner(schedules[index], t - [0, *boundaries_steps][index])


def decay():
    return keras.optimizers.schedules.InverseTimeDecay(0.2, decay_steps=10, decay_rate=0.5)


CYCLE = {"peak_learning_rate": 0.3, "total_steps": 100}
BOUNDS = {"base_learning_rate": 0.001, "max_learning_rate": 0.006, "half_cycle_steps": 13}
STABLE = {"peak_learning_rate": 0.3, "total_steps": 100}
CASES = {
    "LinearDecay": (linear_decay, [
        {"initial_learning_rate": 0.3, "decay_steps": 100},
        {"initial_learning_rate": 0.3, "decay_steps": 7, "end_fraction": 0.0},
        {"initial_learning_rate": 2, "decay_steps": 1, "end_fraction": 1},
    ]),
    "Cyclic": (cyclic, [
        BOUNDS,
        BOUNDS | {"mode": "triangular2"},
        BOUNDS | {"mode": "exp_range"},
        BOUNDS | {"mode": "exp_range", "gamma": 0.9},
        BOUNDS | {"half_cycle_steps": 1, "base_learning_rate": 0},
    ]),
    "OneCycle": (one_cycle, [
        CYCLE,
        CYCLE | {"warmup_steps": 20},
        CYCLE | {"warmup_steps": 0},
        CYCLE | {"warmup_fraction": 0.456},
        CYCLE | {"warmup_steps": 40, "annihilation_steps": 20},
        CYCLE | {"shape": "linear", "annihilation_steps": 11, "initial_fraction": 0.1},
        CYCLE | {"final_fraction": 0.25},
        CYCLE | {"total_steps": 1},
    ]),
    "OneCycleMomentum": (one_cycle_momentum, [
        {"total_steps": 100},
        {"total_steps": 100, "warmup_steps": 20},
        {"total_steps": 100, "warmup_fraction": 0.456, "shape": "linear"},
        {"total_steps": 100, "annihilation_steps": 20},
        {"total_steps": 100, "max_momentum": 0.9, "min_momentum": 0.5},
    ]),
    "WarmupStableDecay": (warmup_stable_decay, [
        STABLE,
        STABLE | {"warmup_steps": 30},
        STABLE | {"warmup_steps": 30, "initial_fraction": 0.5, "shape": "linear"},
        STABLE | {"cooldown_steps": 50, "end_fraction": 0.1, "shape": "cosine"},
        STABLE | {"cooldown_fraction": 0.456},
        STABLE | {"warmup_steps": 40, "cooldown_steps": 60},
    ]),
    "Warmup": (warmup, [
        {"schedule": decay(), "warmup_steps": 20},
        {"schedule": decay(), "warmup_steps": 20, "shifted": True},
        {"schedule": decay(), "warmup_steps": 20, "mode": "constant"},
        {"schedule": decay(), "warmup_steps": 0, "initial_fraction": 0.5},
        {"schedule": 0.3, "warmup_steps": 20, "initial_fraction": 0.0},
    ]),
    "Chain": (chain, [
        {"schedules": [0.3, decay()], "boundaries_steps": [50]},
        {"schedules": [decay(), decay(), 0.001], "boundaries_steps": [1, 90]},
        {"schedules": [decay()], "boundaries_steps": []},
    ]),
}  # fmt: skip
ROWS = [(name, index) for name, (_, rows) in CASES.items() for index in range(len(rows))]

every_case = pytest.mark.parametrize(("name", "index"), ROWS)


def made(name, index):
    """The schedule of a case, and its rates in float64 at `STEPS`."""
    reference, rows = CASES[name]
    return getattr(schedules, name)(**rows[index]), np.array(
        [reference(t, **rows[index]) for t in STEPS.tolist()]
    )


def assert_equal_rates(received, expected):
    # Not of the highest rate: a rate a million times lower has as many right digits.
    np.testing.assert_allclose(ops.convert_to_numpy(received), expected, rtol=2e-6, atol=1e-11)


def test_every_argument_of_every_schedule_has_a_case():
    classes = {n for n in schedules.__all__ if inspect.isclass(getattr(schedules, n))}
    assert set(CASES) == classes - {"StepDecay"}
    for name, (_, rows) in CASES.items():
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
    reference, rows = CASES[name]
    far = 10**6
    assert_equal_rates(schedule(far), reference(far, **rows[index]))


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
    given = CASES[name][1][index]
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
        getattr(schedules, name)(**{**CASES[name][1][index], **options})


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
        getattr(schedules, name)(**{**CASES[name][1][0], **options})
