"""Models that give all samples the same answer."""

from collections.abc import Iterator

import numpy as np

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.curves.logged_curves import logged
from kerasrecipes.diagnostics.rules.questions import rule

# Text logs have four decimals.
EQUAL = 1e-4
# As the rate of a schedule goes to zero, an accuracy comes to rest too, but with it the loss: it
# fell by up to 16% meanwhile in healthy trainings.
MOVED = 0.2
# Of an accuracy below it, many samples are left that another answer would be right for.
NEARLY_ALL = 0.9
MOVED_BELOW = 0.02


@rule("Do answers differ from sample to sample?", "series.epochs")
def answers(record: Record) -> Iterator[Finding]:
    """Finds an accuracy that is one number, that of a class, while the loss goes on falling."""
    curves = logged(record)
    if curves is None or curves.accuracy is None or len(curves) < 4:
        return
    loss, accuracy = curves.loss, curves.accuracy
    share = float(accuracy[-1])
    rest = np.flatnonzero(np.abs(accuracy - share) > EQUAL)
    first = int(rest[-1]) + 1 if len(rest) else 0
    epochs = len(loss) - first
    moved = 1 - loss[-1] / loss[first] if loss[first] > 0 else 0.0
    least = MOVED_BELOW if share < NEARLY_ALL else MOVED
    known = _is_of_a_class(record, share)
    if known is False or epochs < max(4, len(loss) // 3):
        return
    if not 0.05 < share < (1 if known else 0.98):
        return
    if known or moved > least:
        yield Finding(
            "majority_collapse",
            f"The accuracy is {100 * share:.1f}% in each of the last {epochs} epochs, while the "
            f"loss falls from {loss[first]:.3g} to {loss[-1]:.3g}: all samples get the same "
            f"answer, a class that {100 * share:.1f}% of them have.",
            0.95 if known else 0.8,
            "warning",
            {"accuracy": share, "epochs": epochs, "loss_fell": moved},
        )


def _is_of_a_class(record: Record, share: float) -> bool | None:
    """Returns whether a share is that of a class; `None` if the classes' counts are not known."""
    counts = [c for o in record.outputs if o.targets and (c := o.targets.class_counts)]
    if len(counts) != 1 or not sum(counts[0]):
        return None
    shares = np.array(counts[0]) / sum(counts[0])
    return bool(np.abs(shares - share).min() < 0.005)


RULES = (answers,)
