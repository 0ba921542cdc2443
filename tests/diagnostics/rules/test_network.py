"""Rules of the layers of a network."""

import numpy as np
import pytest

from kerasrecipes.diagnostics.record.model_facts import Layer, Optimizer
from kerasrecipes.diagnostics.rules.judging import judged
from tests.diagnostics.rules.facts_of import BINARY, dense, of_layers

pytestmark = pytest.mark.backend_neutral

DROPOUT = {rate: Layer("", "Dropout", dropout_rate=rate) for rate in (0.2, 0.5, 0.9)}
OUT = dense(1, "linear")


def kinds(*layers, **parts):
    return {
        finding.id: finding.severity for finding in judged(of_layers(*layers, **parts)).findings
    }


@pytest.mark.parametrize(
    ("layers", "severity"),
    [
        ((dense(64, "linear"), dense(64, "linear"), OUT), "warning"),
        ((dense(64, "linear"), dense(64), OUT), "note"),
        ((dense(64, "linear"), OUT), "note"),
        ((dense(64), OUT), None),
        ((OUT,), None),
        ((dense(64, "linear"), Layer("", "Activation", activation="relu"), OUT), None),
        ((dense(64, "linear"), Layer("", "Sampling"), OUT), None),
        ((dense(64), dense(16, "linear", fan_in=64), dense(64, fan_in=16), OUT), None),
    ],
)
def test_missing_nonlinearity(layers, severity):
    assert kinds(*layers).get("missing_nonlinearity") == severity


def test_a_linear_hidden_layer_of_a_classifier_is_an_alarm():
    assert kinds(dense(64, "linear"), OUT, targets=BINARY)["missing_nonlinearity"] == "warning"


@pytest.mark.parametrize(("number", "found"), [(1, 0), (2, 1), (3, 2), (5, 2)])
def test_sigmoids(number, found):
    seen = kinds(*[dense(32, "sigmoid")] * number, OUT)
    assert len({*seen} & {"saturating_activation", "vanishing_gradient"}) == found


@pytest.mark.parametrize(
    ("units", "severity"), [(1, "warning"), (3, "note"), (4, None), (32, None)]
)
def test_capacity(units, severity):
    assert kinds(dense(units), OUT).get("capacity_too_small") == severity


def test_capacity_after_many_inputs():
    assert kinds(dense(8, fan_in=3072), OUT)["capacity_too_small"] == "note"
    assert "capacity_too_small" not in kinds(dense(16, fan_in=3072), OUT)


@pytest.mark.parametrize(("activation", "found"), [("relu", True), ("linear", False)])
def test_a_relu_at_the_output(activation, found):
    assert ("dying_relu" in kinds(dense(32), dense(1, activation))) is found


@pytest.mark.parametrize(
    ("options", "severity"),
    [
        ({"kernel_constant": True, "kernel_std": 0.0}, "error"),
        ({"kernel_std": 9 * 0.25}, "warning"),
        ({"kernel_std": 5 * 0.25}, "note"),
        ({"kernel_std": 3 * 0.25}, None),
        ({"kernel_std": 0.05}, None),
        ({"bias_mean": 2.0}, "note"),
        ({"bias_mean": 0.9}, None),
    ],
)
def test_first_weights(options, severity):
    assert kinds(dense(32, **options), OUT).get("bad_initialization") == severity


@pytest.mark.parametrize(("initializer", "found"), [("RandomNormal", True), ("HeNormal", False)])
def test_small_first_weights_of_many_layers(initializer, found):
    small = dense(32, kernel_std=0.05, options={"initializer": initializer})
    assert ("bad_initialization" in kinds(small, small, small, OUT)) is found
    assert "bad_initialization" not in kinds(small, OUT)


@pytest.mark.parametrize(
    ("layers", "severity"),
    [
        ((dense(64), DROPOUT[0.5], dense(64), DROPOUT[0.5]), None),
        ((dense(64), DROPOUT[0.9]), "warning"),
        ((dense(4), DROPOUT[0.5]), "warning"),
        ((dense(8), DROPOUT[0.5]), None),
        ((dense(64), *[DROPOUT[0.5]] * 3), "note"),
        ((dense(64), *[DROPOUT[0.2]] * 5), None),
        ((dense(64, penalties={"l2": 0.5}),), "warning"),
        ((dense(64, penalties={"l2": 0.01}),) * 3, "note"),
        ((dense(64, penalties={"l2": 0.01}),) * 2, None),
        ((dense(64, penalties={"l2": 0.001}),) * 9, None),
        ((dense(64, penalties={"l1": 0.1}),), "warning"),
        ((dense(64, penalties={"l1": 0.001}),), None),
    ],
)
def test_regularization(layers, severity):
    assert kinds(*layers, OUT).get("regularization_too_strong") == severity


@pytest.mark.parametrize(("decay", "found"), [(0.05, False), (20.0, True)])
def test_weight_decay(decay, found):
    optimizer = Optimizer("AdamW", 0.001, weight_decay=decay)
    assert ("regularization_too_strong" in kinds(dense(64), OUT, optimizer=optimizer)) is found


def test_recurrent_layers_want_bounds():
    for activation, found in (("relu", True), ("tanh", False)):
        recurrent = Layer("", "LSTM", activation=activation, units=8)
        seen = kinds(recurrent, OUT, optimizer=Optimizer("SGD", 0.05))
        assert ("exploding_gradient" in seen) is found
        assert "wrong_optimizer" in seen
    assert "wrong_optimizer" not in kinds(dense(64), OUT, optimizer=Optimizer("SGD", 0.05))


def test_evidence_is_plain():
    record = of_layers(dense(1, "sigmoid"), dense(2, "sigmoid"), OUT, targets=np.ones(3))
    for finding in judged(record).findings:
        assert all(
            isinstance(v, str | float | int | list | None) for v in finding.evidence.values()
        )


@pytest.mark.parametrize(("bias", "severity"), [(-2.0, "warning"), (-0.5, None)])
def test_biases_that_kill_a_relu(bias, severity):
    assert kinds(dense(32, bias_mean=bias), OUT).get("dying_relu") == severity


@pytest.mark.parametrize(("ratio", "found"), [(3.5, True), (2.0, False)])
def test_large_first_weights_of_many_layers(ratio, found):
    large = dense(32, kernel_std=ratio * 0.25)
    assert ("bad_initialization" in kinds(large, large, large, OUT)) is found
