"""Findings that another finding explains."""

from collections.abc import Iterable
from dataclasses import replace

from kerasrecipes.diagnostics.findings import Finding

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


def without_symptoms(findings: Iterable[Finding]) -> list[Finding]:
    """Returns findings without those that another one explains, which names them in its evidence.

    A symptom is explained by the most severe and certain finding of a kind that may cause it.

    Example:

    >>> collapse = Finding("majority_collapse", "All samples are of class 3.", 0.6)
    >>> cause = Finding("learning_rate_too_high", "The loss rose from 2.3 to 9.1.", 0.9)
    >>> (left,) = without_symptoms([collapse, cause])
    >>> left.id, left.evidence
    ('learning_rate_too_high', {'explains': ['All samples are of class 3.']})
    """
    left = sorted(findings, key=lambda finding: finding.rank)
    for symptom, causes in EXPLAINED_BY.items():
        cause = next((finding for finding in left if finding.id in causes), None)
        explained = [finding for finding in left if finding.id == symptom]
        if cause is None or not explained:
            continue
        said = [*cause.evidence.get("explains", ()), *(each.sentence for each in explained)]
        with_evidence = replace(cause, evidence={**cause.evidence, "explains": said})
        left = [
            with_evidence if finding is cause else finding
            for finding in left
            if finding.id != symptom
        ]
    return left
