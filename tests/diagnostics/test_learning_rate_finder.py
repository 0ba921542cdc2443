"""The learning rate range test against a problem whose limit is known; what it leaves behind."""

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks.model_state import state_variables, to_arrays
from kerasrecipes.diagnostics import LearningRateRange, find_lr
from kerasrecipes.optimizers import LayerwiseLearningRates, Lookahead


@pytest.fixture
def line():
    """One weight, loss `9 w ** 2`: gradient descent diverges beyond 2 / 18."""
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = keras.Sequential([keras.Input((1,)), layer])
    model.compile(keras.optimizers.SGD(0.5), "mse")
    return model, np.full((8, 1), 3.0, "float32"), np.zeros((8, 1), "float32")


@pytest.fixture
def network():
    keras.utils.set_random_seed(1)
    layers = [
        keras.Input((3,)),
        keras.layers.Dense(8, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.5, seed=2),
        keras.layers.Dense(2),
    ]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    rng = np.random.default_rng(3)
    x = rng.normal(size=(64, 3)).astype("float32")
    return model, x, (x[:, 0] > 0).astype("int32")


def test_the_loss_is_least_where_gradient_descent_begins_to_diverge(line):
    found = find_lr(*line, lowest=1e-3, highest=1.0, steps=61, stop_factor=1e9)
    limit = 2 / 18
    assert found.learning_rates[found.losses.argmin() - 1] <= limit
    assert found.learning_rates[found.losses.argmin()] >= limit * 10 ** (-3 / 60)


def test_losses_are_those_of_gradient_descent(line):
    found = find_lr(*line, lowest=1e-3, highest=0.1, steps=11)
    np.testing.assert_allclose(found.learning_rates, np.geomspace(1e-3, 0.1, 11), rtol=1e-12)
    w = np.cumprod([1.0, *(1 - 18 * found.learning_rates[:-1])])
    np.testing.assert_allclose(found.losses, 9 * w**2, rtol=1e-4)
    assert not found.diverged


def test_it_ends_where_the_loss_explodes(line):
    found = find_lr(*line, lowest=1e-3, highest=1e3, steps=61)
    assert found.diverged
    assert len(found.losses) == len(found.learning_rates) < 61


def test_the_model_trains_on_as_if_nothing_had_been(network):
    model, x, y = network
    model.train_on_batch(x, y)
    before = to_arrays(state_variables(model)) + to_arrays(model.optimizer.variables)
    optimizer = model.optimizer
    find_lr(model, x, y, steps=20)
    after = to_arrays(state_variables(model)) + to_arrays(model.optimizer.variables)
    for was, is_ in zip(before, after, strict=True):
        np.testing.assert_array_equal(is_, was)
    assert model.optimizer is optimizer
    model.train_on_batch(x, y)
    assert int(keras.ops.convert_to_numpy(optimizer.iterations)) == 2


def test_an_interrupted_test_leaves_the_model_as_it_was(network):
    model, x, y = network
    before = model.get_weights()

    def broken():
        yield x, y
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        find_lr(model, broken())
    for was, is_ in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(is_, was)


@pytest.mark.parametrize(
    "make",
    [
        lambda model: keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(1.0, 5)),
        lambda model: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1.0)),
        lambda model: Lookahead(keras.optimizers.SGD(1.0), sync_period_steps=10**6),
    ],
    ids=["schedule", "loss scale", "lookahead"],
)
def test_whatever_sets_the_rate_plays_no_part(line, make):
    model, x, y = line
    expected = find_lr(model, x, y, lowest=1e-3, highest=0.1, steps=11)
    model.compile(make(model), "mse")
    found = find_lr(model, x, y, lowest=1e-3, highest=0.1, steps=11)
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-5)


def test_layerwise_multipliers_scale_the_rates(line):
    model, x, y = line
    expected = find_lr(model, x, y, lowest=1e-4, highest=1e-2, steps=11)
    optimizer = LayerwiseLearningRates(keras.optimizers.SGD(1.0), {model.layers[-1]: 0.1})
    model.compile(optimizer, "mse")
    found = find_lr(model, x, y, lowest=1e-3, highest=1e-1, steps=11)
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-5)


@pytest.mark.parametrize("wrap", [lambda o: o, Lookahead, keras.optimizers.LossScaleOptimizer])
def test_with_gradient_accumulation_a_step_is_an_update(line, wrap):
    model, x, y = line
    options = {"lowest": 1e-3, "highest": 0.3, "steps": 21}
    model.compile(wrap(keras.optimizers.SGD(1.0)), "mse")
    expected = find_lr(model, x, y, **options)
    model.compile(wrap(keras.optimizers.SGD(1.0, gradient_accumulation_steps=4)), "mse")
    found = find_lr(model, x, y, **options)
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-4)
    assert found.suggestion == expected.suggestion


def test_the_loss_of_an_update_is_the_mean_over_its_batches(line):
    model, x, y = line
    model.compile(keras.optimizers.SGD(1.0, gradient_accumulation_steps=2), "mse")
    found = find_lr(model, [(x, y), (2 * x, y)], lowest=1e-6, highest=1e-5, steps=10)
    # With `w = 1`: `9 w ** 2` and `36 w ** 2`.
    assert found.losses[0] == pytest.approx(22.5, rel=1e-4)


def test_a_loss_scale_stays_as_it_was(network):
    model, x, y = network
    scaled = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(0.01), initial_scale=4.0, dynamic_growth_steps=2
    )
    model.compile(scaled, model.loss)
    for _ in range(4):
        model.train_on_batch(x, y)
    before = to_arrays(scaled.variables)
    find_lr(model, x, y, steps=10)
    after = to_arrays(scaled.variables)
    assert float(keras.ops.convert_to_numpy(scaled.dynamic_scale)) == 16
    for was, is_ in zip(before, after, strict=True):
        np.testing.assert_array_equal(is_, was)


def test_batches_start_anew_when_they_end(line):
    model, x, y = line
    expected = find_lr(model, x, y, steps=12)

    class Three(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return x, y

    for batches in (Three(), [(x, y)] * 3):
        np.testing.assert_allclose(find_lr(model, batches, steps=12).losses, expected.losses)


@pytest.mark.tensorflow_only
def test_tf_data(line):
    import tensorflow as tf

    model, x, y = line
    expected = find_lr(model, x, y, steps=12)
    found = find_lr(model, tf.data.Dataset.from_tensors((x, y)), steps=12)
    np.testing.assert_allclose(found.losses, expected.losses)


def test_the_order_is_that_of_the_seed(network):
    model, x, y = network
    losses = [find_lr(model, x, y, steps=10, seed=seed).losses[0] for seed in (0, 0, 1)]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lowest": 0.0}, "`lowest`"),
        ({"lowest": 1.0, "highest": 1.0}, "`highest`"),
        ({"steps": 9}, "`steps`"),
        ({"stop_factor": 1.0}, "`stop_factor`"),
        ({"batch_size": 0}, "`batch_size`"),
    ],
)
def test_arguments_out_of_range(line, options, message):
    with pytest.raises(ValueError, match=message):
        find_lr(*line, **options)


def test_data_that_do_not_fit(line):
    model, x, y = line
    with pytest.raises(ValueError, match="must have the same length"):
        find_lr(model, x, y[:3])
    with pytest.raises(ValueError, match="must yield 100 batches, .* Received: 0 batches"):
        find_lr(model, [])
    with pytest.raises(ValueError, match="finite at the lowest"):
        find_lr(model, x * np.nan, y)
    with pytest.raises(ValueError, match="must be compiled"):
        find_lr(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), x, y)


def test_suggestions_on_a_curve_that_is_known():
    rates = np.geomspace(1e-5, 1, 501)
    losses = np.interp(np.log10(rates), [-5, -3, -1, 0], [2, 2, 0, 8])
    found = LearningRateRange(rates, losses, diverged=True)
    assert 0.05 < found.minimum < 0.2
    assert 1e-3 < found.steepest < 0.2
    assert found.suggestion == found.minimum / 10


def test_smoothing_does_not_lag_behind():
    rates = np.geomspace(1e-5, 1, 201)
    losses = np.abs(np.log10(rates) + 2)
    found = LearningRateRange(rates, losses, diverged=False)
    assert found.minimum == pytest.approx(0.01)
    np.testing.assert_allclose(found.smoothed_losses[:80], losses[:80], atol=0.07)


def test_the_steepest_fall_is_that_over_the_logarithm_of_the_rate():
    """The loss falls by a step around 0.01. Over the rate itself, it falls fastest before it."""
    rates = np.geomspace(1e-5, 1, 501)
    losses = 3 - np.tanh(2 * (np.log10(rates) + 2)) - 0.01 * (np.log10(rates) + 5)
    found = LearningRateRange(rates, losses, diverged=False)
    assert found.steepest == pytest.approx(1e-2, rel=0.05)
    over_the_rate = rates[np.argmin(np.gradient(found.smoothed_losses, rates))]
    assert over_the_rate < 0.8 * found.steepest


class Unpacks(keras.Sequential):
    """Trains as Keras's guide shows it: on exactly what `fit` was given."""

    def train_step(self, *arguments):
        *state, batch = arguments
        x, y = batch
        return super().train_step(*state, (x, y))


def test_a_train_step_of_ones_own_gets_what_fit_gives_it(line):
    model, x, y = line
    expected = find_lr(model, x, y, steps=10)
    own = Unpacks([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    own.layers[0].kernel.assign([[1.0]])
    own.compile("sgd", "mse")
    found = find_lr(own, x, y, steps=10)
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-6)
    own.fit(x, y, verbose=0)
    assert "train_step" not in vars(own)


def two_inputs():
    inputs = {name: keras.Input((1,), name=name) for name in ("a", "b")}
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    return inputs, dense(keras.layers.Add()([*inputs.values()]))


@pytest.mark.parametrize("as_list", [True, False])
def test_a_model_with_several_inputs(line, as_list):
    _, x, y = line
    inputs, output = two_inputs()
    model = keras.Model([*inputs.values()] if as_list else inputs, output)
    model.compile("sgd", "mse")
    parts = {"a": x, "b": np.zeros_like(x)}
    found = find_lr(model, [*parts.values()] if as_list else parts, y, steps=10)
    np.testing.assert_allclose(found.losses, find_lr(*line, steps=10).losses, rtol=1e-6)
    with pytest.raises(ValueError, match="same length, and not 0. Received: arrays of 8, 8, 7"):
        find_lr(model, [x, x] if as_list else {"a": x, "b": x}, y[1:], steps=10)


def test_a_data_set_of_unknown_length(line):
    model, x, y = line

    class Endless(keras.utils.PyDataset):
        num_batches = None

        def __getitem__(self, index):
            return x, y

    found = find_lr(model, Endless(), steps=10)
    np.testing.assert_allclose(found.losses, find_lr(model, x, y, steps=10).losses, rtol=1e-6)


def test_a_generator_that_ends_says_how_many_batches_are_needed(line):
    model, x, y = line
    assert len(find_lr(model, ((x, y) for _ in range(10)), steps=10).losses) == 10
    with pytest.raises(ValueError, match="must yield 10 batches, .* Received: 7 batches"):
        find_lr(model, ((x, y) for _ in range(7)), steps=10)
