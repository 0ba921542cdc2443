"""Dropout and penalties that leave little to learn."""

from collections.abc import Iterator

import numpy as np

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.curves.logged_curves import Logged
from kerasrecipes.diagnostics.rules.curves.measures import end, noise, second_half, trend
from kerasrecipes.diagnostics.rules.curves.split_gaps import comparable, gaps
from kerasrecipes.diagnostics.rules.questions import rule

# Dropout of a half took 20 points of accuracy in training from networks of 32 units, that fit three
# quarters of the samples all the same.
POINTS = 0.1
FITTED = 0.7
# As a share, for numbers: two thirds of the training's loss.
EASIER = -0.4
# Among a thousand classes, no loss is larger than that of knowing nothing of the wrong answers.
CLASSES = 1000
# Smoothing labels by 0.1 adds 0.6 for 10 classes, and 1.1 for a thousand.
SMOOTHED = 1.2


@rule("Does regularization leave room to learn?", "series.epochs")
def regularized(record: Record) -> Iterator[Finding]:
    """Finds trainings that are harder than validation by far, or whose loss is mostly penalty."""
    curves = comparable(record, 4)
    if curves is None:
        return
    found = _hidden(curves) or _penalized(curves, record) or _given_up(curves) or _levelled(curves)
    if found is not None:
        yield found


def _hidden(curves: Logged) -> Finding | None:
    """Finds dropout, noise or augmentation that hides what there is to learn."""
    assert curves.val_loss is not None
    losses, val_losses = curves.loss, curves.val_loss
    late = gaps(curves)[-max(3, len(curves) // 3) :]
    # Validation that jumps is no measure of how hard training is.
    jumps = noise(val_losses) > 0.1 * end(val_losses)
    if jumps or (curves.val_accuracy is not None and noise(curves.val_accuracy) > POINTS / 2):
        return _flat(curves)
    loss, val_loss = end(losses), end(val_losses)
    seen = {"loss": loss, "val_loss": val_loss}
    said = f"a loss of {loss:.3g} beside {val_loss:.3g}"
    # Training ends above where validation was after one epoch.
    hidden = (
        float(late.max()) < -0.1 and float(np.median(late)) < EASIER and loss > 0.9 * val_losses[0]
    )
    if curves.accuracy is not None and curves.val_accuracy is not None:
        right, val_right = end(curves.accuracy), end(curves.val_accuracy)
        # As a mean over an epoch, accuracy in training lags behind by half of one.
        lags = (curves.accuracy[:-1] + curves.accuracy[1:]) / 2
        ahead = float(np.median((curves.val_accuracy[:-1] - lags)[-len(late) :]))
        hidden = right <= FITTED and (hidden or ahead > POINTS)
        said += f", {100 * right:.0f}% right beside {100 * val_right:.0f}%"
        seen |= {"accuracy": right, "val_accuracy": val_right}
    return _too_hard(said, seen, 0.8) if hidden else _flat(curves)


def _flat(curves: Logged) -> Finding | None:
    """Finds a validation loss that never moves, and a training's that comes down to it."""
    assert curves.val_loss is not None
    loss, val_loss = curves.loss, curves.val_loss
    rests = np.ptp(val_loss) < 0.05 * val_loss[0] and noise(val_loss) < 0.01 * val_loss[0]
    if not rests or loss[0] < 1.3 * val_loss[0] or (loss < 0.95 * val_loss).any():
        return None
    seen = {"first": float(loss[0]), "loss": end(loss), "val_loss": end(val_loss)}
    said = f"a loss that comes down from {loss[0]:.3g} to {end(loss):.3g}, to which validation's "
    return _too_hard(
        said + f"{end(val_loss):.3g}, from the first epoch on, owes nothing", seen, 0.7
    )


def _too_hard(said: str, seen: dict[str, float], confidence: float) -> Finding:
    return Finding(
        "regularization_too_strong",
        f"Training is much harder than validation, to the end: {said}. Dropout, noise or "
        "augmentation hides most of what there is to learn.",
        confidence,
        "warning",
        seen,
    )


def _penalized(curves: Logged, record: Record) -> Finding | None:
    """Finds a loss that is larger than its accuracy allows, on both splits: mostly penalty."""
    if curves.accuracy is None or curves.val_loss is None:
        return None
    penalty = record.looks[0].penalty if record.looks else None
    if penalty is not None and penalty < 0.5 * curves.loss[0]:
        return None
    loss, val_loss = curves.loss, curves.val_loss
    right = np.clip(curves.accuracy, 1e-3, 1 - 1e-3)
    wrong = 1 - right
    most = -right * np.log(right) - wrong * np.log(wrong / (CLASSES - 1))
    first = max(2, len(loss) // 4)
    least = np.maximum(most, SMOOTHED)
    if not ((loss > least) & (val_loss > least))[:first].all() or trend(loss) >= 0:
        return None
    return Finding(
        "regularization_too_strong",
        f"The loss is mostly penalty: {loss[1]:.3g} in the second epoch, and {val_loss[1]:.3g} on "
        f"validation, with {100 * right[1]:.0f}% right, for which "
        f"{most[1]:.2g} is the most.",
        0.85,
        "warning",
        {"loss": float(loss[1]), "val_loss": float(val_loss[1]), "accuracy": float(right[1])},
    )


def _given_up(curves: Logged) -> Finding | None:
    """Finds a loss that falls while the answers get worse: it is a penalty that falls."""
    loss = curves.loss
    if end(loss) > 0.9 * loss[0] or loss.argmin() < len(loss) // 3:
        return None
    if curves.accuracy is not None:
        best, last, name = float(curves.accuracy.max()), end(curves.accuracy), "accuracy"
        falls = trend(curves.accuracy[int(curves.accuracy.argmax()) :]) < 0
        worse = bool(last < best - 0.05 and falls)
    elif curves.error is not None:
        best, last, name = float(curves.error.min()), end(curves.error), "error"
        worse = bool(last > 1.03 * best and curves.error.argmin() < len(loss) // 3)
    else:
        return None
    if not worse:
        return None
    return Finding(
        "regularization_too_strong",
        f"The loss in training falls, from {loss[0]:.3g} to {end(loss):.3g}, while the {name} gets "
        f"worse, from {best:.3g} to {last:.3g}: what falls is a penalty.",
        0.8,
        "warning",
        {"loss": end(loss), "best": best, "last": last},
    )


# Two splits have the same loss, to three digits, if it depends on neither.
EQUAL = 0.004


def _levelled(curves: Logged) -> Finding | None:
    """Finds a loss that is at rest, far below its start, and the same for both splits."""
    loss, val_loss, accuracy = curves.loss, curves.val_loss, curves.accuracy
    if val_loss is None or accuracy is None or end(accuracy) > FITTED:
        return None
    level = end(loss)
    rests = max(noise(second_half(loss)), abs(end(val_loss) - level)) < EQUAL * level
    if not rests or loss[0] < 1.5 * level:
        return None
    return Finding(
        "regularization_too_strong",
        f"The loss came down from {loss[0]:.3g} and rests at {level:.4g}, on validation at "
        f"{end(val_loss):.4g}: it depends on the samples no more, as penalties have taken the "
        "weights to zero.",
        0.8,
        "warning",
        {"first": float(loss[0]), "loss": level, "val_loss": end(val_loss)},
    )


RULES = (regularized,)
