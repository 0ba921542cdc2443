"""Rules of learning rates, batch sizes and numbers of steps."""

import re
from dataclasses import replace

import numpy as np
import pytest

from kerasrecipes.diagnostics.facts.value_statistics import value_facts
from kerasrecipes.diagnostics.record.model_facts import Layer, Model
from kerasrecipes.diagnostics.rules.judging import judged
from tests.diagnostics.rules.facts_of import of_output, of_settings

pytestmark = pytest.mark.backend_neutral

HIGH, LOW = "learning_rate_too_high", "learning_rate_too_low"


def kinds(record):
    return {finding.id: finding.severity for finding in judged(record).findings}


@pytest.mark.parametrize(
    ("kind", "rate", "options", "expected"),
    [
        ("Adam", 1e-3, {}, {}),
        ("Adam", 3e-4, {}, {}),
        ("Adam", 0.01, {}, {}),
        ("Adam", 1e-4, {}, {}),
        ("Adam", 2e-5, {}, {LOW: "note"}),
        ("Adam", 1e-6, {}, {LOW: "warning"}),
        ("Adam", 0.05, {}, {HIGH: "note"}),
        ("Adam", 0.5, {}, {HIGH: "warning"}),
        ("SGD", 0.1, {"momentum": 0.9}, {}),
        ("SGD", 0.01, {"momentum": 0.9}, {}),
        ("SGD", 0.1, {}, {}),
        ("SGD", 3.0, {}, {HIGH: "warning"}),
        ("SGD", 0.5, {"momentum": 0.9}, {HIGH: "note"}),
        ("SGD", 2.0, {"momentum": 0.9}, {HIGH: "warning"}),
        ("SGD", 1e-5, {}, {LOW: "warning"}),
        ("Adadelta", 0.001, {}, {LOW: "warning"}),
        ("Adadelta", 1.0, {}, {}),
        ("SomeoneElses", 99.0, {}, {}),
    ],
)
def test_learning_rates(kind, rate, options, expected):
    assert kinds(of_settings(kind, rate, **options)) == expected


def test_a_low_rate_of_a_trained_network_is_silent():
    record = of_settings("Adam", 1e-6)
    frozen = Layer("base/conv", "Conv2D", parameters=9, trainable=False)
    assert not kinds(replace(record, model=Model("Functional", (frozen,), 9, 0)))


@pytest.mark.parametrize(("scale", "rate", "found"), [(1, 0.1, False), (50, 0.1, True)])
def test_a_rate_for_targets_that_are_not_scaled(scale, rate, found):
    targets = scale * np.linspace(-1.5, 1.5, 100)
    outputs = of_output("linear", 1, "mean_squared_error", targets).outputs
    assert (HIGH in kinds(replace(of_settings("SGD", rate), outputs=outputs))) is found


@pytest.mark.parametrize(
    ("batch_size", "samples", "epochs", "expected"),
    [
        (32, 10_000, 10, {}),
        (512, 60_000, 10, {}),
        (1000, 50_000, 50, {"batch_size_too_large": "note"}),
        (150, 150, 1000, {"batch_size_too_large": "note"}),
        (2, 600, 10, {"batch_size_too_small": "note"}),
        (8, 6000, 10, {}),
        (1, 250, 9, {"batch_size_too_small": "note"}),
        (200, 200, 100, {"batch_size_too_large": "warning", "too_few_epochs": "note", LOW: "note"}),
        (32, 3200, 3, {"too_few_epochs": "note", LOW: "note"}),
        (32, 320, 2, {"too_few_epochs": "warning", LOW: "note"}),
    ],
)
def test_batch_sizes_and_updates(batch_size, samples, epochs, expected):
    record = of_settings("Adam", 0.0003, batch_size, samples, epochs)
    assert kinds(record) == expected


def test_batches_of_one_and_batch_normalization():
    record = of_settings(batch_size=1, samples=100)
    model = Model("Sequential", (Layer("bn", "BatchNormalization"),), 4, 4)
    assert kinds(replace(record, model=model))["batch_size_too_small"] == "warning"


def test_changes_of_a_recipe():
    recipe = {"optimizer": {"name": "Adam", "learning_rate": 0.5}, "batch_size": 1000}
    record = replace(of_settings("Adam", 0.5, 1000, 5000), recipe=recipe)
    changes = {finding.id: finding.changes for finding in judged(record).findings}
    assert changes[HIGH] == {"optimizer.learning_rate": 0.05}
    assert changes["batch_size_too_large"] == {"batch_size": 64}


@pytest.mark.parametrize(
    ("kind", "rate", "size", "samples", "words"),
    [
        # The linear rule, and the square root of what divides by the gradient's size.
        ("SGD", 0.4, 1024, 5000, "Take 32 samples a batch. .* 0.4 .* of 1024, then 0.013 goes"),
        ("Adam", 0.002, 1024, 5000, "Take 64 samples a batch. .* 0.002 .* then 0.0005 goes"),
        ("SGD", 0.01, 2, 5000, "Take 32 samples a batch. .* 0.01 .* of 2, then 0.16 goes"),
        # Of few samples, an epoch is to have ten steps.
        ("SGD", 0.01, 100, 100, "Take 8 samples a batch."),
        ("SGD", None, 1024, 5000, "Take 32 samples a batch.$"),
        ("SGD", float("nan"), 1024, 5000, "Take 32 samples a batch.$"),
    ],
)
def test_a_batch_size_has_its_rate(kind, rate, size, samples, words):
    findings = judged(of_settings(kind, rate, size, samples)).findings
    (remedy,) = (found.remedy for found in findings if found.id.startswith("batch_size"))
    assert re.match(words, remedy)
    assert value_facts(np.zeros(3)).distinct == 1
