import copy
import pickle

import keras
import numpy as np
import pytest

from kerasrecipes.diagnostics import Doctor
from kerasrecipes.diagnostics.looking import budget, fit_data, observation
from tests.diagnostics.training import BACKEND, data, network, state

layers = keras.layers


@pytest.fixture(scope="module", autouse=True)
def _time_does_not_matter():
    """Lets a doctor look after every epoch, also where a machine is slow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(budget, "GRACE", 1e9)
        yield


@pytest.fixture(scope="module")
def watched():
    """Returns a doctor that has watched three epochs, and the history."""
    x, y = data()
    doctor = Doctor()
    model = network(metrics=["accuracy"])
    history = model.fit(x, y, epochs=3, validation_split=0.25, verbose=0, callbacks=[doctor])
    return doctor, history.history


def test_series_are_what_keras_has_logged(watched):
    doctor, history = watched
    series = doctor.record.series
    assert {name: series.epochs[name] for name in history} == history
    assert series.epochs["learning_rate"] == pytest.approx([0.001] * 3)
    assert (series.planned_epochs, series.stopped_by, series.bad_step) == (3, None, None)
    assert series.directions == {"accuracy": "max"}


def test_losses_of_steps_have_the_means_that_were_logged(watched):
    steps = watched[0].record.series.steps
    assert steps["step"] == [float(k) for k in range(1, 10)]  # 72 samples: 3 steps an epoch.
    samples = np.array([32, 32, 8])
    # What is logged is a mean over samples; that the last batch is smaller is not known.
    means = [np.average(steps["loss"][k : k + 3]) for k in (0, 3, 6)]
    assert means == pytest.approx(watched[1]["loss"], rel=1e-5)
    assert samples.sum() == 72


def test_facts_are_of_the_data_that_fit_was_given(watched):
    record = watched[0].record
    assert (record.data.source, record.data.samples, record.data.validation_samples) == (
        "arrays",
        72,
        24,
    )
    assert record.outputs[0].loss.kind == "binary_crossentropy"
    assert record.versions["backend"] == BACKEND
    assert not record.missing


def test_looks_are_before_the_training_and_after_epochs(watched):
    looks = watched[0].record.probes
    assert [(look.epoch, look.step, look.samples) for look in looks] == [
        (0, 0, 32),
        (1, 3, 32),
        (2, 6, 32),
        (3, 9, 32),
    ]
    assert looks[0].layers["hidden"].update_ratio is None
    assert all(look.layers["hidden"].update_ratio > 0 for look in looks[1:])


def _augmented():
    return (
        layers.GaussianNoise(0.1),
        layers.Dense(8, "relu"),
        layers.BatchNormalization(),
        layers.Dropout(0.3),
    )


def _regularized():
    return (
        layers.Dense(4, "tanh", kernel_regularizer="l2", activity_regularizer="l1"),
        layers.Reshape((2, 2)),
        layers.SimpleRNN(3, dropout=0.2),
    )


@pytest.mark.parametrize(
    ("hidden", "options"),
    [
        (_augmented, {"eager": False, "steps_per_execution": 1 if BACKEND == "torch" else 2}),
        (_augmented, {"optimizer": "sgd"}),
        (_regularized, {"metrics": ["accuracy"]}),
    ],
    ids=["steps per execution", "eager", "regularized"],
)
def test_no_number_of_the_training_changes(hidden, options):
    histories, states = [], []
    for callbacks in ([], [Doctor()]):
        keras.utils.set_random_seed(1)
        model = network(*hidden(), **options)
        x, y = data()
        history = model.fit(x, y, epochs=3, validation_split=0.2, verbose=0, callbacks=callbacks)
        histories.append(history.history)
        states.append(state(model))
    assert len(callbacks[0].record.looks) > 1
    assert histories[0] == histories[1]
    assert all(np.array_equal(*pair) for pair in zip(*states, strict=True))
    assert not callbacks[0].record.missing


def test_no_number_changes_in_mixed_precision_or_with_layers_of_ones_own():
    class Noisy(layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 3))  # Its seed is drawn here.
            self.seed = keras.random.SeedGenerator(1)
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, inputs, training=False):
            self.calls.assign(self.calls + 1)
            x = keras.ops.matmul(inputs, self.kernel)
            noise = keras.random.normal(keras.ops.shape(x), dtype=x.dtype, seed=self.seed)
            return x + noise if training else x

    def trained(callbacks):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([Noisy(dtype="mixed_float16"), layers.Dense(1, dtype="float32")])
        model.compile("adam", "mse")
        x, y = data()
        history = model.fit(x, y, epochs=2, verbose=0, callbacks=callbacks)
        return [*history.history["loss"], *state(model)]

    doctor = Doctor()
    with_doctor = trained([doctor])
    assert all(np.array_equal(*pair) for pair in zip(trained([]), with_doctor, strict=True))
    assert len(doctor.record.looks) == 3


def test_nan_stops_the_training_and_gives_back_the_last_good_state():
    x, y = data()
    model = network(loss="mse")
    good = []

    class Spoil(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                good.extend(state(self.model))
                weights = self.model.get_weights()
                self.model.set_weights([weights[0] * np.nan, *weights[1:]])

    doctor = Doctor()
    history = model.fit(x, y, epochs=9, verbose=0, callbacks=[doctor, Spoil()])
    assert len(history.history["loss"]) == 3
    assert all(np.array_equal(*pair) for pair in zip(state(model), good, strict=True))
    series = doctor.record.series
    assert (series.bad_step, series.stopped_by) == (7, "divergence")
    assert series.epochs["loss"][2] is None
    [finding] = [each for each in doctor.diagnosis.findings if each.id == "loss_not_finite"]
    assert (finding.severity, finding.evidence["step"], finding.evidence["epoch"]) == (
        "error",
        7,
        3,
    )


def test_nan_at_once_gives_back_the_initial_weights_and_names_the_layer(capsys):
    root = layers.Lambda(keras.ops.log, name="root", output_shape=(2,))
    model = network(layers.Dense(2, name="first"), root, loss="mse")
    before = model.get_weights()
    doctor = Doctor()
    model.fit(*data(), epochs=4, verbose=0, callbacks=[doctor])
    assert all(map(np.array_equal, before, model.get_weights()))
    assert all(np.isfinite(array).all() for array in state(model))
    finding = doctor.diagnosis.findings[0]
    assert finding.id == "loss_not_finite"
    assert finding.evidence["layer"] == "root"
    assert finding.evidence["cause"] == "computation"
    assert "error: The loss was NaN or infinite at step 1" in capsys.readouterr().out


@pytest.mark.parametrize("broken", ["data_of_fit", "described", "LayerProbe", "compiled_metrics"])
def test_nothing_that_fails_ends_the_training(broken, monkeypatch):
    def fail(*arguments, **keywords):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(observation, broken, fail)
    doctor = Doctor()
    history = network().fit(*data(), epochs=2, verbose=0, callbacks=[doctor])
    assert len(history.history["loss"]) == 2
    assert "RuntimeError: broken on purpose" in doctor.record.missing.values()


def test_a_doctor_that_is_broken_itself_does_not_end_it_either(monkeypatch):
    monkeypatch.setattr(observation.Observation, "end_epoch", None)
    doctor = Doctor()
    network().fit(*data(), verbose=0, callbacks=[doctor])
    assert doctor.record.missing["doctor"].startswith("on_epoch_end: TypeError")


def test_an_interrupted_fit_has_a_diagnosis_and_the_next_one_a_new_record():
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    doctor, model = Doctor(), network()
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data(), epochs=5, verbose=0, callbacks=[doctor, Interrupt()])
    assert doctor.record.series.stopped_by == "interruption"
    assert len(doctor.record.series) == 2
    assert doctor.diagnosis.passed
    model.fit(*data(), epochs=4, initial_epoch=2, verbose=0, callbacks=[doctor])
    record = doctor.record
    assert (len(record.series), record.series.planned_epochs) == (2, 4)
    assert record.series.stopped_by is None
    assert [look.epoch for look in record.probes] == [2, 3, 4]


def test_an_early_stop_is_told_by_its_callback():
    stop = keras.callbacks.EarlyStopping("loss", min_delta=9.0)
    doctor = Doctor()
    network().fit(*data(), epochs=9, verbose=0, callbacks=[stop, doctor])
    assert doctor.record.series.stopped_by == "EarlyStopping"


def test_generators_are_not_consumed_and_what_is_not_run_says_so():
    taken = []

    def batches():
        x, y = data(32)
        for k in range(6):
            taken.append(k)
            yield x, y

    doctor = Doctor()
    options = {"steps_per_epoch": 2, "epochs": 3, "shuffle": False, "verbose": 0}
    network().fit(batches(), **options, callbacks=[doctor])
    assert taken == list(range(6))
    assert not doctor.record.probes
    reasons = [entry.reason for entry in doctor.diagnosis.not_run]
    assert any("generator" in reason for reason in reasons)
    x, y = data(32)
    given = Doctor(data=(x, y, (x, y)))
    network().fit(batches(), **options, callbacks=[given])
    assert given.record.data.validation_samples == 32
    assert given.record.probes[0].samples == 32


def test_where_fit_cannot_be_read_the_data_are_told_to_be_unknown(monkeypatch):
    monkeypatch.setattr(fit_data, "fit_arguments", lambda model: None)
    x, y = data()
    unknown, given = Doctor(), Doctor(data=(x, y))
    network().fit(x, y, verbose=0, callbacks=[unknown, given])
    assert not unknown.record.probes
    assert any("Doctor(data=(x, y))" in entry.reason for entry in unknown.diagnosis.not_run)
    assert (given.record.data.samples, len(given.record.probes)) == (96, 2)


def test_several_outputs_have_answers_each():
    inputs = keras.Input((2,))
    outputs = {
        "yes": layers.Dense(1, "sigmoid", name="yes")(inputs),
        "number": layers.Dense(3, name="number")(inputs),
    }
    model = keras.Model(inputs, outputs)
    losses = {"yes": "binary_crossentropy", "number": "mse"}
    model.compile("sgd", losses, run_eagerly=BACKEND != "jax")
    x, y = data()
    doctor = Doctor()
    targets = {"yes": y, "number": np.stack([x[:, 0]] * 3, 1)}
    model.fit(x, targets, verbose=0, callbacks=[doctor])
    record = doctor.record
    by_name = dict(
        zip([o.name for o in record.outputs], record.probes[-1].predictions, strict=True)
    )
    assert by_name["yes"].accuracy is not None
    assert by_name["number"].correlation is not None
    assert by_name["number"].accuracy is None


def test_a_step_of_ones_own_is_looked_at_without_a_loss():
    class Model(keras.Sequential):
        def train_step(self, *arguments):
            return super().train_step(*arguments)

    model = Model([keras.Input((2,)), layers.Dense(1, name="dense")])
    model.compile("sgd", "mse", run_eagerly=BACKEND != "jax")
    doctor = Doctor()
    model.fit(*data(), verbose=0, callbacks=[doctor])
    look = doctor.record.probes[-1]
    assert look.loss is None
    assert look.layers["dense"].gradient_norm is None
    assert look.layers["dense"].std > 0


def test_the_verdict_is_printed_where_there_is_something_to_say(capsys, tmp_path):
    x, y = data()
    model = network(loss="mse")
    model.fit(x, y, epochs=1, verbose=0, callbacks=[Doctor()])
    quiet = capsys.readouterr().out
    page = tmp_path / "doctor.txt"
    model.fit(x * np.nan, y, epochs=2, verbose=0, callbacks=[Doctor(report=page, verbose=1)])
    printed = capsys.readouterr().out
    assert "NaN" not in quiet
    assert len(printed.strip().splitlines()) <= 12
    assert "There are NaN or infinities in the data." in page.read_text()
    model = network(loss="mse")
    ignoring = Doctor(ignore=["loss_not_finite"])
    model.fit(x * np.nan, y, verbose=0, callbacks=[ignoring])
    assert "loss_not_finite" not in [finding.id for finding in ignoring.diagnosis.findings]


@pytest.mark.backend_neutral
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"verbose": 2}, "verbose"),
        ({"report": "doctor.pdf"}, r"must be a path that ends in \.html"),
        ({"ignore": ["overfit"]}, "must name kinds of findings"),
        ({"ignore": "overfitting"}, "must name kinds of findings"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Doctor(**options)


def test_a_doctor_can_be_copied_before_and_after(watched):
    doctor, _ = watched
    for copied in (pickle.loads(pickle.dumps(doctor)), copy.deepcopy(doctor)):
        assert copied.record == doctor.record
        assert copied.model is None
    assert copy.copy(Doctor(verbose=1)).verbose == 1
