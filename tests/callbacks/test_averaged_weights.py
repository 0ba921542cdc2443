import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import AveragedWeights, BestWeights
from kerasrecipes.optimizers import ExponentialAverage, Lookahead, WeightAveraging

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
    with pytest.raises(ValueError, match="`Lookahead`, or `ScheduleFreeAdamW`. Received: SGD"):
        fit(keras.optimizers.SGD(0.1), [AveragedWeights(Batches())])


def test_an_average_around_any_optimizer_is_evaluated_and_kept():
    optimizer = WeightAveraging(
        keras.optimizers.SGD(0.1), [ExponentialAverage(0.7, warmup=False, debias=False)]
    )
    inside, outside = Spy(), Spy()
    model, history = fit(optimizer, [AveragedWeights(Batches(), callbacks=[inside]), outside])
    own, averages = ema_of_sgd(3, 0.7)
    np.testing.assert_allclose(inside.seen, averages, atol=1e-6)
    np.testing.assert_allclose(outside.seen, own, atol=1e-6)
    np.testing.assert_allclose(model.get_weights()[0], averages[-1], atol=1e-6)
    losses = [float(np.mean((X @ a - Y) ** 2)) for a in averages]
    np.testing.assert_allclose(history["val_loss"], losses, rtol=1e-4)


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="Keras refuses several steps at once on PyTorch"
)
def test_an_average_sees_every_step_where_several_are_taken_at_once():
    def average(**options):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)])
        optimizer = WeightAveraging(keras.optimizers.SGD(0.1), [ExponentialAverage(0.7)])
        model.compile(optimizer, "mse", **options)
        averaged = AveragedWeights(Batches())
        model.fit(X, Y, batch_size=16, epochs=2, shuffle=False, callbacks=[averaged], verbose=0)
        return model.get_weights()[0]

    np.testing.assert_allclose(average(steps_per_execution=4), average(), atol=1e-6)


def schedule_free(steps, rate, w, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Returns the points `y` of ScheduleFreeAdamW's gradients and its averages `x`, float64."""
    x, y, z, v, points, averages = w, w, w, 0.0, [], []
    for t in range(1, steps + 1):
        batch = slice(16 * ((t - 1) % 4), 16 * ((t - 1) % 4) + 16)
        a, b = X[batch].astype("float64"), Y[batch].astype("float64")
        g = 2 / 16 * a.T @ (a @ y - b)
        v = beta_2 * v + (1 - beta_2) * g**2
        z = z - rate * g / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
        x = (1 - 1 / t) * x + z / t
        y = (1 - beta_1) * z + beta_1 * x
        points.append(y)
        averages.append(x)
    return points, averages


def fit_schedule_free(rate):
    inside, outside, iterates = Spy(), Spy(), []

    class Iterates(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            (z,) = [v for v in self.model.optimizer.variables if v.path.endswith("_momentum")]
            iterates.append(keras.ops.convert_to_numpy(z).copy())

    averaged = AveragedWeights(Batches(), callbacks=[inside])
    optimizer = keras.optimizers.ScheduleFreeAdamW(rate)
    model, _ = fit(optimizer, [averaged, outside, Iterates()])
    return model, np.array(inside.seen), np.array(outside.seen), np.array(iterates)


def test_a_schedule_free_optimizer_is_judged_by_its_average():
    model, x, y, z = fit_schedule_free(0.05)
    np.testing.assert_allclose(x, (y - 0.1 * z) / 0.9, atol=1e-6)
    assert np.abs(x - y).max() > 1e-3
    np.testing.assert_array_equal(model.get_weights()[0], x[-1])


@pytest.mark.skipif(
    keras.backend.backend() != "jax",
    reason="On TensorFlow and PyTorch, Keras recovers the average with an iterate that its "
    "update has changed in place: another optimizer than the paper's",
)
def test_the_average_of_a_schedule_free_optimizer_is_the_paper_s():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)])
    points, averages = schedule_free(12, 0.05, model.get_weights()[0].astype("float64"))
    _, x, y, _ = fit_schedule_free(0.05)
    np.testing.assert_allclose(y, points[3::4], atol=1e-5)
    np.testing.assert_allclose(x, averages[3::4], atol=1e-5)


def test_a_schedule_free_optimizer_starts_from_the_weights():
    """Built within TensorFlow's graph, Keras's would start from zeros."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)])
    initial = model.get_weights()[0]
    model, x, y, z = fit_schedule_free(0.0)
    for weights in (model.get_weights()[0], x[0], y[0], z[0]):
        np.testing.assert_allclose(weights, initial, atol=1e-6)


def test_without_a_first_moment_schedule_free_has_no_average_to_recover():
    with pytest.raises(ValueError, match="Received: ScheduleFreeAdamW"):
        fit(keras.optimizers.ScheduleFreeAdamW(beta_1=0.0), [AveragedWeights(Batches())])


@pytest.mark.parametrize("refreshed_to", [0.0, 1.0])
def test_each_epoch_has_the_statistics_that_validation_prefers(refreshed_to):
    """The statistic is the scale of the outputs: 1 is right, 0 wrong, and at first it is 0.5."""

    class Scale(keras.layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight(shape=(), initializer="ones", trainable=False)

        def call(self, inputs):
            return inputs * self.scale

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False), Scale()])
    scale = model.layers[-1].scale
    model.layers[0].set_weights([np.array([[1.0], [-2.0], [0.5]])])
    scale.assign(0.5)
    optimizer = WeightAveraging(keras.optimizers.SGD(0.0), [ExponentialAverage()])
    model.compile(optimizer, "mse")
    averaged = AveragedWeights(
        Batches(), lambda model: scale.assign(refreshed_to), choose_statistics=True
    )
    history = model.fit(X, Y, epochs=2, callbacks=[averaged], verbose=0).history
    assert history["fresh_statistics"] == [refreshed_to] * 2
    kept = 1.0 if refreshed_to else 0.5
    np.testing.assert_allclose(history["val_loss"], np.mean(Y**2) * (1 - kept) ** 2, rtol=1e-4)
    assert float(keras.ops.convert_to_numpy(scale)) == kept
