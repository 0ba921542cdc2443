import inspect

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.callbacks import LearningRateLogger, ReduceOnPlateau
from kerasrecipes.callbacks.reduce_on_plateau import ScaledSchedule
from kerasrecipes.optimizers import DecayKernelsOnly, LayerwiseLearningRates, Lookahead
from kerasrecipes.schedules import LinearDecay
from kerasrecipes.training import ResumableCheckpoint

X = np.ones((2, 1), "float32")
LINEAR = {"initial_learning_rate": 1.0, "decay_steps": 20, "end_fraction": 0.0}


class Play(keras.callbacks.Callback):
    """Logs the given values as the metric `played`, one an epoch."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["played"] = self.values[epoch]


def compiled(optimizer):
    # With a gradient of 1 everywhere, plain descent moves the weight by the rate.
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((1, 1))])
    model.compile(optimizer, loss=lambda _, y: ops.mean(y))
    return model


def fit(model, values, callbacks, first=0):
    """Trains an epoch of one step for each value; returns the rates logged and the moves."""
    weights = []

    class Weights(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            weights.append(-float(self.model.get_weights()[0][0, 0]))

    history = model.fit(
        X, X, batch_size=2, epochs=len(values), initial_epoch=first, verbose=0,
        callbacks=[LearningRateLogger(), Weights(), Play(values), *callbacks],
    ).history  # fmt: skip
    return history["learning_rate"], np.diff([0.0, *weights])


def sgd(schedule=True):
    return keras.optimizers.SGD(LinearDecay(**LINEAR) if schedule else 1.0)


def rates(values, *, schedule=False, **options):
    plateau = ReduceOnPlateau("played", **{"factor": 0.5, "patience": 2, "mode": "min", **options})
    logged, moved = fit(compiled(sgd(schedule)), values, [plateau])
    np.testing.assert_allclose(moved, logged, atol=1e-6)
    return [round(rate, 6) for rate in logged]


FLAT = [1.0] * 8
NAN = float("nan")
CASES = {
    "patience": (FLAT, {}, [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125]),
    "a longer patience": (FLAT, {"patience": 4}, [1, 1, 1, 1, 1, 0.5, 0.5, 0.5]),
    "factor": (FLAT, {"factor": 0.1}, [1, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.001]),
    "cooldown": (FLAT, {"cooldown": 3}, [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]),
    "minimum": (FLAT, {"min_lr": 0.4}, [1, 1, 1, 0.5, 0.5, 0.4, 0.4, 0.4]),
    "improvement": ([5.0, 4, 3, 2, 2, 2, 1, 1], {}, [1, 1, 1, 1, 1, 1, 0.5, 0.5]),
    "too little": ([5.0, 4.9, 4.8, 4.7], {"min_delta": 0.5}, [1, 1, 1, 0.5]),
    "enough in the end": ([5.0, 4.8, 4.4, 4.4], {"min_delta": 0.5}, [1, 1, 1, 1]),
    "larger is better": ([1.0, 2, 3, 3, 3, 3], {"mode": "max"}, [1, 1, 1, 1, 1, 0.5]),
    "a first NaN": ([NAN, 3.0, 2, 1, 0], {}, [1, 1, 1, 1, 1]),
    "NaN is no improvement": ([1.0, NAN, NAN, NAN], {}, [1, 1, 1, 0.5]),
    "infinity": ([float("inf"), 3.0, 2, 1, 0], {}, [1, 1, 1, 1, 1]),
}


@pytest.mark.parametrize(
    ("metric", "values", "expected"),
    [
        (keras.metrics.BinaryAccuracy, [1.0, 2, 3, 3, 3, 3], [1, 1, 1, 1, 1, 0.5]),
        (keras.metrics.MeanAbsoluteError, [0.9, 0.5, 0.3, 0.1], [1, 1, 1, 1]),
        (keras.metrics.MeanAbsoluteError, [0.1, 0.3, 0.5, 0.9], [1, 1, 1, 0.5]),
    ],
)
def test_the_metric_tells_what_is_better(metric, values, expected):
    model = compiled(sgd(False))
    model.compile(model.optimizer, model.loss, metrics=[metric(name="played")])
    plateau = ReduceOnPlateau("played", factor=0.5, patience=2)
    assert fit(model, values, [plateau])[0] == pytest.approx(expected)


def test_what_no_metric_tells_is_refused():
    with pytest.raises(ValueError, match="'played' is better .* give `mode` as 'max' or 'min', or"):
        rates([1.0], mode="auto")


def test_every_argument_has_a_case():
    varied = {name for _, options, _ in CASES.values() for name in options} | {"monitor"}
    assert varied == set(inspect.signature(ReduceOnPlateau).parameters)


@pytest.mark.parametrize("name", CASES)
def test_rates_by_hand(name):
    values, options, expected = CASES[name]
    assert rates(values, **options) == expected


@pytest.mark.parametrize("name", ["patience", "cooldown", "a first NaN"])
def test_a_schedule_goes_on_as_much_lower(name):
    values, options, scales = CASES[name]
    expected = [scale * (1 - t / 20) for t, scale in enumerate(scales)]
    np.testing.assert_allclose(rates(values, schedule=True, **options), expected, rtol=1e-5)


def test_what_a_schedule_itself_gives_may_be_below_the_minimum():
    received = rates([1.0] * 20, schedule=True, patience=1, min_lr=0.4)
    linear = 1 - np.arange(20) / 20
    expected = np.maximum(linear * 0.25, np.minimum(linear, 0.4))
    expected[:3] = linear[:2].tolist() + [0.45]
    np.testing.assert_allclose(received, expected, rtol=1e-5)


def test_equals_keras_where_keras_works():
    values = np.random.default_rng(0).normal(size=30).tolist()
    for options in ({}, {"patience": 1, "cooldown": 2}, {"min_delta": 0.3, "min_lr": 0.1}):
        options = {"factor": 0.5, "patience": 2, "mode": "min", **options}
        theirs = keras.callbacks.ReduceLROnPlateau("played", **options)
        expected, _ = fit(compiled(sgd(False)), values, [theirs])
        assert rates(values, **options) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "wrap",
    [
        keras.optimizers.LossScaleOptimizer,
        lambda optimizer: Lookahead(optimizer, slow_step_size=1.0),
        DecayKernelsOnly,
        lambda optimizer: Lookahead(LayerwiseLearningRates(optimizer, [1.0]), slow_step_size=1.0),
        lambda optimizer: keras.optimizers.LossScaleOptimizer(DecayKernelsOnly(optimizer)),
    ],
)
@pytest.mark.parametrize("schedule", [False, True])
def test_under_wrappers(wrap, schedule):
    plateau = ReduceOnPlateau("played", factor=0.5, patience=2, mode="min")
    logged, moved = fit(compiled(wrap(sgd(schedule))), FLAT, [plateau])
    scales = np.array(CASES["patience"][2])
    expected = scales * (1 - np.arange(8) / 20) if schedule else scales
    np.testing.assert_allclose(logged, expected, rtol=1e-5)
    np.testing.assert_allclose(moved, expected, atol=1e-6)


@pytest.mark.parametrize("schedule", [False, True])
def test_a_resumed_run_equals_an_unbroken_one(schedule, tmp_path):
    def train(path, epochs):
        plateau = ReduceOnPlateau("played", factor=0.5, patience=2, mode="min", cooldown=1)
        model, checkpoint = compiled(sgd(schedule)), ResumableCheckpoint(path, [plateau])
        first = checkpoint.restore(model)
        logged, _ = fit(model, [1.0] * epochs, [plateau, checkpoint], first)
        return logged, model.get_weights()[0]

    whole, weights = train(tmp_path / "whole.npz", 12)
    # Breaks in mid-patience, right after a reduction, and within a cooldown.
    parts = [train(tmp_path / "parts.npz", epochs) for epochs in (2, 3, 7, 12)]
    assert [rate for part in parts for rate in part[0]] == whole
    np.testing.assert_array_equal(parts[-1][1], weights)
    assert min(whole) < 0.2


def test_a_second_fit_goes_on_from_the_lower_rate_and_counts_anew():
    model = compiled(sgd())
    plateau = ReduceOnPlateau("played", factor=0.5, patience=2, mode="min")
    fit(model, [1.0] * 4, [plateau])
    logged, _ = fit(model, [2.0] * 4, [plateau])
    expected = [scale * (1 - t / 20) for t, scale in enumerate([0.5, 0.5, 0.5, 0.25], start=4)]
    np.testing.assert_allclose(logged, expected, rtol=1e-5)
    assert fit(compiled(sgd()), [1.0], [plateau])[0] == [1.0], "of another model"


def test_a_model_saved_after_a_reduction_keeps_its_schedule(tmp_path):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(sgd(), "mse")
    fit(model, [1.0] * 4, [ReduceOnPlateau("played", factor=0.5, patience=2, mode="min")])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").optimizer
    assert float(loaded.learning_rate) == pytest.approx(0.5 * (1 - 4 / 20))


def test_each_part_of_a_multi_optimizer_is_reduced():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    parts = keras.optimizers.SGD(0.5, name="one"), keras.optimizers.SGD(0.1, name="other")
    chosen = keras.optimizers.OptimizerMap(parts[0], {".*bias": parts[1]})
    model.compile(keras.optimizers.MultiOptimizer(chosen), "mse")
    plateau = ReduceOnPlateau("played", factor=0.5, patience=1, mode="min", min_lr=0.08)
    log = model.fit(X, X, epochs=4, verbose=0,
                    callbacks=[LearningRateLogger(), Play(FLAT), plateau]).history  # fmt: skip
    assert log["learning_rate_one"] == pytest.approx([0.5, 0.5, 0.25, 0.125])
    assert log["learning_rate_other"] == pytest.approx([0.1, 0.1, 0.08, 0.08])


def test_an_unknown_quantity():
    with pytest.raises(ValueError, match="`monitor` must be one of .* Did you mean 'played'"):
        fit(compiled(sgd()), [1.0], [ReduceOnPlateau("plaid")])


@keras.saving.register_keras_serializable(package="test_reduce_on_plateau")
def always_a_tenth():
    return 0.1


def test_a_learning_rate_that_is_another_callable():
    model = compiled(keras.optimizers.SGD(always_a_tenth))
    with pytest.raises(TypeError, match="must be a number or a `LearningRateSchedule`"):
        model.fit(X, X, verbose=0, callbacks=[ReduceOnPlateau("loss")])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"factor": 1.0}, r"`factor` must be a number in \(0, 1\)"),
        ({"factor": 0}, r"`factor` must be a number in \(0, 1\)"),
        ({"patience": 0}, "`patience` must be an integer of at least 1"),
        ({"mode": "lower"}, "`mode` must be one of 'auto', 'min', 'max'"),
        ({"min_delta": -1e-4}, "`min_delta` must be a number of at least 0"),
        ({"cooldown": -1}, "`cooldown` must be an integer of at least 0"),
        ({"min_lr": -1.0}, "`min_lr` must be a number of at least 0"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        ReduceOnPlateau(**options)


def test_a_scaled_schedule_by_hand():
    schedule = ScaledSchedule(LinearDecay(**LINEAR), factor=0.5, minimum=0.3)
    copy = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    for one in (schedule, copy):
        received = [float(one(step)) for step in (0, 4, 10, 14, 16, 20)]
        np.testing.assert_allclose(received, [0.5, 0.4, 0.3, 0.3, 0.2, 0.0], atol=1e-7)
    for options in ({"factor": 0}, {"factor": 2}, {"factor": 1, "minimum": -1}):
        with pytest.raises(ValueError, match="must be a number"):
            ScaledSchedule(LinearDecay(**LINEAR), **options)
