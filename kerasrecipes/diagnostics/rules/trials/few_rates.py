"""At which learning rates a few samples are learnt by heart."""

from collections.abc import Iterator, Sequence

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.trials import Attempt, Overfit
from kerasrecipes.diagnostics.rules.questions import rule
from kerasrecipes.diagnostics.rules.trials.heart import LEARNT, NOT_LEARNT, few_of, progress_of

# The part of the way from the first loss to the least one below which the model is as it was.
UNTOUCHED = 0.05

# A rate is too low only if ten times it lowers the loss so many times as much.
MORE = 3.0

# For an alarm, half of the way would take so many times the steps that are planned, as progress is
# slow at first; and where it is not known how many are planned, so many.
TOO_SLOW = 2
USUAL_STEPS = 20_000


@rule("Is the learning rate one at which the model learns?", "trials.overfit")
def learning_rate(record: Record) -> Iterator[Finding]:
    """The optimizer's own rate against multiples of it, and Adam, on the same samples."""
    few = few_of(record)
    if few.rising or not few.attempts or few.first_loss is None:
        return
    own, *others = few.attempts
    learnt = [each for each in others if progress_of(few, each.loss) >= LEARNT]
    if not learnt:
        return
    same = [each for each in others if each.optimizer == own.optimizer]
    smaller = [each for each in learnt if each in same and each.learning_rate < own.learning_rate]
    if smaller and progress_of(few, own.loss) < NOT_LEARNT:
        yield _too_high(record, few, own, smaller[0])
    elif _is_untouched(few, own) and _larger_is_better(few, own, same):
        yield _too_low(record, few, own, learnt[0])


def _too_high(record: Record, few: Overfit, own: Attempt, better: Attempt) -> Finding:
    scheduled = _is_scheduled(record)
    became = "is not finite" if own.loss is None else f"is {own.loss:.3g}"
    return Finding(
        "learning_rate_too_high",
        f"After {own.steps} steps at the learning rate {own.learning_rate:.2g}, the loss on "
        f"{few.samples} samples {became}; {_said(better)}.",
        0.6 if scheduled else 0.85,
        "note" if scheduled else "warning",
        _evidence(few, own, better),
    )


def _too_low(record: Record, few: Overfit, own: Attempt, better: Attempt) -> Finding:
    planned = _planned_steps(record)
    needed = 0.5 * own.steps / max(progress_of(few, own.loss, few.first_loss), 1e-9)
    enough = needed < (TOO_SLOW * planned if planned else USUAL_STEPS)
    quiet = enough or _is_scheduled(record)
    return Finding(
        "learning_rate_too_low",
        f"In {own.steps} steps at the learning rate {own.learning_rate:.2g}, the loss on "
        f"{few.samples} samples went from {few.first_loss:.4g} to {own.loss:.4g} only; "
        f"{_said(better)}.",
        0.5 if quiet else 0.75,
        "note" if quiet else "warning",
        {**_evidence(few, own, better), "planned_steps": planned},
    )


def _is_untouched(few: Overfit, own: Attempt) -> bool:
    return own.loss is not None and progress_of(few, own.loss, few.first_loss) < UNTOUCHED


def _larger_is_better(few: Overfit, own: Attempt, same: Sequence[Attempt]) -> bool:
    """Returns whether the loss falls further, the larger the rate is."""
    larger = [each.loss for each in same if each.learning_rate > own.learning_rate]
    if not larger or larger[-1] is None or own.loss is None or few.first_loss is None:
        return False
    return few.first_loss - larger[-1] > MORE * max(few.first_loss - own.loss, 0.0)


def _is_scheduled(record: Record) -> bool:
    return record.optimizer is not None and record.optimizer.schedule is not None


def _said(better: Attempt) -> str:
    return f"with {better.optimizer} at {better.learning_rate:.2g}, it is {better.loss:.3g}"


def _evidence(few: Overfit, own: Attempt, better: Attempt) -> dict:
    return {
        "learning_rate": own.learning_rate,
        "first_loss": few.first_loss,
        "loss": own.loss,
        "other_optimizer": better.optimizer,
        "other_learning_rate": better.learning_rate,
        "other_loss": better.loss,
        "steps": own.steps,
    }


def _planned_steps(record: Record) -> int | None:
    planned = record.series.planned_epochs if record.series is not None else None
    each = record.data.steps_per_epoch if record.data is not None else None
    return planned * each if planned and each else None
