"""Whether losses are those of the tasks that the targets tell."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.data_facts import Values
from kerasrecipes.diagnostics.record.model_facts import Loss, Output
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import Rule, rule
from kerasrecipes.diagnostics.rules.terms.forms import (
    BINARY,
    CATEGORICAL,
    CROSSENTROPIES,
    DISTANCES,
    PROBABILITIES,
    REGRESSIONS,
    SPARSE,
    counts_hits,
    described_targets,
    evidence_of,
    form,
    is_autoencoder,
    is_map,
    is_outside,
    units,
)


@rule("Is the loss one for this task?", "outputs")
def loss_and_task(record: Record) -> Iterator[Finding]:
    """Judges the loss of each output by its targets."""
    for output in record.outputs:
        values, loss = output.targets, output.loss
        if values is None or loss is None:
            continue
        found = _loss_of_numbers(output, loss, values, record) or _loss_of_classes(
            output, loss, values, record
        )
        if found is not None:
            sentence, confidence, severity = found
            yield Finding(
                "wrong_loss_for_task",
                sentence,
                confidence,
                severity,
                evidence_of(output),
                where=output.name,
            )


def _loss_of_classes(output: Output, loss: Loss, values: Values, record: Record):
    """Judges a cross-entropy."""
    kind = form(values)
    if loss.kind not in CROSSENTROPIES:
        return None
    said = f"{loss.name} is a loss of classes, but the targets of output {output.name!r} are "
    if kind == "real" and not (loss.kind in SPARSE and values.integers):
        return said + f"{described_targets(values)}.", 0.92, "error"
    if loss.kind in BINARY:
        if kind == "constant" and is_outside(values, "sigmoid"):
            return said + f"{described_targets(values)}.", 0.6, "warning"
        if kind == "indices":
            return (
                f"{loss.name} is a loss of yes or no, but the targets of output {output.name!r} "
                f"are {described_targets(values)}.",
                0.85,
                "error",
            )
        if kind == "one_hot" and not is_map(output) and not is_autoencoder(output, record.data):
            return _binary_loss_of_one_hot(output, loss, values)
        images = kind == "fractions" and len(values.shape) == 3
        if images and counts_hits(output) and not is_autoencoder(output, record.data):
            return (
                f"{loss.name} of output {output.name!r}, whose targets are images, is least at "
                "the right answer but not 0 there: mean_squared_error tells how far it is.",
                0.4,
                "note",
            )
        return None
    if kind == "multi_hot" and loss.kind in CATEGORICAL and values.row_sums is not None:
        return (
            f"{loss.name} takes rows with a single 1, but rows of the targets of output "
            f"{output.name!r} sum to {values.row_sums[0]:g} to {values.row_sums[1]:g}: with "
            "several labels a sample, use sigmoid and binary_crossentropy.",
            0.85,
            "warning",
        )
    return None


def _binary_loss_of_one_hot(output: Output, loss: Loss, values: Values):
    number = values.shape[-1]
    if units(output) == 1:
        return (
            f"The targets of output {output.name!r} are one of {number} classes, but "
            f"{loss.name} is a loss of yes or no.",
            0.8,
            "warning",
        )
    if number == 2:
        return None
    softmax = output.activation == "softmax"
    return (
        f"The targets of output {output.name!r} are one of {number} classes, but "
        f"{loss.name} judges each class alone, and most of its terms are easy zeros: use "
        "softmax with categorical_crossentropy.",
        0.55 if softmax else 0.7,
        "note" if softmax else "warning",
    )


def _loss_of_numbers(output: Output, loss: Loss, values: Values, record: Record):
    """Judges a loss of numbers."""
    kind = form(values)
    if loss.kind not in REGRESSIONS:
        return None
    if loss.kind == "poisson" and values.minimum is not None and values.minimum < 0:
        return (
            f"{loss.name} is a loss of counts, but the targets of output {output.name!r} reach "
            f"down to {values.minimum:.4g}.",
            0.9,
            "error",
        )
    if is_map(output) or is_autoencoder(output, record.data):
        return None
    probabilities = output.activation in PROBABILITIES
    classes = kind in ("binary", "one_hot", "signs") or (kind == "constant" and probabilities)
    if not classes and not (kind == "indices" and probabilities):
        return None
    said = f"{loss.name} is a loss of numbers, but the targets of output {output.name!r} are "
    said += f"{described_targets(values)}: a cross-entropy learns classes faster and surer."
    if loss.kind not in DISTANCES:
        return said, 0.9, "error"
    if kind == "signs" and not probabilities:
        return None
    if loss.kind == "mean_absolute_error" and probabilities:
        return said, 0.75, "warning"
    if counts_hits(output) and output.activation in ("relu", "linear"):
        return said, 0.7, "warning"
    return (said, 0.6, "note") if probabilities else (said, 0.35, "note")


RULES: tuple[Rule, ...] = (loss_and_task,)
