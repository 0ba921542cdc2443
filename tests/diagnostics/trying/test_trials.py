"""What each short training measures, on models of which it is known."""

import time

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks.model_state import state_variables, to_arrays
from kerasrecipes.diagnostics.facts.given import given_data
from kerasrecipes.diagnostics.facts.outputs import output_facts
from kerasrecipes.diagnostics.trying import overfitting
from kerasrecipes.diagnostics.trying.control_trainings import controls
from kerasrecipes.diagnostics.trying.first_losses import initial_loss
from kerasrecipes.diagnostics.trying.mode_comparisons import modes
from kerasrecipes.diagnostics.trying.overfitting import overfit
from kerasrecipes.diagnostics.trying.rate_ranges import rates
from kerasrecipes.diagnostics.trying.sandboxing import Clock, OutOfTime, sandbox

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3)).astype("float32")
CLASSES = (X[:, 0] > 0).astype("int32")
NUMBERS = X[:, :1]
L = keras.layers


def compiled(*layers, loss, optimizer="sgd"):
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(optimizer, loss)
    return model


@pytest.fixture(scope="module")
def classifier():
    """A linear one whose answers are all alike at first; penalty 0.5 * 6 * 0.01."""
    kernel = {"kernel_initializer": keras.initializers.Constant(0.1), "kernel_regularizer": "l2"}
    return compiled(L.Dense(2, "softmax", **kernel), loss="sparse_categorical_crossentropy")


@pytest.fixture(scope="module")
def regressor():
    zeros = {"kernel_initializer": "zeros", "use_bias": False}
    return compiled(L.Dense(1, **zeros), loss="mse", optimizer=keras.optimizers.SGD(0.1))


@pytest.fixture
def fewer_steps(monkeypatch):
    """For trainings that learn nothing, however long they are."""
    monkeypatch.setattr(overfitting, "STEPS", 20)


def trial_of(function, model, y, *arguments, seconds=60.0):
    batch = (X[:20], y[:20])
    with sandbox(model, Clock(seconds)) as trial:
        return function(trial, batch, *arguments)


def test_the_initial_loss_is_without_penalties(classifier):
    found = trial_of(initial_loss, classifier, CLASSES, output_facts(classifier))
    assert found.loss == pytest.approx(np.log(2), rel=1e-5)
    assert (found.expected, found.by) == (pytest.approx(np.log(2)), "ln 2")
    assert found.penalty == pytest.approx(0.01 * 6 * 0.01, rel=1e-5)


def test_the_initial_loss_of_numbers(regressor):
    y = NUMBERS + 3
    found = trial_of(initial_loss, regressor, y, output_facts(regressor))
    assert found.loss == pytest.approx(float((y[:20] ** 2).mean()), rel=1e-5)
    assert found.expected == pytest.approx(float(y[:20].var()), rel=1e-5)


def test_with_batch_normalization_it_is_that_of_training_mode():
    model = compiled(L.BatchNormalization(), L.Dense(1, kernel_initializer="ones"), loss="mse")
    batch = 100 * X[:20], np.zeros((20, 1), "float32")
    with sandbox(model, Clock(60)) as trial:
        found = initial_loss(trial, batch, output_facts(model))
    normalized = (batch[0] - batch[0].mean(axis=0)) / np.sqrt(batch[0].var(axis=0) + 1e-3)
    assert found.loss == pytest.approx(float((normalized.sum(axis=1) ** 2).mean()), rel=1e-3)


@pytest.mark.backend_neutral
def test_few_samples_are_learnt_by_heart(classifier):
    before = to_arrays(state_variables(classifier))
    arguments = output_facts(classifier), "SGD", 0.5
    found, _ = trial_of(overfit, classifier, CLASSES, *arguments)
    assert found.samples == 20
    assert found.first_loss == pytest.approx(np.log(2), rel=1e-5)
    assert found.last_loss < 0.5 * found.first_loss
    assert found.accuracy == 1
    assert found.rising is None
    own = found.attempts[0]
    assert (own.optimizer, own.learning_rate) == ("SGD", 0.5)
    for was, now in zip(before, to_arrays(state_variables(classifier)), strict=True):
        np.testing.assert_array_equal(now, was)


def test_larger_rates_are_tried_as_long_as_they_help(regressor, fewer_steps):
    found, _ = trial_of(overfit, regressor, NUMBERS, output_facts(regressor), "SGD", 1e-5)
    assert [round(a.learning_rate, 9) for a in found.attempts] == [1e-5, 1e-4, 1e-3, 3e-3]
    assert [a.optimizer for a in found.attempts] == ["SGD"] * 3 + ["Adam"]
    losses = [a.loss for a in found.attempts]
    assert losses[0] > losses[1] > losses[2]


def test_smaller_rates_are_tried_where_the_loss_explodes(regressor):
    found, _ = trial_of(overfit, regressor, NUMBERS, output_facts(regressor), "SGD", 10.0)
    assert found.attempts[0].loss is None or found.attempts[0].loss > found.first_loss
    assert found.attempts[-1].learning_rate == pytest.approx(0.1)
    assert found.last_loss < 0.1 * found.constant_loss
    assert found.last_error < found.first_error


class Ascends(keras.optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(-gradient, variable, learning_rate)


@pytest.mark.parametrize("optimizer", [Ascends(0.1), keras.optimizers.SGD(0.1)])
def test_a_loss_that_rises_at_any_rate(optimizer, fewer_steps):
    model = compiled(L.Dense(1, kernel_initializer="zeros"), loss="mse", optimizer=optimizer)
    found, _ = trial_of(overfit, model, NUMBERS, output_facts(model), "it", 0.1)
    assert found.rising is (True if isinstance(optimizer, Ascends) else None)


def test_time_that_is_over(regressor):
    with sandbox(regressor, Clock(1e-9)) as trial, pytest.raises(OutOfTime, match="seconds=1e-09"):
        initial_loss(trial, (X, NUMBERS), output_facts(regressor))


def test_a_paused_clock():
    clock = Clock(1e-9)
    with pytest.raises(OutOfTime):
        clock.check()
    clock = Clock(0.05)
    with clock.paused():
        time.sleep(0.1)
    clock.check()


def test_modes_of_dropout_and_of_lagging_statistics():
    # Answers are the sum of normalized inputs; in inference mode, at first, of the inputs.
    layers = L.BatchNormalization(trainable=True), L.Dense(1, kernel_initializer="ones")
    model = compiled(*layers, loss="mse")
    batch = 100 * X[:20], np.zeros((20, 1), "float32")
    with sandbox(model, Clock(60)) as trial:
        found = modes(trial, batch, 0.0)
    assert found.settled == pytest.approx(found.training, rel=1e-2)
    assert found.inference > 5 * found.settled
    assert found.spread < 1e-3 * found.training

    model = compiled(L.Dropout(0.5, seed=1), L.Dense(1, kernel_initializer="ones"), loss="mse")
    found = trial_of(modes, model, 0 * NUMBERS, 0.0)
    assert found.inference == found.settled
    assert found.training > found.inference
    assert found.spread > 0


def test_controls(regressor):
    given = given_data(X, NUMBERS)
    with sandbox(regressor, Clock(60)) as trial:
        found = controls(trial, given, 10, 0.1, seed=0, steps=50)
    variance = float((NUMBERS**2).mean())
    assert found.loss < 0.01 * variance
    assert found.zeroed_inputs == pytest.approx(variance, rel=0.3)
    assert found.permuted_targets > 0.5 * variance
    assert (found.steps, found.averaged) == (50, 40)
    assert found.relation > 3


def test_rates(regressor):
    with sandbox(regressor, Clock(60)) as trial:
        found = rates(trial, given_data(X, NUMBERS), 20, seed=0)
    assert found.diverged
    assert 1e-3 < found.suggestion < 0.5
    assert len(found.learning_rates) == len(found.losses)
    assert found.learning_rates[0] == pytest.approx(1e-6)
