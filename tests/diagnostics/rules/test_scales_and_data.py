"""Rules of scales, encodings of inputs, and samples."""

from dataclasses import replace

import numpy as np
import pytest

from kerasrecipes.diagnostics.facts.value_statistics import value_facts
from kerasrecipes.diagnostics.record.data_facts import Data, Duplicates
from kerasrecipes.diagnostics.record.model_facts import Layer
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.judging import judged
from tests.diagnostics.rules.facts_of import BINARY, INDICES, NUMBERS, dense, of_layers, of_output

pytestmark = pytest.mark.backend_neutral

TABLE = NUMBERS.reshape(200, 3)
SPARSE = "sparse_categorical_crossentropy"
INPUT = Layer("x", "InputLayer", output_shape=(3,))
FIRST = replace(dense(32, fan_in=3), name="first", inputs=("x",))


def kinds(record):
    return {finding.id: finding.severity for finding in judged(record).findings}


def with_inputs(x, *layers, **options) -> Record:
    data = Data("arrays", len(x), 32, inputs=(value_facts(np.asarray(x)),), **options)
    return of_layers(*(layers or (INPUT, FIRST, dense(1, "linear"))), data=data)


@pytest.mark.parametrize(
    ("x", "severity"),
    [
        (TABLE, None),
        (3 * TABLE, None),
        (6 * TABLE, "note"),
        (100 * TABLE, "warning"),
        (TABLE + 50, "warning"),
        (TABLE * [1, 1, 1000], "warning"),
        (TABLE / 1000, "warning"),
        (np.zeros((200, 3)), None),
    ],
)
def test_inputs(x, severity):
    assert kinds(with_inputs(x)).get("inputs_not_scaled") == severity


@pytest.mark.parametrize(
    ("kind", "options", "found"),
    [
        ("Rescaling", {}, False),
        ("Normalization", {}, False),
        ("Flatten", {}, True),
        ("Embedding", {"options": {"input_dim": 10_000}}, False),
        ("Conv2D", {"parameters": 9, "trainable": False}, False),
    ],
)
def test_what_stands_in_front_of_the_weights(kind, options, found):
    front = Layer("front", kind, inputs=("x",), **options)
    then = replace(FIRST, inputs=("front",))
    record = with_inputs(abs(100 * TABLE).round(), INPUT, front, then, dense(1, "linear"))
    assert ("inputs_not_scaled" in kinds(record)) is found


def test_a_normalization_right_after_the_weights_scales_them_too():
    first = replace(FIRST, activation="linear")
    norm = Layer("norm", "BatchNormalization", inputs=("first",))
    relu = Layer("relu", "Activation", inputs=("norm",), activation="relu")
    record = with_inputs(100 * TABLE, INPUT, first, norm, relu, dense(1, "linear"))
    assert "inputs_not_scaled" not in kinds(record)


@pytest.mark.parametrize(
    ("x", "found"),
    [
        ([[0, 9], [3, 4]], False),
        ([[0.0, 9.0]], False),
        ([[0, 10]], True),
        ([[-1, 3]], True),
        ([[0.5, 3]], True),
    ],
)
def test_inputs_of_an_embedding(x, found):
    flat = Layer("flat", "Flatten", inputs=("x",))
    embedding = Layer("words", "Embedding", inputs=("flat",), options={"input_dim": 10})
    inputs = replace(INPUT, output_shape=(2,))
    record = with_inputs(x, inputs, flat, embedding, dense(1, "linear"))
    assert ("input_encoding" in kinds(record)) is found


def test_shapes_of_inputs():
    assert "wrong_input_shape" not in kinds(with_inputs(TABLE))
    assert kinds(with_inputs(TABLE[:, :2]))["wrong_input_shape"] == "error"


def test_a_dense_layer_on_samples_that_are_not_flat():
    inputs = replace(INPUT, output_shape=(20, 3))
    record = with_inputs(np.zeros((50, 20, 3)), inputs, FIRST, dense(1, "linear"))
    output = of_output("linear", (20, 1), "mean_squared_error", NUMBERS[:50]).outputs
    assert kinds(replace(record, outputs=output))["wrong_input_shape"] == "error"


@pytest.mark.parametrize(
    ("targets", "severity"),
    [
        (NUMBERS, None),
        (NUMBERS + 4, None),
        (30 * NUMBERS, "note"),
        (5000 + NUMBERS, "warning"),
        (NUMBERS / 2000, "warning"),
    ],
)
def test_targets(targets, severity):
    record = of_output("linear", 1, "mean_squared_error", targets)
    assert kinds(record).get("targets_not_scaled") == severity


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [(TABLE, NUMBERS, None), (np.where(TABLE > 2, np.nan, TABLE), NUMBERS, "Input 0")],
)
def test_values_that_are_not_finite(x, y, message):
    found = [f for f in judged(with_inputs(x)).findings if f.id == "loss_not_finite"]
    assert [finding.where for finding in found] == ([message] if message else [])


@pytest.mark.parametrize(
    ("ones", "severity"), [(300, None), (121, None), (100, "note"), (50, "warning"), (0, "warning")]
)
def test_classes(ones, severity):
    targets = np.arange(600) < ones
    record = of_output("sigmoid", 1, "binary_crossentropy", targets)
    assert kinds(record).get("class_imbalance") == severity
    weighted = replace(record, data=Data(class_weights=True))
    assert ("class_imbalance" in kinds(weighted)) is (ones == 0)


def test_few_samples():
    assert kinds(with_inputs(TABLE[:50]))["too_little_data"] == "note"
    assert "too_little_data" not in kinds(with_inputs(TABLE[:51]))


def test_more_features_than_samples():
    wide = with_inputs(np.zeros((60, 301)), replace(INPUT, output_shape=(301,)), FIRST)
    assert "too_little_data" in kinds(wide)


@pytest.mark.parametrize(("number", "found"), [(0, False), (29, True), (30, False)])
def test_the_validation_set(number, found):
    record = with_inputs(TABLE, validation_samples=number)
    assert ("validation_too_small" in kinds(record)) is found


@pytest.mark.parametrize(
    ("targets", "loss", "units", "shuffled", "found"),
    [
        (np.sort(INDICES), SPARSE, 3, False, True),
        (np.sort(INDICES), SPARSE, 3, True, False),
        (INDICES, SPARSE, 3, False, False),
        (np.sort(NUMBERS), "mean_squared_error", 1, False, True),
        (NUMBERS, "mean_squared_error", 1, False, False),
    ],
)
def test_order(targets, loss, units, shuffled, found):
    activation = "softmax" if units > 1 else "linear"
    record = of_output(activation, units, loss, targets)
    record = replace(record, data=Data(shuffled=shuffled))
    assert kinds(record) == ({"not_shuffled": "warning"} if found else {})


def test_classes_that_only_validation_has():
    record = of_output("softmax", 3, SPARSE, BINARY)
    held_out = value_facts(np.full(9, 2))
    data = Data(validation_targets=(held_out,))
    (finding,) = judged(replace(record, data=data)).findings
    assert (finding.id, finding.evidence) == ("not_shuffled", {"classes": [2]})


@pytest.mark.parametrize(
    ("duplicates", "severity"),
    [
        (Duplicates(1000, 0, 0, 0, 100), None),
        (Duplicates(1000, 0, 1, 0, 100), None),
        (Duplicates(1000, 0, 2, 0, 100), "note"),
        (Duplicates(1000, 0, 20, 0, 100), "warning"),
        (Duplicates(1000, 400, 50, 0, 100), None),
        (Duplicates(1000, 0, 0, 20, 100), "note"),
        (Duplicates(1000, 0), None),
    ],
)
def test_leaks(duplicates, severity):
    record = with_inputs(TABLE, duplicates=duplicates)
    assert kinds(record).get("data_leak") == severity
