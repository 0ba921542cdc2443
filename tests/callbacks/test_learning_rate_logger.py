import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import LearningRateLogger
from kerasrecipes.optimizers import GradientCentralization, Lookahead, Momentum
from kerasrecipes.schedules import LinearDecay, OneCycle, StepDecay, Warmup
from kerasrecipes.training import EpochLog

X = np.zeros((4, 1), "float32")
CYCLE = OneCycle(0.1, total_steps=6, warmup_steps=2, initial_fraction=0.1, final_fraction=0.01,
                 shape="linear")  # fmt: skip
RATES = [0.01, 0.1, 0.0505]
MOMENTA = [0.95, 0.85, 0.9]

# Two steps an epoch.
CASES = {
    "a number": (lambda: keras.optimizers.Adam(0.1), [0.1] * 3, None),
    "no momentum": (lambda: keras.optimizers.SGD(0.1), [0.1] * 3, None),
    "momentum": (lambda: keras.optimizers.SGD(0.1, momentum=0.9), [0.1] * 3, [0.9] * 3),
    "of RMSprop": (lambda: keras.optimizers.RMSprop(0.1, momentum=0.5), [0.1] * 3, [0.5] * 3),
    "steps": (lambda: keras.optimizers.Adam(StepDecay(0.1, 0.5, 2)), [0.1, 0.05, 0.025], None),
    "warmup": (
        lambda: keras.optimizers.Adam(Warmup(0.1, 4, initial_fraction=0.5)),
        [0.05, 0.075, 0.1],
        None,
    ),
    "Keras's": (
        lambda: keras.optimizers.Adam(keras.optimizers.schedules.PolynomialDecay(0.4, 4, 0.0)),
        [0.4, 0.2, 0.0],
        None,
    ),
    "both on schedules": (lambda: Momentum(CYCLE, momentum=CYCLE.momentum()), RATES, MOMENTA),
    "loss scale": (
        lambda: keras.optimizers.LossScaleOptimizer(Momentum(CYCLE, momentum=CYCLE.momentum())),
        RATES,
        MOMENTA,
    ),
    "a wrapper": (lambda: Lookahead(Momentum(CYCLE, momentum=CYCLE.momentum())), RATES, MOMENTA),
    "another": (
        lambda: GradientCentralization(Momentum(CYCLE, momentum=CYCLE.momentum())),
        RATES,
        MOMENTA,
    ),
    "two of them": (
        lambda: Lookahead(GradientCentralization(keras.optimizers.SGD(LinearDecay(0.1, 4, 0.0)))),
        [0.1, 0.05, 0.0],
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_first_step_s_rates_of_every_epoch(name, tmp_path):
    make, learning_rates, momenta = CASES[name]
    for callback in (LearningRateLogger(), EpochLog(tmp_path / "history.csv")):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile(make(), "mse")
        log = model.fit(X, X, batch_size=2, epochs=3, callbacks=[callback], verbose=0).history
        np.testing.assert_allclose(log["learning_rate"], learning_rates, rtol=1e-6, atol=1e-9)
        if momenta is None:
            assert "momentum" not in log
        else:
            np.testing.assert_allclose(log["momentum"], momenta, rtol=1e-6)


def test_what_another_callback_logs_is_kept():
    logs = {"learning_rate": 7.0}
    callback = LearningRateLogger()
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    callback.set_model(model)
    callback.on_epoch_begin(0)
    callback.on_epoch_end(0, logs)
    assert logs == {"learning_rate": 7.0}
