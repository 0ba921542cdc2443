"""Differences between training and validation."""

from collections.abc import Iterator

import numpy as np

from kerasrecipes.diagnostics.findings.finding import Finding, Severity
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.curves.at_chance import FEW, learns_by_heart_only
from kerasrecipes.diagnostics.rules.curves.logged_curves import Logged, logged
from kerasrecipes.diagnostics.rules.curves.measures import end, noise, second_half, trend
from kerasrecipes.diagnostics.rules.questions import rule

# Half as much again as it was at best, for ten epochs and more. Early stopping waits that long.
HARM = 0.5
PATIENCE = 10
# A rise to be noted.
RISE = 0.25
# Five times the loss in training, and eight points of accuracy, for what was learnt by heart.
BY_HEART = float(np.log(5))
POINTS = 0.08


def gaps(curves: Logged) -> np.ndarray:
    """Returns the logarithm of validation over training loss, both after the same epoch.

    A loss in training is a mean over an epoch, and belongs to its middle. Its value at the epoch's
    end is taken to be the geometric mean of that and the next one.
    """
    assert curves.val_loss is not None
    return np.log(curves.val_loss[:-1] / np.sqrt(curves.loss[:-1] * curves.loss[1:]))


def comparable(record: Record, epochs: int) -> Logged | None:
    """Returns curves of so many epochs, at least, with positive losses in both splits."""
    curves = logged(record)
    validated = curves.validated() if curves is not None else None
    if validated is None or validated.val_loss is None or len(validated) < epochs:
        return None
    return validated if min(validated.loss.min(), validated.val_loss.min()) > 0 else None


@rule("Does the validation loss stay down?", "series.epochs")
def generalizing(record: Record) -> Iterator[Finding]:
    """Finds what is learnt by heart: a validation loss that rises, or is left behind."""
    curves = comparable(record, 6)
    if curves is None or curves.val_loss is None:
        return
    loss, val_loss, gap = curves.loss, curves.val_loss, gaps(curves)
    best = int(val_loss.argmin())
    after = len(loss) - 1 - best
    last = end(val_loss) if after >= 3 else float(val_loss[-1])
    rise = last / val_loss[best] - 1
    seen = {
        "best_epoch": int(curves.epochs[best]),
        "least": float(val_loss[best]),
        "last": last,
        "loss": float(loss[-1]),
    }
    rises = last - val_loss[best] > 4 * noise(second_half(val_loss)) and loss[-1] < loss[best]
    unrelated = learns_by_heart_only(curves)
    lags = trend(val_loss) < -0.8 and float(np.median(gap[:3])) > EARLY  # See `matching`.
    if rises and after >= 5 and rise > RISE and trend(val_loss[best:]) > 0.3:
        few = loss[-1] < FEW * loss[0]
        harmful = (
            (few or not unrelated)
            and rise > HARM
            and after >= PATIENCE
            and not _is_nearly_perfect(curves)
        )
        yield Finding(
            "overfitting",
            f"The validation loss was least in epoch {curves.epochs[best]}, {val_loss[best]:.3g}, "
            f"and rose to {last:.3g}, while that in training went on falling, to {loss[-1]:.3g}.",
            0.85 if harmful else 0.6,
            "warning" if harmful else "note",
            seen,
        )
    elif not lags and float(np.median(gap[-3:])) > BY_HEART and _points(curves) > POINTS:
        yield Finding(
            "overfitting",
            f"The loss in training is {loss[-1]:.3g}, and {last:.3g} on validation: most of what "
            "is learnt holds for the training samples only. It does no harm yet.",
            0.6,
            "note",
            seen,
        )


def _points(curves: Logged) -> float:
    """Returns by how much accuracy is higher in training; infinite if there is none."""
    if curves.accuracy is None or curves.val_accuracy is None:
        return float("inf")
    return end(curves.accuracy) - end(curves.val_accuracy)


def _is_nearly_perfect(curves: Logged) -> bool:
    """Returns whether nearly all validation samples are right: the loss is of a few of them."""
    return curves.val_accuracy is not None and end(curves.val_accuracy) > 0.95


# Data that are both in training and validation have the same loss, but for noise: the weights'
# changes during an epoch, and the choice of those in validation.
SAME = 0.1
BETTER = -0.4
# What is learnt by heart has lost four fifths of its loss. Easy tasks do that for all samples:
# one healthy training in seven looks so, and three in four of those with a leak.
LEARNT = 0.8


@rule("Is validation harder than training?", "series.epochs")
def leaking(record: Record) -> Iterator[Finding]:
    """Finds validation data on which a model is as good as on what it has learnt by heart."""
    curves = comparable(record, 8)
    # Where classes are weighted or drawn by shares, training has more of the rare and hard ones.
    evened = record.data is not None and record.data.class_weights
    if curves is None or curves.val_loss is None or evened:
        return
    loss, late = curves.loss, gaps(curves)[-max(4, len(curves) // 3) :]
    learnt = 1 - end(loss) / loss[0]
    if learnt < LEARNT or not BETTER < float(np.median(late)) < SAME:
        return
    # Dropout and augmentation, which make training harder, cost accuracy.
    if _points(curves) < -0.04 or (curves.accuracy is None and np.median(late) < -0.3):
        return
    yield Finding(
        "data_leak",
        f"To the end, the model is as good on validation data as on those it learns: a loss of "
        f"{end(curves.val_loss):.3g} beside {end(loss):.3g}. Where that is not due to dropout, "
        "augmentation or an easy task, validation data are among the training data.",
        0.25,
        "note",
        {"loss": end(loss), "val_loss": end(curves.val_loss), "gap": float(np.median(late))},
    )


# Half as much again as in training (e ** 0.4), in the first epochs, when nothing is learnt by
# heart yet.
EARLY = 0.4


@rule("Does validation begin where training does?", "series.epochs")
def matching(record: Record) -> Iterator[Finding]:
    """Finds a gap that is there from the first epochs on, before anything is learnt by heart."""
    curves = comparable(record, 4)
    if curves is None or curves.val_loss is None:
        return
    loss, val_loss, gap = curves.loss, curves.val_loss, gaps(curves)
    early, late = float(np.median(gap[:3])), float(np.median(gap[-3:]))
    accuracy, val_accuracy = curves.accuracy, curves.val_accuracy
    if early < EARLY or (val_accuracy is not None and val_accuracy[:3].max() > 0.9):
        return
    seen = {"loss": float(loss[1]), "val_loss": float(val_loss[1]), "early": early, "late": late}
    said = (
        f"Validation is far worse from the first epochs on: a loss of {val_loss[1]:.3g} after the "
        f"second, beside {loss[1]:.3g} in training"
    )
    below = False
    if accuracy is not None and val_accuracy is not None:
        said += f", and {100 * val_accuracy[1]:.0f}% right beside {100 * accuracy[1]:.0f}%"
        below = bool(end(val_accuracy) < 0.5 * end(accuracy))
    if val_loss[-1] > 1.1 * val_loss[0] and int(val_loss.argmin()) < 0.2 * len(loss):
        if below:
            said += ": other classes, or another order of them"
            kinds = {"not_shuffled": 0.9}
        else:
            return  # Too little data: `generalizing` says so.
    elif late > early + 0.7 and not below and trend(val_loss) > -0.8:
        return
    elif loss[1] < 0.85 * loss[0]:
        kinds = {"stale_statistics": 0.85 if early > 0.6 else 0.6, "not_shuffled": 0.35}
    else:
        kinds = {"not_shuffled": 0.65, "stale_statistics": 0.3}
    for kind, confidence in kinds.items():
        severity: Severity = "warning" if confidence == max(kinds.values()) else "note"
        yield Finding(kind, f"{said}.", confidence, severity, seen)


@rule("Is training no worse than guessing?", "series.epochs")
def below_chance(record: Record) -> Iterator[Finding]:
    """Finds an accuracy in training below that of guessing: the answer is always the last class."""
    curves = comparable(record, 4)
    if curves is None or curves.accuracy is None or curves.val_accuracy is None:
        return
    least = 1 + int(curves.accuracy[1:].argmin())
    accuracy, val_accuracy = curves.accuracy[least], curves.val_accuracy[least]
    if accuracy < 0.03 and val_accuracy > 3 * accuracy + 0.03:
        yield Finding(
            "not_shuffled",
            f"In epoch {curves.epochs[least]}, {100 * accuracy:.1f}% are right in training, fewer "
            f"than by guessing, and {100 * val_accuracy:.0f}% on validation: the model answers the "
            "class that it saw last, and then comes another.",
            0.85,
            "warning",
            {"accuracy": float(accuracy), "val_accuracy": float(val_accuracy)},
        )


RULES = (generalizing, leaking, matching, below_chance)
