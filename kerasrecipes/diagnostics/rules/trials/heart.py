"""How far a training on few samples went."""

from kerasrecipes.diagnostics.record import Attempt, Overfit, Record

# The way from a constant answer to the least loss; from here on, samples count as learnt.
LEARNT = 0.8

NUMBERS = {
    "mean_squared_error",
    "mean_absolute_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
}


def few_of(record: Record) -> Overfit:
    """Returns the training of a record that has one."""
    assert record.trials is not None
    assert record.trials.overfit is not None
    return record.trials.overfit


def progress_of(few: Overfit, attempt: Attempt, start: float | None = None) -> float:
    """Returns which part of the way from a constant answer to the least loss was gone."""
    if start is None:
        start = few.constant_loss if few.constant_loss is not None else few.first_loss
    if attempt.loss is None or start is None:
        return -1.0
    return (start - attempt.loss) / max(start - few.least_loss, 1e-12)


def learns(few: Overfit) -> bool:
    """Returns whether a training has taught the samples."""
    return any(progress_of(few, attempt) >= LEARNT for attempt in few.attempts)
