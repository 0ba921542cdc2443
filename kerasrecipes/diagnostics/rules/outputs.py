"""How outputs, losses and metrics fit together."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.data_facts import Values
from kerasrecipes.diagnostics.record.model_facts import Loss, Output
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import Rule, rule
from kerasrecipes.diagnostics.rules.terms.forms import (
    BINARY,
    CATEGORICAL,
    CLASSES,
    CROSSENTROPIES,
    NO_PROBABILITIES,
    PROBABILITIES,
    RANGES,
    REGRESSIONS,
    SPARSE,
    counts_hits,
    described_targets,
    evidence_of,
    form,
    is_map,
    is_mostly_outside,
    is_outside,
    units,
)

_WITH_ONE_UNIT = (
    "Use Dense(1, 'sigmoid') with binary_crossentropy for yes or no, Dense(C, 'softmax') for one "
    "of C classes, Dense(1) with mean_squared_error for a number."
)


@rule("Do output and loss fit together?", "outputs")
def output_and_loss(record: Record) -> Iterator[Finding]:
    """Judges activation and units of each output by its loss."""
    for output in record.outputs:
        if (found := _of_one_unit(output) or _of_activation(output)) is not None:
            sentence, confidence, severity = found
            yield Finding(
                "output_loss_mismatch",
                sentence,
                confidence,
                severity,
                evidence_of(output),
                where=output.name,
                remedy=_WITH_ONE_UNIT if units(output) == 1 else "",
            )


def _of_one_unit(output: Output):
    if units(output) != 1:
        return None
    if output.activation == "softmax":
        return (
            f"Output {output.name!r} is a softmax of one unit, which is 1 whatever the input is.",
            0.97,
            "error",
        )
    loss = output.loss
    if loss is not None and loss.kind in CATEGORICAL | SPARSE:
        return (
            f"Output {output.name!r} has one unit, but {loss.name} compares classes: with one unit "
            "there is nothing to compare.",
            0.97,
            "error",
        )
    return None


def _of_activation(output: Output):
    loss, activation, name = output.loss, output.activation, output.name
    if loss is None:
        return None
    if loss.kind in CROSSENTROPIES:
        if loss.from_logits:
            return _of_logits(output, loss)
        if activation in NO_PROBABILITIES:
            what = "no activation" if activation == "linear" else f"the activation {activation}"
            return (
                f"Output {name!r} has {what}, but {loss.name} takes probabilities.",
                0.95,
                "error",
            )
        if loss.kind in CATEGORICAL | SPARSE and activation in ("sigmoid", "hard_sigmoid"):
            if form(output.targets) == "multi_hot":
                return None  # The loss is wrong, not the output.
            return (
                f"Output {name!r} is a sigmoid of {units(output)} units, but {loss.name} takes "
                "probabilities that sum to 1: use softmax.",
                0.92,
                "warning",
            )
        if (
            loss.kind in BINARY
            and activation == "sigmoid"
            and form(output.targets) == "one_hot"
            and units(output) == 2
            and not is_map(output)
        ):
            return (
                f"Output {name!r} has two sigmoids for two classes that exclude each other, which "
                "may both be sure: use one sigmoid, or a softmax with categorical_crossentropy.",
                0.5,
                "note",
            )
        return None
    if loss.kind not in REGRESSIONS or output.targets is None:
        return None
    return _of_regression(output, loss, output.targets)


def _of_logits(output: Output, loss: Loss):
    activation, name = output.activation, output.name
    if activation in PROBABILITIES:
        return (
            f"Output {name!r} has the activation {activation}, and {loss.name} with "
            f"from_logits=True applies it once more: its gradients become small.",
            0.92,
            "warning",
        )
    if activation in ("relu", "relu6", "tanh", "softplus", "softsign"):
        return (
            f"Output {name!r} has the activation {activation}, but {loss.name} with "
            "from_logits=True takes any number, also negative and large ones.",
            0.85,
            "warning",
        )
    return None


def _of_regression(output: Output, loss: Loss, targets: Values):
    """Judges an output whose loss is one of numbers."""
    column = targets.shape[-1:] in ((), (1,))
    if column and len(output.shape) == 1 and (units(output) or 1) > 1 and form(targets) in CLASSES:
        return (
            f"Output {output.name!r} has {units(output)} units for one column of targets "
            f"({described_targets(targets)}), and {loss.name} compares each with it.",
            0.7,
            "warning",
        )
    kind, activation = form(targets), output.activation
    if kind in ("binary", "one_hot", "indices") and not is_map(output):
        if activation in ("relu", "relu6", "linear") and counts_hits(output):
            what = "no activation" if activation == "linear" else f"the activation {activation}"
            return (
                f"Output {output.name!r} has {what} and {loss.name}, but the targets are classes "
                f"({described_targets(targets)}).",
                0.75 if activation == "linear" else 0.85,
                "warning",
            )
        return None
    if activation in ("sigmoid", "softmax") and is_outside(targets, activation):
        return (
            f"Output {output.name!r} is a {activation}, made for classes, but the targets are "
            f"{described_targets(targets)}.",
            0.5,
            "note",
        )
    return None


@rule("Can the output reach the targets?", "outputs")
def range_of_output(record: Record) -> Iterator[Finding]:
    """Judges the range of each output's activation by its targets."""
    for output in record.outputs:
        values, activation, loss = output.targets, output.activation, output.loss
        if values is None or loss is None or activation not in RANGES:
            continue
        if units(output) == 1 and activation == "softmax" and form(values) != "real":
            continue
        numbers = loss.kind in BINARY and form(values) in ("real", "constant")
        if loss.kind not in REGRESSIONS and not numbers:
            continue
        if not is_outside(values, activation):
            continue
        low, high = RANGES[activation]
        bounds = f"from {low:g} to {high:g}" if high < float("inf") else f"above {low:g}"
        yield Finding(
            "output_range_too_small",
            f"The activation {activation} of output {output.name!r} gives numbers {bounds}, but "
            f"the targets reach from {values.minimum:.4g} to {values.maximum:.4g}.",
            0.95 if is_mostly_outside(values, activation) else 0.7,
            "error" if is_mostly_outside(values, activation) else "warning",
            evidence_of(output),
            where=output.name,
        )


RULES: tuple[Rule, ...] = (output_and_loss, range_of_output)
