"""Models whose answers are guesses, on validation at least."""

import math
from collections.abc import Iterator

import numpy as np

from kerasrecipes.diagnostics.findings.finding import Finding, Severity
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.curves.logged_curves import Logged, logged
from kerasrecipes.diagnostics.rules.curves.measures import descent, end, noise, second_half, trend
from kerasrecipes.diagnostics.rules.questions import rule
from kerasrecipes.diagnostics.rules.terms.forms import CATEGORICAL, SPARSE

# An accuracy of 1 / C and a loss of ln C go together if nothing is known of the samples. Whoever
# knows something has a higher accuracy, and a loss above its logarithm: 1.4 times and more in
# trainings of small models that do well.
LOWEST, HIGHEST = 0.9, 1.3
# Two even classes are guessed right in a half; for a share beyond 0.6, there is no even number.
MOST = 0.6


@rule("Does the model learn more than to guess?", "series.epochs")
def learning(record: Record) -> Iterator[Finding]:
    """Finds models whose answers on validation data are guesses."""
    curves = logged(record)
    if curves is None or len(curves) < 4 or curves.loss.min() <= 0:
        return
    validated = curves.validated()
    known = known_classes(record)
    found = [] if curves.accuracy is None else list(_classes(curves, validated, known))
    if not found and validated is not None:
        found = list(_by_heart(validated))
    yield from found


def known_classes(record: Record) -> int | None:
    """Returns the number of classes by the targets or the output; `None` if they do not tell."""
    if len(record.outputs) != 1:
        return None
    (output,) = record.outputs
    if output.targets is not None and output.targets.class_counts:
        return len(output.targets.class_counts)
    one_of_several = output.loss is not None and output.loss.kind in CATEGORICAL | SPARSE
    return output.shape[-1] if one_of_several and output.shape else None


def guessed_classes(accuracy: np.ndarray, loss: np.ndarray, known: int | None = None) -> int | None:
    """Returns among how many even classes a model guesses; `None` if it does not.

    Args:
        accuracy: The share of right answers, by epoch.
        loss: The cross-entropy.
        known: The number of classes, if it is known; it counts where the accuracy fits it.

    Example:

    >>> guessed_classes(np.full(9, 0.1), np.full(9, 2.31))
    10
    >>> guessed_classes(np.full(9, 0.6), np.full(9, 0.9))  # 0.9 is too much for two in three.
    """
    share = float(np.median(accuracy))
    if not 0 < share <= MOST or not LOWEST <= loss.min() / -math.log(share) <= HIGHEST:
        return None
    number, tolerance = round(1 / share), 0.2
    # Of many classes, an accuracy tells the number roughly, and the loss tells it better.
    if number > 4:
        number, tolerance = round(math.exp(min(loss.min(), -math.log(share)))), 0.4
    if known and abs(share - 1 / known) < tolerance / known:
        return known
    return number if abs(share - 1 / number) < tolerance / number else None


def _classes(curves: Logged, validated: Logged | None, known: int | None) -> Iterator[Finding]:
    judged = curves if validated is None else validated
    accuracy = curves.accuracy if validated is None else validated.val_accuracy
    loss = judged.loss if validated is None else validated.val_loss
    if accuracy is None or loss is None or curves.accuracy is None or len(loss) < 4:
        return
    number = guessed_classes(accuracy, loss, known)
    crawls = trend(loss) < -0.9 and trend(curves.loss) < -0.9
    if number is None or trend(accuracy) > 0.5 or (crawls and loss[0] < 1.3 * loss[-1]):
        return
    guess = math.log(number)
    seen = {
        "classes": number,
        "loss_of_guessing": guess,
        "loss": end(curves.loss),
        "accuracy": end(curves.accuracy),
        "judged_accuracy": end(accuracy),
    }
    where = "" if validated is None else " on validation"
    about = "" if number in (2, 3, 4, known) else "about "
    said = (
        f"The accuracy{where} stays at {100 * end(accuracy):.0f}% and the loss at {end(loss):.3g}, "
        f"which is guessing: with {about}{number} even classes, "
        f"{100 / number:.0f}% and {guess:.3g}."
    )
    kinds = _alike(curves, accuracy, guess)
    if validated is not None and _is_harder(validated, accuracy):
        kinds = {"regularization_too_strong": 0.7}
    for kind, confidence in kinds.items():
        # A model that cannot learn looks alike, whatever the labels say.
        sure = confidence == max(kinds.values()) and kind != "labels_unrelated"
        severity: Severity = "warning" if sure else "note"
        yield Finding(kind, f"{said} {_WHY[kind]}", confidence, severity, seen)


_WHY = {
    "regularization_too_strong": "In training, dropout or a penalty leaves nothing to learn.",
    "learning_rate_too_high": "Steps that were too large left weights that no step moves, or throw "
    "the loss about.",
    "majority_collapse": "All samples may get the same answer.",
    "labels_unrelated": "Nothing that the inputs say of the targets holds for other samples.",
}


def _alike(curves: Logged, accuracy: np.ndarray, guess: float) -> dict[str, float]:
    """Returns how surely each kind is the reason of guessing."""
    loss = curves.loss
    assert curves.accuracy is not None
    fell = float(np.median(loss[1:3])) - end(loss)
    learnt = trend(loss[1:]) < -0.5 and fell > 0.004 * guess
    smooth = np.abs(loss - descent(loss)).max() < 0.01 * np.ptp(loss)
    above = loss[0] > 1.15 * guess
    jumps = noise(second_half(loss)) > 0.003 * guess or end(loss) > 1.012 * guess
    if above and smooth and not jumps and end(curves.accuracy) < 1.2 * end(accuracy) + 0.01:
        gentle = loss[1] > guess + 0.1 * (loss[0] - guess)
        return {"regularization_too_strong": 0.85 if gentle or loss[0] > 3 * guess else 0.6}
    if learnt and not (above and end(loss) > guess):
        return {"labels_unrelated": 0.85}
    if jumps or above:
        return {"learning_rate_too_high": 0.7, "majority_collapse": 0.4}
    values = len(np.unique(np.round(second_half(accuracy), 4)))
    if values <= 2 and np.ptp(second_half(curves.accuracy)) < 1e-4:
        # Weights that nothing moves any more: with other targets, some would be learnt by heart.
        return {"learning_rate_too_high": 0.6, "majority_collapse": 0.5}
    if values <= 2:
        return {"majority_collapse": 0.6, "labels_unrelated": 0.3}
    return {"labels_unrelated": 0.5, "majority_collapse": 0.3}


def _is_harder(curves: Logged, accuracy: np.ndarray) -> bool:
    """Returns whether training is harder than validation, which is guessing from the start."""
    assert curves.val_loss is not None
    assert curves.accuracy is not None
    loss, val_loss = curves.loss, curves.val_loss
    rests = np.ptp(val_loss) < 0.03 * val_loss[0] and noise(val_loss) < 0.003 * val_loss[0]
    begins = loss[0] > 1.1 * val_loss[0] and rests
    better = end(accuracy) > 1.1 * end(curves.accuracy)
    return bool((begins or better) and (loss[1:] >= 0.998 * val_loss[:-1]).mean() > 0.8)


# The first epoch's mean is that of weights which knew nothing yet, and have begun to learn. What
# never comes below nine tenths of it knows nothing to the end.
FIRST = 0.9
FEW = 0.2


def learns_by_heart_only(curves: Logged) -> bool:
    """Returns whether a training learns, and nothing of it shows on validation."""
    loss, val_loss, val_accuracy = curves.loss, curves.val_loss, curves.val_accuracy
    if val_loss is None or len(loss) < 4 or loss[0] <= 0:
        return False
    learnt, kept = loss[0] - end(loss), val_loss[0] - end(val_loss)
    if trend(loss) > -0.5 or learnt < 0.02 * loss[0] or kept > 0.4 * learnt:
        return False
    better = val_accuracy is not None and (
        trend(val_accuracy) > 0.5 or val_accuracy.max() > val_accuracy[0] + 0.06
    )
    return bool(val_loss.min() > FIRST * loss[0]) and not better


def _by_heart(curves: Logged) -> Iterator[Finding]:
    loss, val_loss = curves.loss, curves.val_loss
    if val_loss is None or not learns_by_heart_only(curves):
        return
    yield Finding(
        "labels_unrelated",
        f"The validation loss never falls below {val_loss.min():.3g}, near the {loss[0]:.3g} that "
        f"training begins with, whatever is learnt in training, to {end(loss):.3g}: what holds for "
        "those samples does not hold for others.",
        # Few samples are learnt to the last, whether or not there is more in them.
        0.5 if end(loss) < FEW * loss[0] else 0.8,
        "note",
        {"first": float(loss[0]), "least": float(val_loss.min()), "loss": end(loss)},
    )


RULES = (learning,)
