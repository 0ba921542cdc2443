from kerasrecipes.diagnostics.findings.catalogue import KINDS
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.rules.symptoms import (
    BEHIND,
    EXPLAINED_BY,
    LIKELY_EXPLAINED_BY,
    without_symptoms,
)


def finding(kind, confidence=0.5, severity="warning"):
    return Finding(kind, f"There is {kind}.", confidence, severity)


def test_kinds_that_explain_are_known_and_no_two_explain_each_other():
    tables = {**EXPLAINED_BY, **LIKELY_EXPLAINED_BY, **BEHIND}
    for symptom, causes in tables.items():
        assert {symptom, *causes} <= set(KINDS)
        assert all(symptom not in tables.get(cause, ()) for cause in causes)


def test_the_most_severe_finding_explains_all_symptoms():
    findings = [
        finding("majority_collapse", 0.9),
        finding("labels_unrelated"),
        finding("overfitting", 0.99),
        finding("learning_rate_too_low", 0.4, "note"),
        finding("dying_relu", 0.3, "error"),
    ]
    first, *rest = without_symptoms(findings)
    assert [each.id for each in rest] == ["overfitting", "learning_rate_too_low"]
    assert first.id == "dying_relu"
    assert first.evidence == {
        "explains": ["There is majority_collapse.", "There is labels_unrelated."]
    }


def test_unrelated_labels_explain_a_collapse_where_nothing_else_does():
    findings = [finding("majority_collapse", 0.9), finding("labels_unrelated", 0.5, "note")]
    (left,) = without_symptoms(findings)
    assert left.id == "labels_unrelated"


def test_a_symptom_without_a_cause_stays_and_keeps_its_place():
    findings = [finding("class_imbalance", 0.4), finding("majority_collapse", 0.6)]
    assert [each.id for each in without_symptoms(findings)] == [
        "majority_collapse", "class_imbalance",
    ]  # fmt: skip


def test_a_likely_symptom_is_explained_by_what_is_as_certain():
    symptom = finding("learning_rate_too_high", 0.7)
    (left,) = without_symptoms([symptom, finding("inputs_not_scaled", 0.7)])
    assert left.evidence == {"explains": [symptom.sentence]}
    both = without_symptoms([symptom, finding("inputs_not_scaled", 0.69)])
    assert [each.id for each in both] == ["learning_rate_too_high", "inputs_not_scaled"]
    assert both[1].evidence == {}


def test_what_breaks_a_training_is_an_error_that_is_named_first():
    broken = finding("loss_not_finite", 0.99, "error")
    high, few = finding("learning_rate_too_high", 0.7), finding("too_few_epochs", 0.9)
    said = without_symptoms([broken, few, high])
    assert [(each.id, each.severity) for each in said] == [
        ("learning_rate_too_high", "error"),
        ("loss_not_finite", "error"),
        ("too_few_epochs", "warning"),
    ]
    unsure = without_symptoms([broken, finding("learning_rate_too_high", 0.69)])
    assert [each.id for each in unsure] == ["loss_not_finite", "learning_rate_too_high"]
    assert unsure[0].confidence == 0.99
    assert without_symptoms([high]) == [high]


def test_what_looks_like_something_rarer_is_named_behind_it():
    findings = [finding("learning_rate_too_low", 0.85), finding("vanishing_gradient", 0.65)]
    first, second = without_symptoms(findings)
    assert (first.id, first.confidence) == ("vanishing_gradient", 0.65)
    assert (second.id, round(second.confidence, 6)) == ("learning_rate_too_low", 0.6)
