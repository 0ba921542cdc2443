"""How far a training came, and whether it was still on its way when it ended."""

from collections.abc import Iterator

import numpy as np

from kerasrecipes.diagnostics.findings.finding import Finding, Severity
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.curves.logged_curves import Logged, logged
from kerasrecipes.diagnostics.rules.curves.measures import descent, trend
from kerasrecipes.diagnostics.rules.questions import rule

# An exponential decay that has run for three of its time constants makes 9% of its descent in the
# last third of it, and a straight line 33%.
UNFINISHED = 0.2
# Of a few epochs, the last third is one or two: after three time constants, they make 12%.
FEW_EPOCHS = 10
UNFINISHED_FEW = 0.12
# A loss that falls by less in an epoch takes 50 of them and more to halve, 70 below that.
SLOW = 0.01
RATHER_SLOW = 0.025
# Nearly every epoch is below the one before it.
STEADY = -0.9
# Half a dozen epochs are a first look. Whoever trains for more has seen the loss fall, and wants to
# know whether answers would get better, too.
A_LOOK = 6
STRAIGHT = 0.25
GAINED = 0.05
# A validation loss that makes less than this share of the training's descent is not led by it.
FOLLOWED = 0.4


def late_share(loss: np.ndarray) -> float:
    """Returns the share of a loss's whole descent that its last third makes.

    Example:

    >>> round(late_share(np.linspace(2, 1, 30)), 2), round(late_share(np.exp(-np.arange(30.0))), 2)
    (0.34, 0.0)
    """
    falling = descent(loss)
    whole = falling[0] - falling[-1]
    before = falling[max(0, 2 * len(loss) // 3 - 1)]
    return float((before - falling[-1]) / whole) if whole > 0 else 0.0


def epoch_share(loss: np.ndarray) -> float:
    """Returns the share of a loss that an epoch takes away, on average; NaN if it is below 0."""
    if len(loss) < 2 or loss.min() <= 0:
        return float("nan")
    return float(1 - (loss[-1] / loss[0]) ** (1 / (len(loss) - 1)))


def is_followed(curves: Logged) -> bool:
    """Returns whether the validation loss goes down with the training's, if there is one."""
    validated = curves.validated()
    if validated is None or validated.val_loss is None or len(validated) < 2:
        return True
    loss, val_loss = validated.loss, validated.val_loss
    return bool(val_loss[0] - val_loss[-1] >= FOLLOWED * (loss[0] - loss[-1]))


def _has_turned(curves: Logged) -> bool:
    """Returns whether the validation loss was least three epochs and more before the end."""
    validated = curves.validated()
    if validated is None or validated.val_loss is None:
        return False
    return len(validated) - 1 - int(validated.val_loss.argmin()) >= 3


def _gained(curves: Logged) -> float:
    """Returns what the last third brought in accuracy; infinite if there is none."""
    validated = curves.validated()
    accuracy = curves.accuracy if validated is None else validated.val_accuracy
    if accuracy is None:
        return float("inf")
    return float(accuracy[-1] - accuracy[max(0, 2 * len(accuracy) // 3 - 1)])


# A third of the epochs brings a third of the descent along a straight line, and less where the loss
# levels off: to stop there is a choice.
LINEAR = 0.4


@rule("Is the loss done falling when the training ends?", "series.epochs")
def finished(record: Record) -> Iterator[Finding]:
    """Finds trainings that end on their way down: too early, or because they crawl."""
    curves = logged(record)
    if curves is None or len(curves) < 2 or record.series is None:
        return
    loss, epochs = curves.loss, len(curves)
    late, share = late_share(loss), epoch_share(loss)
    steady = trend(loss) <= STEADY or epochs < 4
    least = UNFINISHED_FEW if epochs <= FEW_EPOCHS else UNFINISHED
    if late < least or not steady or loss[-1] >= loss[0] or not is_followed(curves):
        return
    if record.series.stopped_by not in (None, "interruption") or _has_turned(curves):
        return  # What had stopped it saw no progress.
    seen = {
        "epochs": epochs,
        "first": float(loss[0]),
        "last": float(loss[-1]),
        "share_of_the_last_third": late,
        "share_of_an_epoch": share if np.isfinite(share) else None,
    }
    crawls = (
        f"The loss crawls: an epoch takes {100 * share:.2g}% off it, from {loss[0]:.4g} to "
        f"{loss[-1]:.4g} in {epochs} epoch{'s' if epochs > 1 else ''}."
    )
    ends = (
        f"The loss was still falling when the training ended after {epochs} "
        f"epoch{'s' if epochs > 1 else ''}: the last third brought {100 * late:.0f}% of the whole "
        "descent."
    )
    if share < SLOW:
        slow, few = 0.85, 0.2
    elif share < RATHER_SLOW and epochs >= 8 and late > UNFINISHED:
        slow, few = 0.6, 0.45
    elif epochs <= A_LOOK or (late > STRAIGHT and _gained(curves) > GAINED):
        slow, few = 0.2, 0.8
    else:
        slow, few = 0.0, 0.5 if _gained(curves) > 0 else 0.0
    for kind, said, confidence in (
        ("learning_rate_too_low", crawls, slow),
        ("too_few_epochs", ends, few),
    ):
        flattens = kind == "too_few_epochs" and late <= LINEAR
        severity: Severity = "warning" if confidence > 0.55 and not flattens else "note"
        if confidence > 0.3:
            yield Finding(kind, said, confidence, severity, seen)


RULES = (finished,)
