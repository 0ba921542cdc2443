"""What is recorded beside the looks: answers, losses, weights, and the time that it may take."""

import keras
import numpy as np
import pytest

from kerasrecipes.diagnostics.looking.answers import predictions
from kerasrecipes.diagnostics.looking.budget import Budget, is_worth_compiling
from kerasrecipes.diagnostics.looking.good_weights import GoodWeights
from kerasrecipes.diagnostics.looking.logged import MOST_STEPS, StepLosses
from kerasrecipes.diagnostics.looking.statistics_of_layers import layer_statistics
from tests.diagnostics.training import data, network, state

backend_neutral = pytest.mark.backend_neutral


@backend_neutral
@pytest.mark.parametrize(
    ("answers", "targets", "options", "expected"),
    [
        ([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], [0, 1, 1], {}, (2 / 3, 2 / 3, 2 / 3)),
        ([[0.9, 0.1], [0.8, 0.2]], [[1, 0], [0, 1]], {}, (1.0, 0.5, 0.5)),
        ([[0.2], [0.4], [0.6]], [[0], [1], [1]], {}, (2 / 3, 2 / 3, 2 / 3)),
        ([[0.2], [0.4], [-0.1]], [0, 1, 1], {"from_logits": True}, (2 / 3, 2 / 3, 1 / 3)),
        ([[0.2], [0.4], [-0.1]], [-1, 1, 1], {}, (2 / 3, 2 / 3, 1 / 3)),
        # Two places of a sequence are two samples.
        ([[[0.9, 0.1], [0.1, 0.9]]], [[0, 0]], {}, (0.5, 1.0, 0.5)),
    ],
)
def test_classes_are_told_by_the_targets(answers, targets, options, expected):
    found = predictions(np.array(answers), np.array(targets), **options)
    assert (found.top_share, found.target_top_share, found.accuracy) == pytest.approx(expected)
    assert found.correlation is None


@backend_neutral
def test_numbers_have_no_classes():
    answers = np.array([[1.0], [2.0], [4.0]])
    found = predictions(answers, np.array([2.0, 4.0, 8.5]))
    assert found.accuracy is found.top_share is None
    assert found.correlation == pytest.approx(np.corrcoef(answers[:, 0], [2, 4, 8.5])[0, 1])
    assert predictions(answers, np.ones(3) * 5).correlation is None
    assert predictions(np.full((3, 1), np.nan)).minimum is None
    half = predictions(np.array([[1.0], [np.inf]]), np.array([0, 1]))
    assert (half.maximum, half.std, half.accuracy) == (1.0, None, None)
    assert predictions(answers, np.array(["a", "b", "c"])).mean == pytest.approx(7 / 3)


@backend_neutral
def test_units_are_dead_over_all_samples_and_positions():
    outputs = np.ones((2, 3, 4))
    outputs[:, :, 0] = 0
    outputs[0, :, 1] = 0
    assert layer_statistics(outputs, "relu").dead_fraction == 0.25
    moved = np.moveaxis(outputs, -1, 1)
    assert layer_statistics(moved, "relu", channel_axis=1).dead_fraction == 0.25
    assert layer_statistics(outputs, "leaky_relu").dead_fraction is None


@backend_neutral
@pytest.mark.parametrize("kind", ["outputs", "kernel", "gradient"])
def test_what_is_not_finite_is_none(kind):
    bad = np.array([1.0, np.inf])
    found = layer_statistics(
        bad if kind == "outputs" else np.ones((2, 1)),
        gradient_norm=np.nan if kind == "gradient" else 1.0,
        kernel=bad if kind == "kernel" else np.ones(2),
    )
    assert not found.finite
    assert (found.mean is None) == (kind == "outputs")
    assert (found.weight_norm is None) == (kind == "kernel")
    assert (found.gradient_norm is None) == (kind == "gradient")


@backend_neutral
def test_losses_of_steps_come_in_any_order_and_are_thinned():
    losses = StepLosses(planned_steps=4000)
    for epoch in range(2):
        true = np.arange(2000.0) + 5000 * epoch
        means = np.cumsum(true) / np.arange(1, 2001)
        for step in np.random.default_rng(epoch).permutation(2000):
            losses.add(int(step) + 1, float(means[step]))
        losses.end_epoch()
    values = losses.values
    assert values["step"] == [float(step) for step in range(4, 4001, 4)]
    assert len(values["step"]) == MOST_STEPS
    assert values["loss"][:2] == pytest.approx([1.5, 5.5])  # Of steps 1 to 4 and 5 to 8.
    assert values["loss"][500:502] == pytest.approx([5001.5, 5005.5])
    assert losses.steps == 4000


@backend_neutral
def test_the_first_bad_step_is_the_least_one():
    losses = StepLosses()
    losses.add(1, 1.0)
    losses.end_epoch()
    for step in (3, 2, 1):
        losses.add(step, float("nan") if step > 1 else 2.0)
    assert losses.bad_step == 3
    losses.end_epoch()
    assert losses.values == {"step": [1.0, 2.0, 3.0, 4.0], "loss": [1.0, 2.0, None, None]}
    assert StepLosses().values == {}


class _Clock:
    now = 0.0

    def __call__(self):
        return self.now


@backend_neutral
def test_looks_take_at_most_two_percent_beyond_the_first_second():
    clock = _Clock()
    budget, looks = Budget(clock), 0
    for epoch in range(1, 401):
        clock.now += 10
        if budget.is_due(epoch) and budget.allows(5.0):
            with budget.spending():
                clock.now += 5
            budget.looked(epoch)
            looks += 1
    assert looks > 5
    assert budget.spent <= 1 + 0.02 * 4000


@backend_neutral
def test_what_is_free_is_neither_spent_nor_elapsed():
    clock = _Clock()
    budget = Budget(clock)
    with budget.spending(free=True):
        clock.now += 100
    assert (budget.spent, budget.elapsed, budget.last) == (0, 0, 100)
    assert budget.allows(1.0)
    assert not budget.allows(1.1)


@backend_neutral
def test_looks_are_further_and_further_apart():
    budget = Budget(_Clock())
    due = []
    for epoch in range(1, 40):
        if budget.is_due(epoch):
            due.append(epoch)
            budget.looked(epoch)
    assert due == [1, 2, 3, 4, 6, 8, 11, 15, 20, 26, 34]


@backend_neutral
@pytest.mark.parametrize(
    ("layers", "first_step", "training", "worth"),
    [
        (12, 99.0, 1.0, True),
        (13, 1.0, 299.0, False),
        (13, 15.0, 300.0, True),
        (13, 15.1, 300.0, False),
        (13, None, 1000.0, False),
    ],
)
def test_a_network_must_be_small_or_the_training_long(layers, first_step, training, worth):
    assert is_worth_compiling(layers, first_step, training) is worth


def test_good_weights_come_back_with_the_optimizers_state():
    model = network()
    model.fit(*data(), verbose=0)
    good = GoodWeights(model)
    assert not good.restore()
    good.keep(1)
    before = state(model)
    model.fit(*data(), verbose=0)
    model.set_weights([array * np.nan for array in model.get_weights()])
    good.keep(2)  # Not kept: it is bad.
    assert good.epoch == 1
    assert good.restore()
    assert all(np.array_equal(*pair) for pair in zip(before, state(model), strict=True))


def test_an_optimizer_that_was_not_built_gets_zeros_in_place_of_nan():
    model = network()
    good = GoodWeights(model)
    good.keep(0)
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    slot = model.optimizer.variables[-1]
    slot.assign(np.full(slot.shape, np.nan))
    good.restore()
    assert np.array_equal(keras.ops.convert_to_numpy(slot), np.zeros(slot.shape))
