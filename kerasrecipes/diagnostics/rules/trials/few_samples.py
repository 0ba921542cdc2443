"""Whether a few samples are learnt by heart."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding, Severity
from kerasrecipes.diagnostics.record.model_facts import Layer
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.trials import Attempt, Overfit
from kerasrecipes.diagnostics.rules.questions import rule
from kerasrecipes.diagnostics.rules.trials.heart import (
    LEARNT,
    NOT_LEARNT,
    NUMBERS,
    few_of,
    progress_of,
)

# Of a hidden layer with so few units, hardly any classes can be told apart.
NARROW = 2
NARROW_CLASSES = 4

# Targets that are not scaled are out of reach in a few steps; other rules say so.
LARGE_TARGET = 30.0

_SQUASHING = {"sigmoid", "tanh", "softsign", "hard_sigmoid"}
_RELUS = {"relu", "relu6"}


@rule("Can the model learn a few samples by heart?", "trials.overfit", "model")
def memory(record: Record) -> Iterator[Finding]:
    """Few samples that no rate teaches the model, with the causes that the model shows."""
    few = few_of(record)
    assert record.model is not None
    if few.rising or few.first_loss is None or not few.attempts or _targets_are_large(record):
        return
    evidence = {
        "samples": few.samples,
        "first_loss": few.first_loss,
        "constant_loss": few.constant_loss,
        "last_loss": few.last_loss,
        "tried": [f"{a.optimizer} at {a.learning_rate:.2g}: {_shown(a)}" for a in few.attempts],
    }
    if all(attempt.loss is None for attempt in few.attempts):
        yield Finding(
            "exploding_gradient",
            f"At none of {len(few.attempts)} learning rates, the loss on {few.samples} samples "
            "stayed finite.",
            0.6,
            "error",
            evidence,
        )
        return
    progress = max(progress_of(few, attempt.loss) for attempt in few.attempts)
    narrow = _is_known(record, few) and bool(_narrow(record)) and _classes(record) >= NARROW_CLASSES
    if progress > (LEARNT if narrow else NOT_LEARNT if _is_known(record, few) else 0.0):
        return
    said = (
        f"The model cannot learn {few.samples} samples by heart: in {few.steps} steps at the best "
        f"of {len(few.attempts)} learning rates, the loss went from {few.first_loss:.3g} to "
        f"{_shown(few)}"
    )
    said += f", where a constant answer has {few.constant_loss:.3g}" if few.constant_loss else ""
    for kind, confidence, why in _causes(record):
        severity: Severity = "warning" if confidence >= 0.5 else "note"
        yield Finding(kind, f"{said}. {why}", confidence, severity, evidence)


def _causes(record: Record) -> Iterator[tuple[str, float, str]]:
    """Yields what in a model may keep it from learning, with a confidence."""
    assert record.model is not None
    assert record.trials is not None
    hidden, narrow = _hidden(record), _narrow(record)
    activations = [layer.activation for layer in record.model.layers if layer.activation]
    rates = [layer.dropout_rate or 0.0 for layer in record.model.layers]
    first = record.trials.initial_loss
    found = False
    if max(rates, default=0.0) >= 0.8 or (first and first.penalty > abs(first.loss or 0.0)):
        found = True
        yield "regularization_too_strong", 0.6, "Its regularization is strong."
    if narrow:
        found = True
        yield "capacity_too_small", 0.6, f"Layer {narrow[0].name!r} has {narrow[0].units} units."
    if sum(name in _SQUASHING for name in activations) >= 4:
        found = True
        yield "vanishing_gradient", 0.5, "Many of its layers squash what they are given."
    if hidden and record.model.ordered and not set(activations) - {"linear", "softmax"}:
        found = True
        yield "missing_nonlinearity", 0.5, "Its layers are one linear layer."
    few = few_of(record)
    still = few.last_loss is not None and few.first_loss is not None
    still = still and abs((few.last_loss or 0.0) - (few.first_loss or 0.0)) < 1e-6
    if still and _RELUS & set(activations):
        found = True
        yield "dying_relu", 0.5, "No weight changes the loss: units of relu may all be dead."
    if not found:
        yield "capacity_too_small", 0.3, "It may be too small, or the loss ask for another output."


def _hidden(record: Record) -> list[Layer]:
    outputs = {output.layer for output in record.outputs}
    layers = record.model.layers if record.model else ()
    return [layer for layer in layers if layer.units and layer.name not in outputs]


def _narrow(record: Record) -> list[Layer]:
    return [layer for layer in _hidden(record) if (layer.units or 0) <= NARROW]


def _classes(record: Record) -> int:
    return max((output.shape[-1] or 0 for output in record.outputs if output.shape), default=0)


def _is_known(record: Record, few: Overfit) -> bool:
    """Returns whether the samples can be learnt by heart: few numbers or a class for each."""
    if few.constant_loss is None or len(record.outputs) != 1:
        return False
    shape = record.outputs[0].shape
    loss = record.outputs[0].loss
    return len(shape) == 1 and loss is not None and ("cross" in loss.kind or shape[0] == 1)


def _targets_are_large(record: Record) -> bool:
    values = (output.targets for output in record.outputs if output.targets is not None)
    kinds = {output.loss.kind for output in record.outputs if output.loss}
    largest = max((abs(b or 0.0) for v in values for b in (v.minimum, v.maximum)), default=0.0)
    return bool(kinds & NUMBERS) and largest > LARGE_TARGET


def _shown(attempt: Attempt | Overfit) -> str:
    loss = attempt.loss if isinstance(attempt, Attempt) else attempt.last_loss
    return "not finite" if loss is None else f"{loss:.3g}"
