"""The check before a training: what it leaves behind, finds, and cannot run."""

from functools import partial

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks.model_state import state_variables, to_arrays
from kerasrecipes.diagnostics import Record, check
from kerasrecipes.diagnostics.trying import all_trials, overfitting, sandboxing

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int32")
L = keras.layers


@pytest.fixture(scope="module", autouse=True)
def _fewer_steps():
    """Shortens the trainings: how well anything is learnt is not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overfitting, "STEPS", 60)
        patch.setattr(all_trials, "controls", partial(all_trials.controls, steps=20))
        yield


def network(eager=False):
    """With statistics, a penalty and random numbers of its own."""
    keras.utils.set_random_seed(1)
    layers = [
        L.Dense(8, "relu", kernel_regularizer="l2"),
        L.BatchNormalization(),
        L.Dropout(0.2, seed=1),
        L.Dense(2, "softmax"),
    ]
    model = keras.Sequential(layers)
    loss = "sparse_categorical_crossentropy"
    eager = eager and keras.backend.backend() != "jax"
    model.compile("adam", loss, metrics=["accuracy"], run_eagerly=eager)
    return model


def trained(checked: bool) -> tuple:
    """Returns the weights after a training, and numbers that are drawn after it."""
    model = network()
    if checked:
        assert not check(model, X, Y, epochs=1, seconds=20)
        assert not model.optimizer.built
    # On JAX and PyTorch, `fit` draws one order more if metrics are not built.
    shuffle = keras.backend.backend() == "tensorflow"
    model.fit(X, Y, epochs=1, batch_size=30, verbose=0, shuffle=shuffle)
    return model.get_weights(), np.random.rand(), keras.random.SeedGenerator().get_config()["seed"]


def test_a_training_comes_out_the_same_to_the_last_digit():
    """Of a model that is not built, which the check builds as `fit` does."""
    (weights, drawn, _), (expected, expected_drawn, _) = trained(True), trained(False)
    for array, other in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(array, other)
    assert drawn == expected_drawn


@pytest.mark.parametrize("part", ["initial_loss", "modes", "rates"])
def test_an_interruption_leaves_all_as_it_was(part, monkeypatch):
    model = network(eager=True)
    model.train_on_batch(X, Y)
    before, function = to_arrays(state_variables(model)), model.train_function
    moments = to_arrays(model.optimizer.variables)

    def interrupted(trial, *arguments):
        trial.train((X[:20], Y[:20]), 0.5)
        raise KeyboardInterrupt

    # What comes before takes no time.
    for name in ("overfit", "modes", "controls", "rates"):
        monkeypatch.setattr(all_trials, name, lambda *_: (None, None))
    monkeypatch.setattr(all_trials, part, interrupted)
    with pytest.raises(KeyboardInterrupt):
        check(model, X, Y)
    for was, now in zip(before, to_arrays(state_variables(model)), strict=True):
        np.testing.assert_array_equal(now, was)
    for was, now in zip(moments, to_arrays(model.optimizer.variables), strict=True):
        np.testing.assert_array_equal(now, was)
    assert model.train_function is function


@pytest.fixture(scope="module")
def line():
    """A regression, as plain as can be."""
    model = keras.Sequential([keras.Input((4,)), L.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def reasons(diagnosis) -> set[str]:
    return {entry.reason for entry in diagnosis.not_run}


def test_time_that_is_over_is_said(line):
    diagnosis = check(line, X, X[:, :1], seconds=1e-6)
    assert "It ran out of time: seconds=1e-06." in reasons(diagnosis)
    assert not diagnosis


def test_the_record_can_be_kept(line, tmp_path):
    check(line, X, X[:, :1], seconds=20, epochs=7, record=tmp_path / "record.json")
    record = Record.load(tmp_path / "record.json")
    assert record.series.planned_epochs == 7
    trials = record.trials
    assert trials.overfit.last_loss < 0.1 * trials.overfit.first_loss
    assert None not in (trials.initial_loss, trials.modes, trials.controls, trials.rates)
    assert [probe.step for probe in record.probes] == [0, trials.overfit.steps]


def test_kinds_that_are_ignored(line):
    constant = keras.Sequential([keras.Input((4,)), L.Dense(1, "softmax")])
    constant.compile("sgd", "binary_crossentropy")
    kind = "output_loss_mismatch"
    assert kind in check(constant, X, Y, seconds=1e-6).ids
    assert kind not in check(constant, X, Y, seconds=1e-6, ignore=[kind]).ids
    with pytest.raises(ValueError, match="must name kinds"):
        check(line, X, Y, ignore=["nothing"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"seconds": 0}, "`seconds`"), ({"epochs": 0}, "`epochs`"), ({"seed": -1}, "`seed`")],
)
def test_arguments_out_of_range(line, arguments, message):
    with pytest.raises(ValueError, match=message):
        check(line, X, X[:, :1], **arguments)


def test_what_cannot_be_tried(line):
    said = {
        "The model is not compiled.": (keras.Sequential([keras.Input((4,)), L.Dense(1)]), X, Y),
        "There are no targets, and the loss takes some.": (line, X),
        "There are no samples.": (line, X[:0], Y[:0]),
    }
    for reason, arguments in said.items():
        assert reason in reasons(check(*arguments))
    frozen = keras.Sequential([keras.Input((4,)), L.Dense(1)])
    frozen.trainable = False
    frozen.compile("sgd", "mse")
    assert "The model has no weights that are trained." in reasons(check(frozen, X, X[:, :1]))


def test_a_generator_is_not_consumed(line):
    batches = ((X, X[:, :1]) for _ in range(2))
    assert any("generator" in reason for reason in reasons(check(line, batches)))
    assert len([*batches]) == 2


def test_a_model_that_cannot_be_built_on_the_data():
    model = keras.Sequential([L.Conv2D(2, 3), L.Dense(1)])
    model.compile("sgd", "mse")
    [reason] = {r for r in reasons(check(model, X, X[:, :1])) if "built on these data" in r}
    assert "Conv2D" in reason or "conv2d" in reason


def test_a_shape_that_does_not_fit_is_told(line):
    assert any("(20, 3)" in reason for reason in reasons(check(line, X[:, :3], X[:, :1])))


def test_an_optimizer_that_cannot_be_made_anew():
    class Needs(keras.optimizers.SGD):
        def __init__(self, thing):
            super().__init__()

        def get_config(self):
            return {}

    model = keras.Sequential([keras.Input((4,)), L.Dense(1)])
    model.compile(Needs(1), "mse")
    assert any("made anew" in reason for reason in reasons(check(model, X, X[:, :1])))


class Own(keras.Model):
    """Subclassed, of a dictionary of inputs, with two outputs and a list of targets."""

    def __init__(self):
        super().__init__()
        self.first, self.second = L.Dense(1), L.Dense(1)

    def call(self, inputs):
        return [self.first(inputs["a"]), self.second(inputs["b"])]


def test_several_inputs_and_outputs_of_a_subclassed_model():
    model = Own()
    model.compile(keras.optimizers.SGD(0.1), ["mse", "mse"])
    weights = []
    for seconds in (20, 1e-6):
        diagnosis = check(model, {"a": X, "b": X}, [X[:, :1], X[:, 1:2]], seconds=seconds)
        weights.append(model.get_weights())
        assert not diagnosis
    assert len(weights[0]) == 4
    for array, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(array, other)
    assert not any("model failed" in reason for reason in reasons(diagnosis))


@pytest.mark.tensorflow_only
def test_tf_data(line):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices((X, X[:, :1])).shuffle(100, seed=1).batch(16)
    check(line, data, seconds=5)
    again = tf.data.Dataset.from_tensor_slices((X, X[:, :1])).shuffle(100, seed=1).batch(16)
    np.testing.assert_array_equal(next(iter(data))[0], next(iter(again))[0])


def test_what_compiling_takes_is_not_counted(line):
    clock = sandboxing.Clock(100.0)
    with sandboxing.sandbox(line, clock) as trial:
        end = clock._end
        trial.train((X[:20], X[:20, :1]), 0.1)
        first = clock._end
        trial.train((X[:20], X[:20, :1]), 0.1)
    assert first > end
    assert clock._end == first


def test_wrong_gradients_are_found_on_request():
    @keras.ops.custom_gradient
    def doubled(x):
        def gradient(*arguments, upstream=None):
            return (arguments[0] if upstream is None else upstream) * 3

        return x * 2, gradient

    class Doubled(L.Layer):
        def call(self, x):
            return doubled(x)

    model = keras.Sequential([keras.Input((4,)), L.Dense(2), Doubled(name="odd"), L.Dense(1)])
    model.compile("sgd", "mse")
    found = check(model, X, X[:, :1], seconds=1e-6, gradients=True)
    assert [f.where for f in found.findings if f.id == "wrong_gradient"] == ["odd"]
