"""Schedule-free optimizers: their averages, their peers, and what they refuse."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes import use
from kerasrecipes.optimizers import ScheduleFree
from tests.optimizers.cases import Rising, rising
from tests.optimizers.problems import BACKEND, gradients, path_of, precision, relative_error
from tests.references.optimizers import schedule_free

RATE = 2**-7  # The same in float32 and float64.
STEPS = gradients(alike=True)


def averages_of(optimizer, steps, dtype="float32"):
    """Returns the averages after the last step."""
    w = keras.Variable(np.zeros(steps.shape[1:]), dtype=dtype, name="kernel")
    for step in steps:
        optimizer.apply([ops.convert_to_tensor(step, dtype)], [w])
    return ops.convert_to_numpy(optimizer.averaged_weights[0])


@pytest.mark.parametrize("weight_decay", [0.0, 0.25])
@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_averages_equal_the_reference(beta, weight_decay):
    steps = STEPS[:30]
    optimizer = ScheduleFree(keras.optimizers.SGD(RATE, weight_decay=weight_decay or None), beta)
    received = averages_of(optimizer, steps)
    rates = np.full(len(steps), RATE)
    expected = schedule_free(steps, rates, beta, weight_decay, averages=True)[-1]
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-6)


def test_weights_decay_where_the_gradient_is_taken():
    inner = keras.optimizers.SGD(RATE, weight_decay=0.25)
    received = path_of(ScheduleFree(inner), STEPS, start=1.0)
    expected = schedule_free(STEPS, np.full(len(STEPS), RATE), 0.9, 0.25, start=1.0)
    assert relative_error(received - 1, expected - 1) < 1e-4


def test_steps_count_in_the_average_by_the_square_of_their_rates():
    steps = STEPS[:30]
    rates = np.array([rising(step) for step in range(len(steps))])
    received = averages_of(ScheduleFree(keras.optimizers.SGD(Rising())), steps)
    expected = schedule_free(steps, rates, averages=True)[-1]
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-6)


def test_without_beta_the_average_is_the_mean_of_all_steps():
    steps = STEPS[:20]
    iterates = path_of(keras.optimizers.SGD(RATE), steps)
    received = averages_of(ScheduleFree(keras.optimizers.SGD(RATE), beta=0.0), steps)
    np.testing.assert_allclose(received, iterates.mean(axis=0), rtol=1e-4, atol=1e-6)


def test_a_rate_of_zero_at_first_is_no_division_by_zero():
    @keras.saving.register_keras_serializable(package="test_schedule_free")
    class Ramp(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return ops.cast(step, "float32") / 8

        def get_config(self):
            return {}

    steps = STEPS[:4]
    received = averages_of(ScheduleFree(keras.optimizers.SGD(Ramp())), steps)
    expected = schedule_free(steps[1:], np.arange(1, 4) / 8, averages=True)[-1]
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-6)


def test_the_average_starts_at_the_weights_of_the_first_step_not_of_its_construction():
    w = keras.Variable([1.0])
    optimizer = ScheduleFree(keras.optimizers.SGD(0.5))
    optimizer.build([w])
    w.assign([4.0])
    optimizer.apply([ops.array([0.0])], [w])
    assert ops.convert_to_numpy(optimizer.averaged_weights[0]).item() == 4.0
    assert ops.convert_to_numpy(w).item() == 4.0


@pytest.mark.parametrize(
    "inner",
    [
        lambda: keras.optimizers.SGD(0.1, momentum=0.9),
        lambda: keras.optimizers.AdamW(0.1),
        lambda: keras.optimizers.Adam(0.1),
    ],
)
def test_momentum_of_its_own_is_refused(inner):
    with pytest.raises(ValueError, match="`optimizer` must have no momentum"):
        ScheduleFree(inner())
    assert ScheduleFree(inner(), beta=0.0).beta == 0


def test_weights_that_are_overwritten_between_steps_are_refused():
    inner = keras.optimizers.SGD(0.1, use_ema=True, ema_overwrite_frequency=2)
    with pytest.raises(ValueError, match="leave out `ema_overwrite_frequency`"):
        ScheduleFree(inner)


@pytest.mark.parametrize("beta", [-0.1, 1.0])
def test_a_beta_out_of_range_is_refused(beta):
    with pytest.raises(ValueError, match="`beta` must be"):
        ScheduleFree("sgd", beta)


def test_a_recipe_may_name_it():
    spec = use("ScheduleFree", optimizer=use("AdamW", learning_rate=0.002, beta_1=0.0))
    assert isinstance(spec.build("optimizer"), ScheduleFree)


def path_of_optax(transformation, steps):
    import jax
    import optax

    w = jax.numpy.zeros(steps.shape[1:])
    state, path, averages = transformation.init(w), [], []
    for gradient in jax.numpy.asarray(steps, "float64"):
        updates, state = transformation.update(gradient, state, w)
        w = optax.apply_updates(w, updates)
        path.append(np.array(w))
        averages.append(np.array(optax.contrib.schedule_free_eval_params(state, w)))
    return np.array(path), np.array(averages)


@pytest.mark.skipif(BACKEND != "jax", reason="optax is JAX's")
@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_it_equals_optax(kind):
    import jax
    import optax

    steps = STEPS[:20]
    with jax.enable_x64(True):
        if kind == "sgd":
            theirs = optax.contrib.schedule_free_sgd(RATE, warmup_steps=None, b1=0.9)
            inner = keras.optimizers.SGD(RATE)
        else:
            theirs = optax.contrib.schedule_free_adamw(
                RATE, warmup_steps=None, b1=0.9, b2=0.999, eps=1e-20, weight_decay=0.0
            )
            inner = keras.optimizers.AdamW(RATE, beta_1=0.0, epsilon=1e-20, weight_decay=0.0)
        path, averages = path_of_optax(theirs, steps)
    with precision("float64"):
        config = keras.optimizers.serialize(inner)
        received = path_of(ScheduleFree(keras.optimizers.deserialize(config)), steps, "float64")
        averaged = averages_of(ScheduleFree(inner), steps, "float64")
    # The rate, and powers of Adam's beta, come from variables that are made in float32.
    assert relative_error(received, path) < 1e-6
    np.testing.assert_allclose(averaged, averages[-1], rtol=1e-6)
