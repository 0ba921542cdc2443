import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import AveragedWeights, BestWeights
from kerasrecipes.optimizers import Lookahead

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32")


class Spy(keras.callbacks.Callback):
    """Remembers the weights at the end of every epoch."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(self.model.get_weights()[0])


def fit(optimizer, callbacks, epochs=3, **options):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(optimizer, "mse")
    history = model.fit(
        X, Y, batch_size=16, epochs=epochs, shuffle=False, callbacks=callbacks, verbose=0, **options
    )
    return model, history.history


def ema_of_sgd(epochs, momentum, rate=0.1):
    """Returns SGD's weights and their averages after every epoch, in NumPy float64."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)])
    w = model.get_weights()[0].astype("float64")
    average, own, averages = None, [], []
    for _ in range(epochs):
        for i in range(0, 64, 16):
            x, y = X[i : i + 16].astype("float64"), Y[i : i + 16].astype("float64")
            w = w - rate * 2 / 16 * x.T @ (x @ w - y)
            average = w if average is None else momentum * average + (1 - momentum) * w
        own.append(w)
        averages.append(average)
    return own, averages


def test_averages_are_evaluated_and_kept_and_nothing_else_sees_them():
    inside, outside = Spy(), Spy()
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.7)
    averaged = AveragedWeights(Batches(), callbacks=[inside])
    model, history = fit(optimizer, [averaged, outside])
    own, averages = ema_of_sgd(3, 0.7)
    np.testing.assert_allclose(inside.seen, averages, atol=1e-5)
    np.testing.assert_allclose(outside.seen, own, atol=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], averages[-1], atol=1e-5)
    losses = [float(np.mean((X @ a - Y) ** 2)) for a in averages]
    np.testing.assert_allclose(history["val_loss"], losses, rtol=1e-4)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        return X, Y


def test_lookahead_is_judged_by_its_slow_weights():
    inside = Spy()
    optimizer = Lookahead(keras.optimizers.SGD(0.1), sync_period_steps=3)
    best = BestWeights("val_loss")
    averaged = AveragedWeights(Batches(), callbacks=[inside, best])
    model, history = fit(optimizer, [averaged], epochs=4)
    slow = keras.ops.convert_to_numpy(optimizer.slow_weights[0])
    np.testing.assert_allclose(inside.seen[-1], slow)
    np.testing.assert_allclose(model.get_weights()[0], slow)
    assert best.best == min(history["val_loss"])


def test_statistics_are_refreshed_while_the_averages_are_in_place():
    seen = []
    optimizer = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
    refresh = lambda model: seen.append(model.get_weights()[0])  # noqa: E731
    model, _ = fit(optimizer, [AveragedWeights(Batches(), refresh)], epochs=2)
    np.testing.assert_array_equal(seen[-1], model.get_weights()[0])
    assert len(seen) == 3


def test_predicting_in_mid_training_leaves_nothing_behind():
    class Predicts(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.predict(X, verbose=0)

    make = lambda: keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)  # noqa: E731
    plain, _ = fit(make(), [AveragedWeights(Batches())])
    disturbed, _ = fit(make(), [AveragedWeights(Batches()), Predicts()])
    np.testing.assert_array_equal(plain.get_weights()[0], disturbed.get_weights()[0])


def test_an_optimizer_without_averages_is_refused():
    with pytest.raises(ValueError, match="`use_ema=True`, or `Lookahead`. Received: SGD"):
        fit(keras.optimizers.SGD(0.1), [AveragedWeights(Batches())])
