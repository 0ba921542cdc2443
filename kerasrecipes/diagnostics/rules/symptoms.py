"""Findings that another finding explains."""

from collections.abc import Iterable
from dataclasses import replace

from kerasrecipes.diagnostics.findings.finding import Finding

_PARTS = frozenset(
    {
        "output_loss_mismatch", "wrong_loss_for_task", "label_encoding", "input_encoding",
        "wrong_input_shape", "output_range_too_small", "inputs_not_scaled", "targets_not_scaled",
        "wrong_direction",
    }
)  # fmt: skip
_NETWORK = frozenset(
    {
        "missing_nonlinearity", "saturating_activation", "dying_relu", "vanishing_gradient",
        "exploding_gradient", "bad_initialization", "regularization_too_strong",
        "capacity_too_small",
    }
)  # fmt: skip
_STEPS = frozenset(
    {
        "learning_rate_too_high", "learning_rate_too_low", "wrong_optimizer", "too_few_epochs",
        "batch_size_too_large", "batch_size_too_small", "stale_statistics",
        "train_inference_mismatch", "loss_not_finite",
    }
)  # fmt: skip

# A model that gives all samples the same answer has a reason, if there is one to see. That its
# targets have nothing to do with its inputs is the last thing to believe.
EXPLAINED_BY = {
    "majority_collapse": _PARTS | _NETWORK | _STEPS | {"labels_unrelated"},
    "labels_unrelated": _PARTS | _NETWORK | _STEPS,
}
# So they are by a cause that is at least as certain.
LIKELY_EXPLAINED_BY = {
    "wrong_direction": _PARTS - {"wrong_direction"},
    "learning_rate_too_high": frozenset({"inputs_not_scaled"}),
}
# What looks like something rarer, and is named behind it.
BEHIND = {
    "learning_rate_too_low": frozenset(
        {"vanishing_gradient", "saturating_activation", "batch_size_too_large"}
    )
}
# How much less certain it is then.
BEHIND_BY = 0.05
# What may take a loss to infinity. If it is so sure, it is named before the loss, as an error.
BREAKS = _PARTS | {"learning_rate_too_high", "exploding_gradient", "bad_initialization"}
SURE = 0.7


def without_symptoms(findings: Iterable[Finding]) -> list[Finding]:
    """Returns findings in their order, without those that another one explains.

    A symptom becomes evidence of the most severe and certain finding of a kind that may cause it.

    Example:

    >>> collapse = Finding("majority_collapse", "All samples are of class 3.", 0.6)
    >>> cause = Finding("learning_rate_too_high", "The loss rose from 2.3 to 9.1.", 0.9)
    >>> (left,) = without_symptoms([collapse, cause])
    >>> left.id, left.evidence
    ('learning_rate_too_high', {'explains': ['All samples are of class 3.']})
    """
    left = sorted(findings, key=lambda finding: finding.rank)
    for symptom, causes in {**EXPLAINED_BY, **LIKELY_EXPLAINED_BY}.items():
        left = _without(left, symptom, causes, sure=symptom in LIKELY_EXPLAINED_BY)
    if any(each.id == "loss_not_finite" for each in left) and any(map(_breaks, left)):
        left = [_breaking(finding) for finding in left]
    for kind, rarer in BEHIND.items():
        most = max((f.confidence for f in left if f.id in rarer), default=None)
        if most is not None:
            left = [_at_most(f, most - BEHIND_BY) if f.id == kind else f for f in left]
    return sorted(left, key=lambda finding: finding.rank)


def _without(
    findings: list[Finding], symptom: str, causes: frozenset[str], *, sure: bool
) -> list[Finding]:
    """Returns sorted findings without a symptom, if there is a cause."""
    cause = next((finding for finding in findings if finding.id in causes), None)
    if cause is None:
        return findings
    explained = [
        each
        for each in findings
        if each.id == symptom and (cause.confidence >= each.confidence or not sure)
    ]
    if not explained:
        return findings
    said = [*cause.evidence.get("explains", ()), *(each.sentence for each in explained)]
    with_evidence = replace(cause, evidence={**cause.evidence, "explains": said})
    left = (with_evidence if each is cause else each for each in findings)
    return [each for each in left if each not in explained]


def _breaks(finding: Finding) -> bool:
    return finding.id in BREAKS and finding.confidence >= SURE


def _breaking(finding: Finding) -> Finding:
    """Returns a finding of a training whose loss is not finite, for a reason that is known."""
    if finding.id == "loss_not_finite":
        return _at_most(finding, SURE - BEHIND_BY)
    return replace(finding, severity="error") if _breaks(finding) else finding


def _at_most(finding: Finding, confidence: float) -> Finding:
    return replace(finding, confidence=max(0.0, min(finding.confidence, confidence)))
