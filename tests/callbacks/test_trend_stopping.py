import keras
import numpy as np
import pytest
from scipy.stats import kendalltau

from kerasrecipes.callbacks import TrendStopping
from kerasrecipes.callbacks.trend_stopping import rises
from kerasrecipes.training import ResumableCheckpoint

X = np.ones((2, 1), "float32")
NAN = float("nan")


class Play(keras.callbacks.Callback):
    """Logs the given values as the metric `played`, one an epoch."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["played"] = float(self.values[epoch])


def model(metrics=()):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=list(metrics))
    return model


def epochs(values, stopping, callbacks=(), trained=None, first=0):
    """Returns the number of epochs until the training is stopped."""
    history = (trained or model()).fit(
        X, X, epochs=len(values), initial_epoch=first, verbose=0,
        callbacks=[Play(values), stopping, *callbacks],
    )  # fmt: skip
    return len(history.epoch)


def trend(**options):
    return TrendStopping("played", **{"mode": "max", "window_epochs": 4, "patience": 2, **options})


def stopped_at(stopping, values):
    """Returns the epoch in which a callback stops, without training anything."""

    class Stoppable:
        stop_training = False
        metrics = ()

    stopping.set_model(Stoppable())
    stopping.on_train_begin()
    for epoch, value in enumerate(values, start=1):
        stopping.on_epoch_end(epoch - 1, {"played": value})
        if stopping.model.stop_training:
            return epoch
    return len(values)


@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        ([1.0] * 9, {}, 5),
        ([1.0] * 9, {"patience": 3}, 6),
        ([1.0] * 9, {"window_epochs": 6}, 7),
        (range(9), {}, 9),
        (range(9), {"mode": "min"}, 5),
        (range(9, 0, -1), {"mode": "min"}, 9),
        # Four values rise by chance once in 24 times, which is too often for this confidence.
        (range(9), {"confidence": 0.999, "window_epochs": 8}, 9),
        # A single lucky epoch neither is a trend nor a mark that others must reach.
        ([0, 1, 2, 99, 4, 5, 6, 7, 8, 9, 10, 11, 12], {"window_epochs": 8}, 13),
        ([1, 1, 1, 1, 9, 1, 1, 1, 1], {}, 5),
        ([NAN] * 9, {}, 5),
        ([0, NAN, 2, 3, 4, NAN, 6, 7, 8], {"window_epochs": 8}, 9),
        ([float("inf")] + [1.0] * 8, {"mode": "min"}, 5),
    ],
)
def test_when_it_stops(values, options, expected):
    assert stopped_at(trend(**options), list(values)) == expected


def test_the_decision_is_that_of_kendall_s_exact_test():
    rng = np.random.default_rng(3)
    decided = set()
    for _ in range(300):
        n = int(rng.integers(5, 25))
        values = rng.normal(size=n) + rng.uniform(-0.1, 0.3) * np.arange(n)
        p_value = kendalltau(np.arange(n), values, alternative="greater", method="exact").pvalue
        # The interval's bounds are those of the nearest pairs, and so a little to either side.
        if not 0.02 < p_value < 0.08:
            assert rises(values, 0.95) == (p_value < 0.05), (n, p_value)
            decided.add(bool(p_value < 0.05))
    assert decided == {True, False}


def test_flat_noise_seldom_rises_and_a_slope_beyond_it_mostly_does():
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(1000, 20))
    false = np.mean([rises(row, 0.95) for row in noise])
    found = np.mean([rises(row + 0.15 * np.arange(20), 0.95) for row in noise])
    assert 0.02 < false < 0.08
    assert found > 0.9


def test_slow_progress_is_not_taken_for_none_as_by_keras_s_own():
    # For 60 epochs a fifth of the noise each; then nothing but noise.
    level = np.minimum(np.arange(140), 60) / 5
    ours, theirs = [], []
    for seed in range(60):
        values = level + np.random.default_rng(seed).normal(size=140)
        ours.append(stopped_at(TrendStopping("played", mode="max"), values))
        keras_s = keras.callbacks.EarlyStopping("played", patience=10, mode="max")
        theirs.append(stopped_at(keras_s, values))
    assert np.mean(np.array(theirs) < 60) > 0.15
    assert np.mean(np.array(ours) < 60) < 0.05
    assert np.median(ours) < 85


def test_the_metric_tells_what_is_better():
    metric = keras.metrics.MeanAbsoluteError(name="played")
    falling, stopping = list(range(9, 0, -1)), trend(mode="auto")
    assert epochs(falling, stopping, trained=model([metric])) == 9
    with pytest.raises(ValueError, match="'played' is better .* give `mode` as 'max' or 'min', or"):
        epochs([1.0] * 9, trend(mode="auto"))


def test_a_second_fit_counts_anew():
    stopping, trained = trend(), model()
    assert [epochs([1.0] * 9, stopping, trained=trained) for _ in range(2)] == [5, 5]


def test_a_resumed_run_equals_an_unbroken_one(tmp_path):
    values = [0, 1, 2, 3, 4, 5, 5.1, 4.9, 5.0, 5.1, 4.8, 5, 5, 5, 5, 5]
    stopping = trend(window_epochs=5, patience=3)
    whole = epochs(values, stopping)
    assert 8 < whole < 14
    total = 0
    for count in (3, 7, whole - 1, len(values)):
        stopping, trained = trend(window_epochs=5, patience=3), model()
        checkpoint = ResumableCheckpoint(tmp_path / "checkpoint.npz", [stopping])
        first = checkpoint.restore(trained)
        assert first == total
        total += epochs(values[:count], stopping, [checkpoint], trained, first)
    assert total == whole


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window_epochs": 3}, "`window_epochs` must be an integer of at least 4"),
        ({"patience": 0}, "`patience` must be an integer of at least 1"),
        ({"confidence": 0.5}, r"`confidence` must be a number in \(0.5, 1\)"),
        ({"confidence": 1.0}, r"`confidence` must be a number in \(0.5, 1\)"),
        ({"mode": "lower"}, "`mode` must be one of 'auto', 'min', 'max'"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        TrendStopping(**options)


def test_an_unknown_quantity():
    with pytest.raises(ValueError, match="`monitor` must be one of .* Did you mean 'played'"):
        epochs([1.0], TrendStopping("plaid"))
