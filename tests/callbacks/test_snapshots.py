import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import Snapshots
from kerasrecipes.callbacks.cycles import cycle_ends, cycle_epochs
from kerasrecipes.schedules import Cyclic, OneCycle

X = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
Y = np.array([0, 1] * 8)
Restarts = keras.optimizers.schedules.CosineDecayRestarts


def fit(schedule, snapshots, epochs=3, **options):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(schedule), loss, **options)
    callbacks = snapshots if isinstance(snapshots, list) else [snapshots]
    model.fit(X, Y, 4, epochs=epochs, shuffle=False, callbacks=callbacks, verbose=0)
    return model


def sgd_by_numpy(schedule, steps):
    """The kernels and biases of the same training after every step."""
    model = fit(schedule, [], epochs=0)
    kernel, bias = (w.astype("float64") for w in model.get_weights())
    found = []
    for step in range(steps):
        rows = slice(4 * step % 16, 4 * step % 16 + 4)
        x, one_hot = X[rows].astype("float64"), np.eye(2)[Y[rows]]
        logits = x @ kernel + bias
        p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
        rate = float(schedule(step))
        kernel = kernel - rate * x.T @ (p - one_hot) / 4
        bias = bias - rate * (p - one_hot).mean(0)
        found.append((kernel, bias))
    return found


@pytest.mark.parametrize(
    ("schedule", "steps", "ends"),
    [
        (lambda: Restarts(0.1, 10, t_mul=1.0), 40, [10, 20, 30, 40]),
        (lambda: Restarts(0.1, 10, t_mul=2.0, m_mul=0.5), 69, [10, 30]),
        (lambda: Cyclic(0.001, 0.1, half_cycle_steps=5), 30, [11, 21]),
        (lambda: Cyclic(0.001, 0.1, 50_000, "triangular2"), 210_000, [100_001, 200_001]),
        (lambda: OneCycle(0.1, 50, warmup_steps=10), 50, []),
        (lambda: keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9), 50, []),
    ],
)
def test_cycles_end_at_the_minima_of_the_schedule(schedule, steps, ends):
    assert cycle_ends(schedule(), steps) == ends


@pytest.mark.parametrize(
    ("rate", "steps_per_epoch", "expected"),
    [
        (lambda: Restarts(0.1, 20, t_mul=1.0), 10, [2, 4, 6]),
        (lambda: Cyclic(0.001, 0.1, half_cycle_steps=20), 10, [4]),  # Its minima: one step later.
        (lambda: Restarts(0.1, 15, t_mul=1.0), 10, [3, 6]),  # Those within an epoch do not count.
        (lambda: Restarts(0.1, 5, t_mul=1.0), 10, [1, 2, 3, 4, 5, 6]),
        (lambda: OneCycle(0.1, 60, warmup_steps=10), 10, []),
        (lambda: 0.1, 10, []),
    ],
)
def test_cycles_end_with_epochs(rate, steps_per_epoch, expected):
    optimizer = keras.optimizers.SGD(rate())
    assert cycle_epochs(optimizer, steps_per_epoch, epochs=6) == expected


def test_a_schedule_of_single_steps_has_the_same_ends():
    class Saw(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 1.0 - 0.1 * (int(step) % 7)

    assert cycle_ends(Saw(), 21) == [7, 14, 21]


def test_snapshots_are_the_weights_after_the_last_step_of_each_cycle():
    schedule, snapshots = Restarts(0.5, 6, t_mul=1.0), Snapshots()
    model = fit(schedule, snapshots)
    assert snapshots.steps == [6, 12]
    expected = sgd_by_numpy(schedule, 12)
    for step, arrays in zip(snapshots.steps, snapshots.snapshots, strict=True):
        for array, reference in zip(arrays, expected[step - 1], strict=False):
            np.testing.assert_allclose(array, reference, atol=1e-5)
    np.testing.assert_array_equal(snapshots.snapshots[-1][0], model.get_weights()[0])


def test_training_is_the_same_with_them():
    schedule = Restarts(0.5, 5, t_mul=1.0)
    with_them, without = fit(schedule, Snapshots()), fit(schedule, [])
    for one, other in zip(with_them.get_weights(), without.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_last_ones_are_kept_and_a_new_training_begins_anew():
    snapshots = Snapshots(keep=2)
    fit(Restarts(0.5, 4, t_mul=1.0), snapshots)
    assert (snapshots.steps, len(snapshots.snapshots)) == ([8, 12], 2)
    fit(Restarts(0.5, 6, t_mul=1.0), snapshots)
    assert snapshots.steps == [6, 12]


def test_a_training_that_goes_on_counts_on():
    snapshots = Snapshots()
    model = fit(Restarts(0.5, 6, t_mul=1.0), snapshots)
    model.fit(X, Y, 4, epochs=3, shuffle=False, callbacks=[snapshots], verbose=0)
    assert snapshots.steps == [6, 12, 18, 24]


@pytest.mark.parametrize(
    ("schedule", "keep", "options", "message"),
    [
        (lambda: 0.1, None, {}, "1 or more cycles end within the 12 steps.*with 0 cycles"),
        (lambda: OneCycle(0.1, 12, warmup_steps=4), None, {}, "Received: OneCycle, with 0 cycles"),
        (lambda: Restarts(0.1, 6, t_mul=1.0), 3, {}, "3 or more cycles.*with 2 cycles"),
        # On PyTorch, Keras itself refuses it.
        (
            lambda: Restarts(0.1, 6, t_mul=1.0),
            None,
            {"steps_per_execution": 2},
            "single steps|must be 1 with the PyTorch backend",
        ),
    ],
)
def test_what_cannot_be_taken_is_told(schedule, keep, options, message):
    with pytest.raises(ValueError, match=message):
        fit(schedule(), Snapshots(keep), **options)


def test_keep_is_checked():
    with pytest.raises(ValueError, match="`keep` must be an integer of at least 1"):
        Snapshots(keep=0)
