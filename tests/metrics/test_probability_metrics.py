import keras
import numpy as np
import pytest
from scipy.special import softmax

from kerasrecipes.callbacks.monitored import better_in
from kerasrecipes.metrics import BrierScore, CalibrationError
from kerasrecipes.metrics.calibration import brier_score, expected_calibration_error

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 200)
LOGITS = RNG.normal(size=(200, 4)).astype("float32") + np.eye(4, dtype="float32")[LABELS]
PROBABILITIES = softmax(LOGITS, -1)
# A metric, and the function of arrays that it must equal.
CASES = {
    "calibration_error": (lambda **o: CalibrationError(bins=10, **o), lambda y, p: (
        expected_calibration_error(y, p, bins=10)
    )),
    "brier_score": (BrierScore, brier_score),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_batches_give_what_the_function_gives(name):
    make, function = CASES[name]
    expected = function(LABELS, PROBABILITIES)
    for metric, outputs in ((make(), PROBABILITIES), (make(from_logits=True), LOGITS)):
        assert float(metric.result()) == 0
        for part in (slice(0, 150), slice(150, 200)):
            metric.update_state(LABELS[part], outputs[part])
        assert float(metric.result()) == pytest.approx(expected, abs=1e-5)
        metric.reset_state()
        assert float(metric.result()) == 0


@pytest.mark.parametrize("name", CASES)
def test_labels_of_any_form_and_weights(name):
    make, function = CASES[name]
    for labels in (LABELS[:, None], np.eye(4)[LABELS]):
        metric = make()
        metric.update_state(labels, PROBABILITIES)
        assert float(metric.result()) == pytest.approx(function(LABELS, PROBABILITIES), abs=1e-5)
    # A weight of 2 counts a sample twice, and one of 0 leaves it out.
    weights = np.repeat([2.0, 1.0, 0.0], [50, 100, 50]).astype("float32")
    twice = np.concatenate([np.arange(50), np.arange(150)])
    metric = make()
    metric.update_state(LABELS, PROBABILITIES, sample_weight=weights)
    expected = function(LABELS[twice], PROBABILITIES[twice])
    assert float(metric.result()) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_survives_serialization(name):
    metric = CASES[name][0](from_logits=True)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    assert again.get_config() == metric.get_config()
    for one in (metric, again):
        one.update_state(LABELS, LOGITS)
    assert float(again.result()) == float(metric.result())


@pytest.mark.parametrize("name", CASES)
def test_is_logged_by_fit_and_known_to_be_better_when_smaller(name):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=[CASES[name][0](from_logits=True)])
    history = model.fit(LOGITS, LABELS, validation_data=(LOGITS, LABELS), verbose=0).history
    predicted = softmax(model.predict(LOGITS, verbose=0), -1)
    assert history[f"val_{name}"][0] == pytest.approx(CASES[name][1](LABELS, predicted), abs=1e-4)
    assert better_in(model, f"val_{name}", "auto") == "min"


def test_bins_are_checked():
    with pytest.raises(ValueError, match="`bins` must be an integer of at least 1"):
        CalibrationError(bins=0)
