from kerasrecipes.diagnostics.findings import KINDS, Finding
from kerasrecipes.diagnostics.rules.symptoms import EXPLAINED_BY, without_symptoms


def finding(kind, confidence=0.5, severity="warning"):
    return Finding(kind, f"There is {kind}.", confidence, severity)


def test_kinds_that_explain_are_known_and_no_two_explain_each_other():
    for symptom, causes in EXPLAINED_BY.items():
        assert {symptom, *causes} <= set(KINDS)
        assert all(symptom not in EXPLAINED_BY.get(cause, ()) for cause in causes)


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
