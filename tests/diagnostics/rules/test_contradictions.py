import pytest

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.model_facts import Layer, Model, Optimizer
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.contradictions import (
    may_be_stale,
    may_regularize,
    without_contradicted,
)

DENSE = Layer("dense", "Dense", activation="relu")


def record(*layers, ordered=True, **parts):
    return Record(model=Model("Sequential", layers, 10, 10, ordered=ordered), **parts)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (Record(), True),
        (record(DENSE), False),
        (record(DENSE, ordered=False), True),
        (record(Layer("drop", "Dropout", dropout_rate=0.5)), True),
        (record(Layer("drop", "Dropout", dropout_rate=0.0)), False),
        (record(Layer("dense", "Dense", penalties={"l2": 0.1})), True),
        (record(Layer("noise", "GaussianNoise")), True),
        (record(Layer("flip", "RandomFlip")), True),
        (record(DENSE, optimizer=Optimizer("AdamW", weight_decay=0.1)), True),
        (record(DENSE, optimizer=Optimizer("Adam")), False),
    ],
)
def test_a_model_may_regularize_unless_nothing_in_it_does(known, expected):
    assert may_regularize(known) is expected


def test_statistics_may_be_stale_where_a_layer_has_some():
    norm = Layer("norm", "BatchNormalization", momentum=0.99)
    assert [may_be_stale(r) for r in (Record(), record(DENSE), record(DENSE, norm))] == [
        True, False, True,
    ]  # fmt: skip
    assert may_be_stale(record(DENSE, ordered=False))


def test_findings_that_facts_rule_out_are_left_out():
    findings = [
        Finding("regularization_too_strong", "Training is harder than validation.", 0.8),
        Finding("too_few_epochs", "The loss still falls.", 0.6),
    ]
    assert without_contradicted(findings, Record()) == findings
    assert without_contradicted(findings, record(DENSE)) == findings[1:]
