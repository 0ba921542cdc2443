"""Losses that are not finite, and losses that the training makes worse."""

from collections.abc import Iterator

import numpy as np

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.rules.curves.logged_curves import Logged, logged
from kerasrecipes.diagnostics.rules.curves.measures import noise, trend
from kerasrecipes.diagnostics.rules.questions import rule

# Healthy losses rise by a few percent between epochs; what doubles is on its way up.
RISE = 2.0
# A loss that rises by a fifth of itself over a whole training does not fall.
WORSE = 0.2
# A gradient of the wrong sign drives a loss up, from epoch to epoch; a rate that is too high throws
# it about, so that it falls again by more than this share.
BACK = 0.01


@rule("Is the loss finite?", "series")
def finite(record: Record) -> Iterator[Finding]:
    """Finds a loss that is NaN or infinite."""
    series = record.series
    assert series is not None
    loss = series.epochs.get("loss", [])
    if series.bad_step is not None or None in loss:
        first = loss.index(None) if None in loss else len(loss)
        at = f"in step {series.bad_step:,}" if series.bad_step else f"in epoch {first + 1}"
        before = [value for value in loss[:first] if value is not None]
        if len(before) < 2:
            before = _steps_before(series) or before
        yield Finding(
            "loss_not_finite",
            f"The loss is NaN or infinite for the first time {at}, "
            + (f"after {before[-1]:.3g}." if before else "so that nothing is learnt."),
            0.97,
            "error",
            {"epoch": first + 1, "step": series.bad_step},
        )
        if len(before) > 1 and before[-1] > RISE * min(before) > 0:
            said = f"Before, the loss rose from {min(before):.3g} to {before[-1]:.3g}."
            seen = {"least": min(before), "last": before[-1]}
            from_the_start = before == sorted(before)
            high = 0.5 if from_the_start else 0.75
            yield Finding("learning_rate_too_high", said, high, "error", seen)
            if from_the_start:
                yield Finding("wrong_direction", said, 0.45, "note", seen)
        return
    validation = series.epochs.get("val_loss", [])
    if loss and validation and not any(value is not None for value in validation):
        yield Finding(
            "loss_not_finite",
            "The validation loss is NaN or infinite in every epoch, and that in training is not: "
            "look for NaN in the validation data.",
            0.9,
            "error",
            {"epoch": 1},
        )


def _steps_before(series: Series) -> list[float]:
    """Returns the losses of the steps before the first that is not finite."""
    losses = series.steps.get("loss", [])
    first = losses.index(None) if None in losses else len(losses)
    return [value for value in losses[:first] if value is not None]


@rule("Does training lower the loss?", "series.epochs")
def falling(record: Record) -> Iterator[Finding]:
    """Finds a loss that rises from the start, or that falls while its score gets worse."""
    curves = logged(record)
    if curves is None or len(curves) < 2:
        return
    loss = curves.loss
    seen = {"first": float(loss[0]), "last": float(loss[-1])}
    # The first epoch is the best: where a rate is too high, it is mostly the worst.
    if loss.argmin() == 0 and loss[-1] - loss[0] > WORSE * abs(loss[0]) + 5 * noise(loss):
        said = f"The loss rises from the first epoch on, from {loss[0]:.3g} to {loss[-1]:.3g}"
        jumps = _is_thrown_about(curves)
        yield Finding(
            "learning_rate_too_high" if jumps else "wrong_direction",
            said + (", in jumps." if jumps else ", and smoothly: it is made worse step by step."),
            0.7 if jumps else 0.85,
            "error",
            seen,
        )
        yield Finding(
            "wrong_direction" if jumps else "learning_rate_too_high",
            f"{said}.",
            0.25 if jumps else 0.2,
            "note",
            seen,
        )
    elif loss[-1] < min(0, loss[0]) and (score := _worse(curves)):
        yield Finding(
            "wrong_direction",
            f"The loss falls below zero, to {loss[-1]:.3g}, and the {score} in training gets no "
            "better by it.",
            0.85,
            "error",
            seen,
        )


def _is_thrown_about(curves: Logged) -> bool:
    """Returns whether a loss that rises falls back now and then, in training or validation."""
    rises = [curves.loss]
    if (validated := curves.validated()) is not None and validated.val_loss is not None:
        rises.append(validated.val_loss)
    return any((np.diff(values) < -BACK * np.abs(values[:-1])).any() for values in rises)


def _worse(curves: Logged) -> str:
    """Returns the name of a score that gets no better in training; empty if there is none."""
    if curves.accuracy is not None:
        # Answers that are as wrong as they can be are all the same: right for one class in many.
        worst = curves.accuracy[-1] <= max(curves.accuracy[0] + 0.02, 0.15)
        return "accuracy" if worst else ""
    return "error" if curves.error is not None and trend(curves.error) > 0 else ""


RULES = (finite, falling)
