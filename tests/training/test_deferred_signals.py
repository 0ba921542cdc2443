import signal
import threading

import keras
import numpy as np
import pytest

from kerasrecipes.cli.exits import clean_exit
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.resuming.deferred_signals import DeferredSignals
from kerasrecipes.training.run import Run
from kerasrecipes.training.training import train

BOTH = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def raising():
    """Handlers that raise, as those of a command do, with the name of the signal."""

    def handle(number, frame):
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = {number: signal.signal(number, handle) for number in BOTH}
    yield handle
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", BOTH)
def test_a_signal_waits_until_it_is_delivered_and_a_second_one_kills(number, raising):
    with DeferredSignals() as signals:
        signals.deliver()
        signal.raise_signal(number)
        assert signals.received == number
        assert [signal.getsignal(each) for each in BOTH] == [signal.SIG_DFL] * 2
        with pytest.raises(KeyboardInterrupt, match=number.name):
            signals.deliver()
    assert [signal.getsignal(each) for each in BOTH] == [raising] * 2


def test_a_signal_that_nobody_asked_for_is_delivered_at_the_end(raising):
    signals = DeferredSignals()
    signals.__enter__()
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt, match="SIGINT"):
        signals.__exit__(None, None, None)
    assert [signal.getsignal(each) for each in BOTH] == [raising] * 2


def test_ignored_signals_and_other_threads_are_left_alone():
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def work():
        with DeferredSignals():
            seen.append(signal.getsignal(signal.SIGTERM))

    seen = []
    with DeferredSignals() as signals:
        signal.raise_signal(signal.SIGINT)
        assert signals.received is None
        seen.append(signal.getsignal(signal.SIGTERM))
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == [signals._receive] * 2


class SignalAt(keras.callbacks.Callback):
    """Sends a signal within a step, or in the validation after it."""

    def __init__(self, hook: str, number: signal.Signals):
        super().__init__()
        self.number, self.pending = number, True
        setattr(self, hook, self.strike)

    def strike(self, batch, logs=None):
        if self.pending and batch == 1:
            self.pending = False
            signal.raise_signal(self.number)


RECIPE = Recipe(
    data=use("Digits", classes=[0, 1, 2], examples_per_class=30),
    model=use("MLP", units=[4]),
    batch_size=8,
    epochs=2,
    monitor=None,
)


def test_a_training_ends_after_the_step_or_the_validation_and_goes_on_from_there(tmp_path, capsys):
    whole = train(RECIPE, directory=tmp_path, name="whole", verbose=0)
    for name, hook, number, code, minutes, logged in [
        ("step", "on_train_batch_end", signal.SIGTERM, 143, None, 0),
        ("within", "on_train_batch_end", signal.SIGINT, 130, 60, 0),
        ("validation", "on_test_batch_begin", signal.SIGTERM, 143, None, 1),
    ]:
        recipe = RECIPE.replace({"checkpoint_minutes": minutes})
        strike = SignalAt(hook, number)
        with pytest.raises(SystemExit) as end, clean_exit(debug=False, when_stopped="Go on."):
            train(recipe, directory=tmp_path, name=name, verbose=0, callbacks=[strike])
        assert end.value.code == code
        assert capsys.readouterr().err.endswith("\nGo on.\n")
        (folder,) = tmp_path.glob(f"{name}-*")
        assert not Run(folder).finished
        assert len(Run(folder).history) == logged
        assert bool(list(folder.glob("checkpoint/within-epoch-*"))) == (minutes is not None)
        run = train(recipe, directory=tmp_path, name=name, verbose=0)
        assert run.metrics == whole.metrics
        for ours, theirs in zip(
            run.load_model().get_weights(), whole.load_model().get_weights(), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)


def test_callbacks_that_cannot_be_carried_over_are_refused_before_anything_is_written(tmp_path):
    recipe = RECIPE.replace({"checkpoint_minutes": 5, "callbacks": ["TerminateOnNaN"]})
    with pytest.raises(ValueError, match="TerminateOnNaN cannot be carried over"):
        train(recipe, directory=tmp_path, verbose=0)
    assert list(tmp_path.iterdir()) == []
