"""Whether a few samples are learnt by heart, and at which rate."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings import Finding
from kerasrecipes.diagnostics.record import Attempt, Overfit, Record
from kerasrecipes.diagnostics.rules.rule import rule
from kerasrecipes.diagnostics.rules.trials.heart import LEARNT, NUMBERS, few_of, progress_of

# The way from a constant answer to the least loss: below the first, samples are not learnt; below
# the second, the model is as it was.
NOT_LEARNT = 0.3
UNTOUCHED = 0.05

# A loss that rose to so many times the first one has diverged.
DIVERGED = 3.0

# For an alarm, half of the way would take so many times the steps that are planned, as progress is
# slow at first; and where it is not known how many are planned, so many.
TOO_SLOW = 2
USUAL_STEPS = 20_000

# Targets that are not scaled are out of reach in a few steps; other rules say so.
LARGE_TARGET = 30.0

_SQUASHING = {"sigmoid", "tanh", "softsign", "hard_sigmoid"}
_RELUS = {"relu", "relu6"}


@rule("Is the learning rate one at which the model learns?", "trials.overfit")
def learning_rate(record: Record) -> Iterator[Finding]:
    """The optimizer's own rate against multiples of it, and Adam, on the same samples."""
    few = few_of(record)
    if few.rising or not few.attempts or few.first_loss is None:
        return
    own, *others = few.attempts
    better = max(others, key=lambda attempt: progress_of(few, attempt), default=None)
    if better is None or progress_of(few, better) < LEARNT:
        return
    scheduled = record.optimizer is not None and record.optimizer.schedule is not None
    evidence = {
        "learning_rate": own.learning_rate,
        "loss": own.loss,
        "other_optimizer": better.optimizer,
        "other_learning_rate": better.learning_rate,
        "other_loss": better.loss,
        "steps": own.steps,
    }
    said = f"with {better.optimizer} at {better.learning_rate:.2g}, it fell to {better.loss:.3g}."
    limit = DIVERGED * max(few.first_loss, few.constant_loss or 0.0)
    smaller = better.learning_rate < own.learning_rate
    if (own.loss is None or own.loss > limit) and smaller and better.optimizer == own.optimizer:
        became = "became infinite" if own.loss is None else f"rose to {own.loss:.3g}"
        yield Finding(
            "learning_rate_too_high",
            f"At the learning rate {own.learning_rate:.2g}, the loss on {few.samples} samples "
            f"{became}; {said}",
            0.6 if scheduled else 0.85,
            "note" if scheduled else "warning",
            evidence,
        )
    elif own.loss is not None and progress_of(few, own, few.first_loss) < UNTOUCHED:
        planned = _planned_steps(record)
        needed = 0.5 * own.steps / max(progress_of(few, own, few.first_loss), 1e-9)
        enough = needed < (TOO_SLOW * planned if planned else USUAL_STEPS)
        yield Finding(
            "learning_rate_too_low",
            f"In {own.steps} steps at the learning rate {own.learning_rate:.2g}, the loss on "
            f"{few.samples} samples went from {few.first_loss:.3g} to {own.loss:.3g} only; {said}",
            0.5 if enough else 0.75,
            "note" if enough or scheduled else "warning",
            {**evidence, "planned_steps": planned},
        )


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
    progress = max(progress_of(few, attempt) for attempt in few.attempts)
    if progress > (NOT_LEARNT if _is_known(record, few) else 0.0):
        return
    said = (
        f"The model cannot learn {few.samples} samples by heart: in {few.steps} steps at the best "
        f"of {len(few.attempts)} learning rates, the loss went from {few.first_loss:.3g} to "
        f"{_shown(few)}"
    )
    said += f", where a constant answer has {few.constant_loss:.3g}" if few.constant_loss else ""
    for kind, confidence, why in _causes(record):
        severity = "warning" if confidence >= 0.5 else "note"
        yield Finding(kind, f"{said}. {why}", confidence, severity, evidence)


def _causes(record: Record) -> Iterator[tuple[str, float, str]]:
    """Yields what in a model may keep it from learning, with a confidence."""
    assert record.model is not None
    assert record.trials is not None
    outputs = {output.layer for output in record.outputs}
    hidden = [layer for layer in record.model.layers if layer.units and layer.name not in outputs]
    activations = [layer.activation for layer in record.model.layers if layer.activation]
    rates = [layer.dropout_rate or 0.0 for layer in record.model.layers]
    first = record.trials.initial_loss
    found = False
    if max(rates, default=0.0) >= 0.8 or (first and first.penalty > abs(first.loss or 0.0)):
        found = True
        yield "regularization_too_strong", 0.6, "Its regularization is strong."
    narrow = [layer for layer in hidden if (layer.units or 0) <= 2]
    if narrow:
        found = True
        yield "capacity_too_small", 0.6, f"Layer {narrow[0].name!r} has {narrow[0].units} units."
    if sum(name in _SQUASHING for name in activations) >= 4:
        found = True
        yield "vanishing_gradient", 0.5, "Many of its layers squash what they are given."
    if hidden and record.model.ordered and not set(activations) - {"linear", "softmax"}:
        found = True
        yield "missing_nonlinearity", 0.5, "Its layers are one linear layer."
    few = record.trials.overfit
    still = few and few.last_loss is not None and few.first_loss is not None
    if still and abs(few.last_loss - few.first_loss) < 1e-6 and _RELUS & set(activations):
        found = True
        yield "dying_relu", 0.5, "No weight changes the loss: units of relu may all be dead."
    if not found:
        yield "capacity_too_small", 0.3, "It may be too small, or the loss ask for another output."


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


def _planned_steps(record: Record) -> int | None:
    planned = record.series.planned_epochs if record.series else None
    each = record.data.steps_per_epoch if record.data else None
    return planned * each if planned and each else None


def _shown(attempt: Attempt | Overfit) -> str:
    loss = attempt.loss if isinstance(attempt, Attempt) else attempt.last_loss
    return "not finite" if loss is None else f"{loss:.3g}"
