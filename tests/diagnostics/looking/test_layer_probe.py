import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.diagnostics.looking.fixed_batches import probe_batch
from kerasrecipes.diagnostics.looking.layer_probe import LayerProbe
from kerasrecipes.diagnostics.looking.layer_taps import tapped, tapped_layers
from kerasrecipes.diagnostics.looking.thinning import thinned
from tests.diagnostics.training import state

layers = keras.layers
RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 3)).astype("float32")
Y = RNG.normal(size=(20, 2)).astype("float32")
W1 = RNG.normal(size=(3, 4)).astype("float32")
B1 = np.array([0.1, -9.0, 0.2, 0.0], "float32")  # The second unit is dead.
W2 = RNG.normal(size=(4, 2)).astype("float32")
L2 = 0.05


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dropout(0.5, name="drop"),
            layers.Dense(4, "relu", kernel_regularizer=keras.regularizers.L2(L2), name="hidden"),
            layers.Dense(2, "tanh", name="last"),
        ]
    )
    model.compile("sgd", "mse")
    return model


@pytest.fixture(scope="module")
def looks(model):
    """Returns two looks, two steps apart, between which weights change by a known amount."""
    probe = LayerProbe(model, X, Y)
    model.set_weights([W1, B1, W2, np.zeros(2)])
    first = probe.look(0, 0)
    model.set_weights([W1 + 0.02, B1, W2, np.zeros(2)])
    second = probe.look(1, 2)
    model.set_weights([W1, B1, W2, np.zeros(2)])
    return first, second


def _forward():
    hidden = np.maximum(X.astype("float64") @ W1 + B1, 0)
    return hidden, np.tanh(hidden @ W2)


def test_outputs_are_those_of_numpy(looks):
    hidden, answers = _forward()
    found = looks[0].layers["hidden"]
    assert found.mean == pytest.approx(hidden.mean(), rel=1e-5)
    assert found.std == pytest.approx(hidden.std(), rel=1e-5)
    assert found.sample_std == pytest.approx(np.sqrt(hidden.var(0).mean()), rel=1e-5)
    assert found.dead_fraction == 0.25
    assert found.saturated_fraction is None
    flat = np.mean(np.abs(answers) > 0.96)
    assert 0 < flat < 1
    assert looks[0].layers["last"].saturated_fraction == pytest.approx(flat)
    assert looks[0].layers["last"].dead_fraction is None


def test_dropout_is_off_and_has_no_weights(looks):
    found = looks[0].layers["drop"]
    assert found.mean == pytest.approx(X.mean(), rel=1e-5)
    assert found.weight_norm is found.gradient_norm is found.update_ratio is None


def test_loss_and_gradients_are_those_of_numpy(looks):
    hidden, answers = _forward()
    penalty = L2 * np.sum(W1.astype("float64") ** 2)
    assert looks[0].penalty == pytest.approx(penalty, rel=1e-5)
    assert looks[0].loss == pytest.approx(np.mean((answers - Y) ** 2) + penalty, rel=1e-5)
    before_tanh = 2 * (answers - Y) / answers.size * (1 - answers**2)
    last = hidden.T @ before_tanh
    first = X.T @ ((before_tanh @ W2.T) * (hidden > 0)) + 2 * L2 * W1
    for name, gradient in {"last": last, "hidden": first}.items():
        expected = np.sqrt(np.mean(gradient**2))
        assert looks[0].layers[name].gradient_norm == pytest.approx(expected, rel=1e-4)


def test_updates_are_counted_by_step_beside_the_weights(looks):
    assert looks[0].layers["hidden"].update_ratio is None
    norm = np.sqrt(np.mean((W1 + 0.02) ** 2))
    assert looks[1].layers["hidden"].weight_norm == pytest.approx(norm, rel=1e-5)
    assert looks[1].layers["hidden"].update_ratio == pytest.approx(0.02 / 2 / norm, rel=1e-4)
    assert looks[1].layers["last"].update_ratio == 0


def test_answers_of_numbers_have_a_correlation(looks):
    answers = _forward()[1]
    [found] = looks[0].predictions
    assert (found.minimum, found.maximum) == pytest.approx((answers.min(), answers.max()), rel=1e-5)
    assert found.std == pytest.approx(np.sqrt(answers.var(0).mean()), rel=1e-5)
    given, true = answers - answers.mean(0), Y - Y.mean(0)
    expected = np.sum(given * true) / np.sqrt(np.sum(given**2) * np.sum(true**2))
    assert found.correlation == pytest.approx(expected, rel=1e-4)


def test_looking_at_given_values_leaves_the_present_ones(model, looks):
    probe = LayerProbe(model, X, Y)
    probe.build()
    initial = [np.array(ops.convert_to_numpy(v)) for v in probe.variables]
    model.set_weights([W1 * np.nan, B1, W2, np.zeros(2)])
    before = state(model)
    assert probe.look(0, 0, initial).loss == pytest.approx(looks[0].loss, rel=1e-6)
    bad = probe.look(0, 1)
    assert not bad.layers["hidden"].finite
    assert bad.loss is bad.layers["hidden"].mean is bad.layers["hidden"].weight_norm is None
    assert bad.layers["drop"].finite
    assert all(
        np.array_equal(*pair, equal_nan=True) for pair in zip(before, state(model), strict=True)
    )
    model.set_weights([W1, B1, W2, np.zeros(2)])


def test_weights_can_be_looked_at_without_computing(model, looks):
    found = LayerProbe(model, X, Y).look_at_weights(3, 7)
    assert (found.epoch, found.step, found.samples, found.loss) == (3, 7, 0, None)
    assert found.layers["hidden"].weight_norm == looks[0].layers["hidden"].weight_norm
    assert found.layers["hidden"].mean is None


def test_states_and_metrics_stay_as_they_are():
    model = keras.Sequential(
        [
            keras.Input((3,), batch_size=4),
            layers.BatchNormalization(),
            layers.Reshape((3, 1)),
            layers.GRU(2, stateful=True, dropout=0.5),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "mse", metrics=["mae"])
    before = [np.array(ops.convert_to_numpy(v)) for v in model.variables]
    LayerProbe(model, X[:4], Y[:4, :1]).look(0, 0)
    after = [ops.convert_to_numpy(v) for v in model.variables[: len(before)]]
    assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))
    assert all("call" not in vars(layer) for layer in model.layers)


def test_a_model_that_is_not_built_is_built_and_float16_gradients_are_scaled():
    class Model(keras.Model):
        def __init__(self):
            super().__init__(dtype="mixed_float16")
            self.dense = layers.Dense(1, name="dense", kernel_initializer="ones")

        def call(self, x):
            return self.dense(x) * 1e-4

    model = Model()
    model.compile("sgd", "mse")
    found = LayerProbe(model, np.ones((8, 3)), np.ones((8, 1))).look(0, 0)
    # Each of the three gradients is 2e-4 * (3e-4 - 1).
    assert found.layers["dense"].gradient_norm == pytest.approx(2e-4, rel=0.01)
    assert found.layers["dense"].mean == pytest.approx(3)


def test_taps_tell_each_call_and_leave_a_call_that_was_set_before():
    dense, told = layers.Dense(2), []
    dense.build((None, 3))
    mine = dense.call
    vars(dense)["call"] = mine
    with tapped({"path": dense}, lambda path, output: told.append((path, output.shape))):
        dense(X)
        dense(X[:5])
    dense(X)
    assert [(path, tuple(shape)) for path, shape in told] == [("path", (20, 2)), ("path", (5, 2))]
    assert vars(dense)["call"] is mine


def test_taps_are_removed_when_a_call_fails():
    dense = layers.Dense(2)
    with pytest.raises(RuntimeError), tapped({"a": dense}, lambda *_: None):
        raise RuntimeError
    assert "call" not in vars(dense)


def test_layers_of_inner_models_have_paths_and_inputs_are_left_out():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="a")], name="body")
    inputs = keras.Input((3,))
    model = keras.Model(inputs, layers.Dense(1, name="b")(inner(inputs)))
    assert list(tapped_layers(model)) == ["body/a", "b"]


def test_samples_of_a_batch_are_evenly_spaced_in_all_parts():
    x = {"a": np.arange(100), "b": np.arange(100.0)}
    found, targets = probe_batch(x, [np.arange(100)], samples=3)
    assert found["a"].tolist() == targets[0].tolist() == [0, 50, 99]
    assert found["a"].dtype == "int64"
    assert found["b"].dtype == "float32"
    assert probe_batch(np.zeros((5, 2)))[0].shape == (5, 2)
    assert probe_batch(np.zeros((5, 2)))[1] is None
    with pytest.raises(ValueError, match="must have samples"):
        probe_batch(np.zeros((0, 2)))


@pytest.mark.parametrize(("axis", "shape"), [(-1, (32, 7, 7, 16)), (1, (32, 100, 7, 16))])
def test_large_outputs_are_thinned_at_positions_only(axis, shape):
    tensor = ops.ones((32, 100, 100, 16))
    found = tuple(thinned(tensor, axis).shape)
    assert found[0] == 32
    assert found[axis] == tensor.shape[axis]
    assert np.prod(found) <= 2 * (1 << 16)
    small = ops.ones((2, 3, 4))
    assert thinned(small, axis) is small
