"""Findings that a history suggests, and that what else is known rules out."""

from collections.abc import Callable, Iterable

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record


def may_regularize(record: Record) -> bool:
    """Returns whether a model drops, disturbs or penalizes anything, as far as it is known."""
    model, optimizer = record.model, record.optimizer
    if model is None or not model.ordered:
        return True
    return bool(optimizer and optimizer.weight_decay) or any(
        layer.dropout_rate or layer.penalties or layer.kind.startswith(("Gaussian", "Random"))
        for layer in model.layers
    )


def may_be_stale(record: Record) -> bool:
    """Returns whether a model keeps moving averages of statistics, as far as it is known."""
    model = record.model
    if model is None or not model.ordered:
        return True
    return any(layer.momentum is not None for layer in model.layers)


# What must be possible for a finding of a kind.
MUST_BE_POSSIBLE: dict[str, Callable[[Record], bool]] = {
    "regularization_too_strong": may_regularize,
    "stale_statistics": may_be_stale,
}


def without_contradicted(findings: Iterable[Finding], record: Record) -> list[Finding]:
    """Returns findings without those that the record's facts rule out."""
    possible = {kind: ask(record) for kind, ask in MUST_BE_POSSIBLE.items()}
    return [finding for finding in findings if possible.get(finding.id, True)]
