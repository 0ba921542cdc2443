"""How far a training on few samples went."""

from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.trials import Overfit

# The way from a constant answer to the least loss: from the first on, samples count as learnt;
# below the second, as not learnt.
LEARNT = 0.8
NOT_LEARNT = 0.3

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


def progress_of(few: Overfit, loss: float | None, start: float | None = None) -> float:
    """Returns which part of the way to the least loss was gone, of that from a constant answer.

    Args:
        few: The training.
        loss: The loss that was reached, maybe at another rate.
        start: Where the way begins.
    """
    if start is None:
        start = few.constant_loss
        if start is None or start - few.least_loss < 1e-6:  # There is nothing to learn.
            start = few.first_loss
    if loss is None or start is None:
        return -1.0
    return (start - loss) / max(start - few.least_loss, 1e-12)
