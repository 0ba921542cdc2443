"""Jumps from epoch to epoch: of the training, and of a small validation set."""

from collections.abc import Iterator

import numpy as np

from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.curves.logged_curves import Logged, logged
from kerasrecipes.diagnostics.rules.curves.measures import denominator, end
from kerasrecipes.diagnostics.rules.questions import rule

# Jumps of a fifth of all that the loss fell after its first epoch: beyond those of 19 in 20 healthy
# trainings, whose last ones are by far smaller than the first.
UNSTABLE = 0.2
NOTED = 0.13
# Of the level at which the loss ends. About a level at rest, all that is left is jumps, small ones.
VISIBLE = 0.02


@rule("Does the loss fall without jumps?", "series.epochs")
def stable(record: Record) -> Iterator[Finding]:
    """Finds a loss in training that jumps from epoch to epoch."""
    curves = logged(record)
    if curves is None or len(curves) < 8 or record.series is None:
        return
    if record.series.restarts or _begins_anew(curves):
        return
    after = curves.loss[1:]
    jumps = roughness(after)
    # Where nearly all answers are right, the loss is that of a few samples.
    right = curves.accuracy is not None and end(curves.accuracy) > 0.97
    jump = jumps * np.ptp(after) / max(abs(end(after)), 1e-12)
    if jumps > NOTED and jump > VISIBLE and not right:
        alarm = jumps > UNSTABLE
        yield Finding(
            "learning_rate_too_high",
            f"From epoch to epoch, the loss in training jumps by {100 * jumps:.0f}% of all that it "
            f"fell after the first one, to the end, where it is {end(after):.3g}.",
            0.8 if alarm else 0.5,
            "warning" if alarm else "note",
            {"jumps": jumps, "loss": end(after)},
        )


def _begins_anew(curves: Logged) -> bool:
    """Returns whether a logged rate rises after it has fallen: a restart, or a cycle."""
    if curves.rate is None or not np.isfinite(curves.rate).all():
        return False
    changes = np.diff(curves.rate)
    rises = np.flatnonzero(changes > 0.1 * curves.rate[:-1])
    return bool(len(rises) and (changes[: rises[-1]] < 0).any())


def roughness(values: np.ndarray) -> float:
    """Returns the root mean square jump of a series, as a share of its range.

    Unlike in `noise`, rare jumps count: a training that is thrown back now and then is unstable.

    Example:

    >>> round(roughness(np.array([1.0, 0.5, 0.8, 0.5, 0.8, 0.5])), 2)
    0.54
    """
    if len(values) < 5 or np.ptp(values) == 0:
        return 0.0
    return float(np.sqrt(np.mean(np.diff(values, n=2) ** 2) / 6) / np.ptp(values))


# Wilson's interval of a half, from so many samples, is 34 and 19 points wide: models that differ by
# less cannot be told apart.
FEW_SAMPLES = 30
SMALL = 100
# Of all samples; whoever has few has no better choice than to validate on few.
FAIR_SHARE = 0.1
# Shares of so many samples are shares of fewer by chance, too.
MANY = 150


@rule("Is the validation set large enough?", "series.epochs")
def measured(record: Record) -> Iterator[Finding]:
    """Finds validation sets whose sampling error hides what one wants to see."""
    curves = logged(record)
    validated = curves.validated() if curves is not None else None
    accuracy = validated.val_accuracy if validated is not None else None
    samples = record.data.validation_samples if record.data is not None else None
    said, by_chance = f"Validation has {samples} samples", 0.0
    if samples is None and accuracy is not None:
        samples = denominator(accuracy, SMALL)
        values = len(set(np.round(accuracy, 6)) - {0.0, 1.0})
        by_chance = ((samples or MANY) / MANY) ** values
        if by_chance > 0.1:
            return
        said = f"By the steps of its accuracy, validation has {samples} samples or so"
    if not samples or samples > SMALL or _is_fair(samples, record):
        return
    seen: dict[str, object] = {"validation_samples": int(samples)}
    if accuracy is not None:
        right = int(np.clip(round(end(accuracy) * samples), 0, samples))
        low, high = wilson_interval(right, int(samples))
        said += f": {100 * right / samples:.0f}% right may be {100 * low:.0f}% to {100 * high:.0f}%"
        seen["accuracy_interval"] = [low, high]
    few, sure = samples <= FEW_SAMPLES, by_chance <= 0.015
    yield Finding(
        "validation_too_small",
        f"{said}.",
        (0.9 if few else 0.4) if sure else 0.5,
        "warning" if few and sure else "note",
        seen,
    )


def _is_fair(samples: int, record: Record) -> bool:
    trained = record.data.samples if record.data is not None else None
    return trained is not None and samples >= FAIR_SHARE * (samples + trained)


RULES = (stable, measured)
