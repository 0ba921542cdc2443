import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.schedules import StepDecay
from tests.schedules.cases import CASES, reference

# The rate of the last row falls in every step.
ROWS = [*CASES["StepDecay"], {"initial_learning_rate": 0.3, "factor": 0.9, "period_steps": 1}]
every_row = pytest.mark.parametrize("options", ROWS)


def approximate_rate(step, options):
    """Returns the rate in float64, with a tolerance for rounding alone."""
    rate = reference("StepDecay", step, options)
    cuts = round(np.log(rate / 0.3) / np.log(options.get("factor", 0.1)))
    # The rounding of the factor to float32 adds up over the cuts, and nothing else does.
    return pytest.approx(rate, rel=2**-24 * (cuts + 6))


def values(schedule, steps):
    return np.array([float(schedule(step)) for step in steps])


@every_row
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_rates_equal_the_definition(options, dtype):
    received = ops.convert_to_numpy(StepDecay(**options)(ops.arange(120, dtype=dtype)))
    assert received.dtype == "float32"
    for step, rate in enumerate(received):
        assert float(rate) == approximate_rate(step, options)


@every_row
@pytest.mark.parametrize("step", [0, 30, 59, 500])
def test_plain_numbers_as_steps(options, step):
    schedule = StepDecay(**options)
    expected = approximate_rate(step, options)
    assert float(schedule(step)) == expected
    assert float(schedule(float(step))) == expected


@every_row
def test_the_first_rate_is_exact(options):
    assert float(StepDecay(**options)(0)) == np.float32(0.3)


@pytest.mark.parametrize(
    "options", [{"boundaries_steps": [2**24 + 1]}, {"period_steps": 2**24 + 1}]
)
def test_steps_that_float32_cannot_tell_apart(options):
    schedule = StepDecay(1.0, 0.5, **options)
    steps = [2**24, 2**24 + 1, 2**24 + 2]
    assert values(schedule, steps).tolist() == [1.0, 0.5, 0.5]


def test_it_cuts_where_keras_staircase_cuts():
    ours = StepDecay(0.1, 0.5, period_steps=10)
    keras_staircase = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5, staircase=True)
    steps = range(45)
    np.testing.assert_allclose(values(ours, steps), values(keras_staircase, steps), rtol=1e-6)


def test_it_cuts_one_step_before_keras_piecewise_constant():
    ours = StepDecay(1.0, 0.5, boundaries_steps=[10, 20])
    piecewise = keras.optimizers.schedules.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.25])
    np.testing.assert_array_equal(values(ours, range(30)), values(piecewise, range(1, 31)))
    assert (values(ours, [10, 20]) != values(piecewise, [10, 20])).all()


@pytest.mark.parametrize("options", [{"period_steps": 2}, {"boundaries_steps": [2, 4]}])
def test_in_a_compiled_training_step(options):
    # With a gradient of 1 everywhere, plain descent moves the weight by the rate.
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((1, 1))])
    schedule = StepDecay(1.0, 0.5, **options)
    model.compile(keras.optimizers.SGD(schedule), loss=lambda _, y: ops.mean(y))
    weights = [0.0]
    for _ in range(6):
        model.train_on_batch(np.ones((1, 1)), np.ones((1, 1)))
        weights.append(float(model.get_weights()[0][0, 0]))
    np.testing.assert_allclose(-np.diff(weights), [1, 1, 0.5, 0.5, 0.25, 0.25], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "factor", "period_epochs"),
    [
        ("half_every_5_epochs", 0.5, 5),
        ("half_every_10_epochs", 0.5, 10),
        ("tenth_every_20_epochs", 0.1, 20),
        ("tenth_every_30_epochs", 0.1, 30),
    ],
)
def test_presets(name, factor, period_epochs):
    schedule = StepDecay.from_preset(name, 0.3, steps_per_epoch=11)
    last_before = period_epochs * 11 - 1
    np.testing.assert_allclose(
        values(schedule, [last_before, last_before + 1]), [0.3, 0.3 * factor], rtol=1e-6
    )


def test_an_unknown_preset():
    with pytest.raises(ValueError, match="Did you mean 'half_every_5_epochs'"):
        StepDecay.from_preset("half_every_5_epoch", 0.1, steps_per_epoch=10)


def test_fractions_are_rounded_to_the_nearest_step():
    schedule = StepDecay(1.0, 0.5, boundaries_fraction=[1 / 3, 0.5], total_steps=100)
    assert values(schedule, [32, 33, 49, 50]).tolist() == [1.0, 0.5, 0.5, 0.25]


def test_fractions_need_the_length_of_the_run():
    schedule = StepDecay(0.1, boundaries_fraction=[0.5])
    with pytest.raises(ValueError, match="needs `total_steps`"):
        schedule(0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "Exactly one of `period_steps`, `boundaries_steps` and `boundaries_fraction`"),
        ({"period_steps": 5, "boundaries_steps": [3]}, "Exactly one of"),
        ({"period_steps": 0}, "`period_steps` must be an integer of at least 1"),
        ({"period_steps": 5, "factor": 0}, r"`factor` must be a number in \(0, 1\]"),
        ({"period_steps": 5, "factor": 1.5}, r"`factor` must be a number in \(0, 1\]"),
        ({"period_steps": 5, "total_steps": 0}, "`total_steps` must be an integer of at least 1"),
        ({"period_steps": 5, "initial_learning_rate": 0}, "`initial_learning_rate` must be"),
        ({"boundaries_steps": [0, 5]}, r"`boundaries_steps\[0\]` must be an integer of at least 1"),
        ({"boundaries_steps": [5, 5]}, "`boundaries_steps` must increase"),
        ({"boundaries_fraction": [0.75, 0.5]}, "`boundaries_fraction` must increase"),
        ({"boundaries_fraction": [0.5, 1.0]}, r"`boundaries_fraction\[1\]` must be a number in"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        StepDecay(**{"initial_learning_rate": 0.1, **options})


def test_steps_must_be_integers():
    with pytest.raises(TypeError, match="`period_steps` must be an integer"):
        StepDecay(0.1, period_steps=2.5)
