import time

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import TimeStopping, time_stopping
from kerasrecipes.training import ResumableCheckpoint
from kerasrecipes.training.resuming.carried_state import check_carried

X = np.ones((2, 1), "float32")


class Clock:
    """A clock that `Epochs` moves on."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


class Epochs(keras.callbacks.Callback):
    """Lets epochs last as many seconds as given."""

    def __init__(self, clock, seconds):
        super().__init__()
        self.clock, self.seconds = clock, seconds

    def on_epoch_begin(self, epoch, logs=None):
        self.clock.now += self.seconds[epoch]


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time_stopping, "time", clock)
    return clock


def model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def fit(stopping, clock, seconds, callbacks=(), first=0, trained=None):
    """Trains until it is stopped, and returns the number of epochs."""
    history = (trained or model()).fit(
        X, X, epochs=len(seconds), initial_epoch=first, verbose=0,
        callbacks=[Epochs(clock, seconds), stopping, *callbacks],
    )  # fmt: skip
    return len(history.epoch)


def epochs_of(stopping, clock, seconds):
    """Returns the number of epochs until a callback stops, without training anything."""

    class Stoppable:
        stop_training = False

    stopping.set_model(Stoppable())
    stopping.on_train_begin()
    for number, duration in enumerate(seconds, start=1):
        clock.now += duration
        stopping.on_epoch_end(number - 1)
        if stopping.model.stop_training:
            return number
    return len(seconds)


@pytest.mark.parametrize(
    ("seconds", "limit", "epochs"),
    [
        ([10] * 10, 60, 6),
        ([10] * 10, 59, 5),
        ([10] * 10, 61, 6),
        ([40, 10, 10, 10], 60, 3),
        # The first epoch compiles and tells nothing about the second.
        ([40, 10, 10, 10], 75, 4),
        ([40, 10, 10, 10], 40, 1),
        ([10, 10, 20, 20, 20], 70, 4),
        ([10] * 3, 1e6, 3),
        ([10] * 3, 0.5, 1),
    ],
)
def test_the_epoch_that_would_end_too_late_is_not_begun(clock, seconds, limit, epochs):
    stopping = TimeStopping(limit)
    assert epochs_of(stopping, clock, seconds) == epochs
    assert stopping.spent_seconds == pytest.approx(sum(seconds[:epochs]))
    assert stopping.spent_seconds <= limit or epochs == 1


def test_a_second_fit_has_the_whole_time_again(clock):
    stopping, trained = TimeStopping(30), model()
    assert [fit(stopping, clock, [10] * 9, trained=trained) for _ in range(2)] == [3, 3]


def test_a_resumed_run_has_the_time_that_is_left(clock, tmp_path):
    epochs = []
    for count in (2, 4, 20):
        stopping, trained = TimeStopping(80), model()
        checkpoint = ResumableCheckpoint(tmp_path / "checkpoint.npz", [stopping])
        first = checkpoint.restore(trained)
        epochs.append(fit(stopping, clock, [10] * count, [checkpoint], first, trained))
        # Between the runs, and on another machine whose clock began anew, nothing counts.
        clock.now = 7.0
    assert epochs == [2, 2, 4]
    checkpoint = ResumableCheckpoint(tmp_path / "checkpoint.npz", [TimeStopping(80)])
    checkpoint.restore(model())
    assert checkpoint.stopped


def test_it_may_stand_beside_checkpoints_within_epochs():
    stopping = TimeStopping()
    stopping.on_train_begin()
    check_carried([stopping])


def test_the_real_clock():
    class Slow(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            time.sleep(0.2)

    began = time.monotonic()
    stopping = TimeStopping(0.5)
    model().fit(X, X, epochs=1000, verbose=0, callbacks=[Slow(), stopping])
    assert 0.2 <= stopping.spent_seconds <= time.monotonic() - began


@pytest.mark.parametrize("seconds", [0, -1.0, float("inf")])
def test_seconds_are_checked(seconds):
    with pytest.raises(ValueError, match="`seconds` must be a number greater than 0"):
        TimeStopping(seconds)
