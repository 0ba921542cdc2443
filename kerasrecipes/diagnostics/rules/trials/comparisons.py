"""Trainings against each other: in two modes, and on data from which there is less to learn."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import rule

# The loss in inference mode over that in training mode, both with the batch's own statistics.
MISMATCH = 2.0
# What of the initial statistics is left in moving ones at the end of a training.
STALE_FRACTION = 0.1

# Batches' losses differ; means that differ by less than this many standard errors are equal.
EQUAL_ERRORS = 1.0
# By chance, the relation of neighbours' targets is above this in 2 of 100 data sets.
UNRELATED = 2.0
# A control on fewer samples tells nothing.
CONTROL_SAMPLES = 400


@rule("Does the model answer alike in training and in inference?", "trials.modes")
def modes(record: Record) -> Iterator[Finding]:
    """Losses on one batch in the two modes."""
    assert record.trials is not None
    found = record.trials.modes
    assert found is not None
    first = record.trials.initial_loss
    if found.training is None or found.inference is None or found.settled is None:
        return
    # Dropout makes training mode worse, never inference mode.
    known = [abs(loss) for loss in (first.loss, first.expected) if loss] if first else []
    scale = max(abs(found.training), 0.5 * min(known, default=0.0))
    beyond = (MISMATCH - 1) * scale + 5 * found.spread
    evidence = {
        "training": found.training,
        "inference": found.inference,
        "settled": found.settled,
        "steps": found.steps,
    }
    if found.settled - found.training > beyond:
        yield Finding(
            "train_inference_mismatch",
            f"On the same samples, the loss is {found.training:.3g} in training mode and "
            f"{found.settled:.3g} in inference mode.",
            0.8,
            evidence=evidence,
        )
    elif found.inference - found.settled > beyond and (left := _left(record)) is not None:
        momentum, steps, fraction = left
        yield Finding(
            "stale_statistics",
            f"After {steps} steps, {fraction:.0%} of the first statistics are left at a momentum "
            f"of {momentum:g}: in inference mode the loss is {found.inference:.3g}, with the "
            f"batch's own statistics {found.settled:.3g}.",
            0.7,
            evidence={**evidence, "momentum": momentum, "planned_steps": steps},
        )


@rule("Does the loss depend on the inputs?", "trials.controls", "trials.overfit", "data")
def controls(record: Record) -> Iterator[Finding]:
    """Trainings on inputs of zeros and on the targets of other samples."""
    assert record.trials is not None
    assert record.data is not None
    found, few = record.trials.controls, record.trials.overfit
    assert found is not None
    assert few is not None
    if None in (found.loss, found.zeroed_inputs, found.permuted_targets, found.noise):
        return
    if few.last_loss is None or few.first_loss is None or few.last_loss > 0.5 * few.first_loss:
        return  # A model that learns nothing says nothing of the data.
    if (record.data.samples or 0) < CONTROL_SAMPLES:
        return
    if found.relation is None or found.relation > UNRELATED:
        return
    margin = EQUAL_ERRORS * (found.noise or 0.0) / found.averaged**0.5
    control = min(found.zeroed_inputs or 0.0, found.permuted_targets or 0.0)
    if (found.loss or 0.0) < control - margin:
        return
    yield Finding(
        "labels_unrelated",
        f"After {found.steps} steps, the loss is {found.loss:.3g}; with the targets of other "
        f"samples {found.permuted_targets:.3g}, and on inputs of zeros {found.zeroed_inputs:.3g}. "
        "Nor are the targets of similar samples alike.",
        0.7,
        evidence={
            "loss": found.loss,
            "permuted_targets": found.permuted_targets,
            "zeroed_inputs": found.zeroed_inputs,
            "neighbours_z": found.relation,
            "steps": found.steps,
        },
    )


def _left(record: Record) -> tuple[float, int, float] | None:
    """Returns momentum and planned steps, and what they leave of the first statistics, if much."""
    planned = record.series.planned_epochs if record.series is not None else None
    each = record.data.steps_per_epoch if record.data is not None else None
    layers = record.model.layers if record.model else ()
    momenta = [layer.momentum for layer in layers if layer.momentum is not None]
    if not planned or not each or not momenta:
        return None
    left = max(momenta) ** (planned * each)
    return (max(momenta), planned * each, left) if left > STALE_FRACTION else None
