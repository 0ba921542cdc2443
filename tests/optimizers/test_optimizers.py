"""Optimizers against their references and against the facts that lectures state."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.optimizers import KernelMuon, Momentum, UncorrectedAdam
from kerasrecipes.optimizers._base.step_numbers import bias_correction, rectification
from kerasrecipes.recipe import signatures
from tests.optimizers.cases import (
    CASES,
    CLASSES,
    IDENTITIES,
    OURS,
    WRAPPERS,
    Rising,
    class_of,
    make,
    rising,
)
from tests.optimizers.problems import STEPS, gradients, path_of, precision, relative_error
from tests.references import optimizers as references

TOLERANCE = {"float64": 1e-12, "float32": 1e-4}
# Classes that mix the numbers of a kernel. Beside a row of 1e6, one of 1e-6 is below the rounding.
MIXING = (KernelMuon,)
# Classes whose docstring says that they are elementwise.
ELEMENTWISE = [cls for cls in OURS if "elementwise" in cls.__doc__]


def reference_of(cls):
    """Returns the reference of a class: the function with the name of its module."""
    return getattr(references, cls.__module__.rpartition(".")[2])


def gradients_for(cls):
    return gradients(alike=cls in MIXING)


def expected(name, steps, rates):
    options = CASES[name]
    options = {k: v(1) if inspect.isfunction(v) else v for k, v in options.items()}
    options = {k: v for k, v in options.items() if k not in ("optimizer", "decay_kernels_only")}
    if isinstance(options.get("momentum"), Rising):
        options["momentum"] = rising
    return reference_of(class_of(name))(steps, rates, **options)


def test_every_argument_of_every_class_has_a_case():
    covered = {}
    for name, options in CASES.items():
        covered.setdefault(class_of(name), set()).update(options)
    common = {*signatures.arguments(keras.optimizers.Optimizer)} - {"weight_decay"}
    for cls in CLASSES:
        own = {*signatures.arguments(cls)} - common
        if cls in WRAPPERS:
            own -= {"weight_decay"}  # The inner optimizer takes it.
        assert cls in covered, f"{cls.__name__} has no row in CASES"
        assert covered[cls] >= own, cls.__name__


def test_every_wrapper_has_a_case_that_changes_nothing():
    assert {*map(class_of, IDENTITIES)} == {*WRAPPERS}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", CASES)
def test_weights_equal_the_reference(name, dtype):
    steps = gradients_for(class_of(name))
    with precision(dtype):
        optimizer = make(name)
        path = path_of(optimizer, steps, dtype)
        rate = float(ops.convert_to_numpy(optimizer.learning_rate))
    error = relative_error(path, expected(name, steps, np.full(STEPS, rate)))
    assert error < TOLERANCE[dtype]


@pytest.mark.parametrize("cls", OURS)
def test_a_schedule_is_followed_from_step_zero(cls):
    steps = gradients()
    path = path_of(cls(Rising()), steps)
    rates = np.array([rising(step) for step in range(STEPS)])
    assert relative_error(path, reference_of(cls)(steps, rates)) < 1e-4


@pytest.mark.parametrize("name", CASES)
def test_a_config_returns_every_argument_and_rebuilds_the_optimizer(name):
    optimizer = make(name)
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    config = copy.get_config()
    assert config == optimizer.get_config()
    assert {*inspect.signature(class_of(name)).parameters} - {"kwargs"} <= {*config}


@pytest.mark.parametrize("name", CASES)
def test_a_copy_from_the_config_takes_the_same_steps(name):
    optimizer = make(name)
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    ends = []
    for each in (optimizer, copy):
        w = keras.Variable(np.zeros((6, 2)), dtype="float32", name="kernel")
        for step in gradients()[:6]:
            each.apply([ops.convert_to_tensor(step)], [w])
        ends.append(ops.convert_to_numpy(w))
    np.testing.assert_array_equal(*ends)


# What lectures say, and what they should have said.


def test_the_first_step_without_bias_correction_is_too_long_and_the_twelfth_the_longest():
    lengths = -np.diff(path_of(UncorrectedAdam(1.0), np.full((40, 1), 0.01)).ravel(), prepend=0)
    assert lengths[0] == pytest.approx(0.1 / np.sqrt(0.001), rel=1e-3)
    assert lengths[0] == pytest.approx(3.162, abs=2e-3)
    assert lengths.max() == pytest.approx(6.57, abs=5e-3)
    assert lengths.argmax() + 1 == 12


def test_nesterov_looks_ahead_where_the_step_is_going_to_lead():
    def gradient(w):
        return 100 * w

    rate, decay = 1e-3, 0.9
    w, v = 1.0, 0.0
    iterates, literal = [], [1.0, 0.0]
    for _ in range(8):
        v = decay * v + gradient(w - rate * decay * v)
        w -= rate * v
        iterates.append(w - rate * decay * v)  # The next gradient is evaluated here.
        literal[1] = decay * literal[1] + gradient(literal[0] + decay * literal[1])
        literal[0] -= rate * literal[1]
    assert literal[0] == pytest.approx(-5e12, rel=0.1)

    point = keras.Variable([1.0])
    optimizer = Momentum(rate, momentum=decay, nesterov=True)
    received = []
    for _ in range(8):
        optimizer.apply([gradient(ops.convert_to_tensor(point))], [point])
        received.append(ops.convert_to_numpy(point).item())
    np.testing.assert_allclose(received, iterates, rtol=1e-5, atol=1e-6)


def test_the_approximated_length_crosses_five_at_the_sixth_step():
    assert references.rho(0.999, 5) == pytest.approx(4.996, abs=5e-4)
    assert references.rho(0.999, 6) == pytest.approx(5.994, abs=1e-3)
    assert references.rectification(0.999, 5) == pytest.approx(0.0173, abs=5e-5)
    assert references.rectification(0.999, 6) == pytest.approx(0.0258, abs=5e-5)
    assert references.rectification(0.999, 1000) == pytest.approx(0.6453, abs=5e-5)


@pytest.mark.parametrize("beta", [0.9, 0.99, 0.999, 0.9999])
def test_rectification_is_exact_in_float32(beta):
    for step in (1, 4, 5, 6, 7, 10, 100, 1000, 100_000):
        tractable, factor = rectification(beta, ops.convert_to_tensor(step, "float32"), 5.0)
        assert bool(tractable) == (references.rho(beta, step) > 5)
        if tractable:
            assert float(factor) == pytest.approx(references.rectification(beta, step), rel=1e-5)


def test_bias_correction_is_exact_in_float32():
    received = bias_correction(0.999, ops.convert_to_tensor(1, "float32"))
    assert float(received) == pytest.approx(0.001, rel=2e-7)


def test_momentum_is_a_sum_and_the_learning_rate_outside_it():
    steps = gradients()
    ours, theirs = Momentum(0.01), keras.optimizers.SGD(0.01, momentum=0.9)
    assert relative_error(path_of(ours, steps), path_of(theirs, steps)) < 1e-5
    # After a cut our steps are short at once; Keras's velocity still holds the old rate.
    cut = keras.optimizers.schedules.PiecewiseConstantDecay([49], [0.01, 0.0001])
    ones = np.ones((52, 1))
    ours = np.diff(path_of(Momentum(cut), ones).ravel())
    theirs = np.diff(path_of(keras.optimizers.SGD(cut, momentum=0.9), ones).ravel())
    assert ours[49] == pytest.approx(-0.0001 * 10, rel=0.01)
    assert theirs[49] == pytest.approx(-0.9 * 0.01 * 10, rel=0.01)


def test_dampening_by_the_momentum_makes_an_exponential_average():
    path = path_of(Momentum(1.0, momentum=0.9, dampening=0.9), np.ones((300, 1))).ravel()
    assert path[0] == pytest.approx(-0.1)
    assert path[-1] - path[-2] == pytest.approx(-1.0, rel=1e-4)


@pytest.mark.parametrize("cls", ELEMENTWISE)
def test_elementwise_optimizers_treat_each_weight_alike_in_any_arrangement(cls):
    steps = gradients()
    whole = path_of(cls(0.01), steps)
    order = np.random.default_rng(1).permutation(6)
    assert relative_error(path_of(cls(0.01), steps[:, order]), whole[:, order]) < 1e-6
    parts = [keras.Variable(np.zeros((1, 2)), dtype="float32", name="kernel") for _ in order]
    optimizer = cls(0.01)
    for step in steps[:12]:
        rows = [ops.convert_to_tensor(step[row : row + 1]) for row in order]
        optimizer.apply(rows, parts)
    received = np.concatenate([ops.convert_to_numpy(part) for part in parts])
    assert relative_error(received[None], whole[11:12, order]) < 1e-6
