"""Results of short trainings that are undone."""

from collections.abc import Iterator, Sequence

from kerasrecipes.diagnostics.findings import Finding
from kerasrecipes.diagnostics.record import GradientError, Record
from kerasrecipes.diagnostics.rules.few_samples import RULES as OF_FEW_SAMPLES
from kerasrecipes.diagnostics.rules.rule import Rule, rule

# A cross-entropy of so many times ln C, and so much above it, comes from answers that are certain
# and wrong. Untrained networks of Keras's layers on scaled inputs stay below 1.5 times.
OFF_RATIO = 3.0
OFF_EXCESS = 4.0
# Inputs that are this far from 0 make an untrained network certain.
LARGE_INPUT = 10.0
_TAKES_ANY = {"Embedding", "Normalization", "Rescaling", "TextVectorization"}
# Keras's cross-entropies take no logarithm of less than 1e-7.
CLIPPED = 16.118

# The penalty over the loss itself. Usual weight decay gives a tenth to three.
HEAVY_PENALTY = 10.0

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

# From https://cs231n.github.io/neural-networks-3/: above the first, a gradient is wrong; above the
# second, it is right only where the loss has kinks.
WRONG_GRADIENT = 1e-2


@rule("Is the first loss what the loss predicts?", "trials.initial_loss")
def initial_loss(record: Record) -> Iterator[Finding]:
    """The loss of an untrained model: ln C of C classes, the variance of numbers."""
    assert record.trials is not None
    found = record.trials.initial_loss
    assert found is not None
    if found.loss is None:
        yield Finding(
            "loss_not_finite",
            "The loss is not finite before the first step, on samples that are.",
            0.9,
            "error",
            {"loss": None, "expected": found.expected},
        )
        return
    if found.expected is None or not found.by.startswith("ln ") or not _is_distribution(record):
        return
    if found.loss < OFF_RATIO * found.expected or found.loss < found.expected + OFF_EXCESS:
        return
    evidence = {"loss": found.loss, "expected": found.expected, "by": found.by}
    clipped = found.loss > 0.9 * CLIPPED * (1 - 1 / max(_classes(record), 2))
    said = (
        f"The first loss is {found.loss:.3g}, and a model that knows nothing has {found.by} = "
        f"{found.expected:.3g}"
        + (": its answers are 0 and 1, as if it were certain" if clipped else "")
    )
    largest = _largest_input(record)
    if largest is not None and largest > LARGE_INPUT:
        yield Finding(
            "inputs_not_scaled",
            f"{said}. The inputs reach {largest:.3g}.",
            0.75,
            evidence={**evidence, "largest_input": largest},
        )
    else:
        yield Finding(
            "bad_initialization",
            f"{said}. The initial weights are too large, or trained for something else.",
            0.4,
            "note",
            evidence,
        )


@rule("Is the penalty smaller than the loss?", "trials.initial_loss", "trials.overfit")
def penalty(record: Record) -> Iterator[Finding]:
    """Regularizers that outweigh the loss; an alarm only where the model does not learn."""
    assert record.trials is not None
    found, few = record.trials.initial_loss, record.trials.overfit
    assert found is not None
    assert few is not None
    scale = max(abs(found.loss or 0.0), found.expected or 0.0)
    if not scale or found.penalty < HEAVY_PENALTY * scale:
        return
    learns = few.last_loss is not None and few.last_loss < 0.5 * (few.first_loss or 0.0)
    yield Finding(
        "regularization_too_strong",
        f"The regularizers add {found.penalty:.3g} to a loss of {found.loss or 0.0:.3g}: training "
        "is mostly about small weights.",
        0.4 if learns else 0.7,
        "note" if learns else "warning",
        {"penalty": found.penalty, "loss": found.loss},
    )


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
    scale = max(abs(found.training), 0.5 * abs(first.loss or 0.0) if first else 0.0)
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


@rule("Is each layer's gradient that of its output?", "trials.gradients")
def gradients(record: Record) -> Iterator[Finding]:
    """Gradients against differences of the loss."""
    assert record.trials is not None
    errors = record.trials.gradients
    for name in wrong_layers(errors):
        worst = max(
            (e for e in errors if e.layer == name and e.error is not None),
            key=lambda e: (e.alone, e.error),
        )
        yield Finding(
            "wrong_gradient",
            f"The gradient of layer {name!r} is off by {worst.error:.0%}: with respect to its "
            f"{worst.weight}, it says {worst.analytic:.3g}, and differences of the loss "
            f"{worst.numeric:.3g}.",
            0.95,
            "error",
            {
                "layer": name,
                "error": worst.error,
                "analytic": worst.analytic,
                "numeric": worst.numeric,
            },
            where=name,
        )


def wrong_layers(errors: Sequence[GradientError]) -> tuple[str, ...]:
    """Returns the names of the layers whose gradient is wrong.

    A wrong gradient makes those of all layers before it wrong. It is that of layers that are wrong
    by themselves; if there is none, that of the last layer with a wrong one, or of what follows it.
    """
    wrong = [error for error in errors if error.error is not None and error.error > WRONG_GRADIENT]
    alone = [error.layer for error in wrong if error.alone]
    return tuple(dict.fromkeys(alone or [error.layer for error in wrong[-1:]]))


def _is_distribution(record: Record) -> bool:
    """Returns whether the output is what a cross-entropy takes; else other rules say so."""
    if len(record.outputs) != 1 or record.outputs[0].loss is None:
        return False
    [output] = record.outputs
    if output.loss.from_logits:
        return output.activation in ("linear", "unknown")
    fits = "sigmoid" if output.loss.kind == "binary_crossentropy" else "softmax"
    return output.activation == fits


def _classes(record: Record) -> int:
    return record.outputs[0].shape[-1] or 2 if record.outputs and record.outputs[0].shape else 2


def _largest_input(record: Record) -> float | None:
    """Returns how far inputs are from 0; `None` if a layer takes them as they are."""
    kinds = {layer.kind for layer in record.model.layers} if record.model else set()
    if record.data is None or kinds & _TAKES_ANY:
        return None
    bounds = [b for v in record.data.inputs for b in (v.minimum, v.maximum) if b is not None]
    return max((abs(bound) for bound in bounds), default=None)


def _left(record: Record) -> tuple[float, int, float] | None:
    """Returns momentum and planned steps, and what they leave of the first statistics, if much."""
    planned = record.series.planned_epochs if record.series else None
    each = record.data.steps_per_epoch if record.data else None
    layers = record.model.layers if record.model else ()
    momenta = [layer.momentum for layer in layers if layer.momentum is not None]
    if not planned or not each or not momenta:
        return None
    left = max(momenta) ** (planned * each)
    return (max(momenta), planned * each, left) if left > STALE_FRACTION else None


RULES: tuple[Rule, ...] = (*OF_FEW_SAMPLES, initial_loss, penalty, modes, controls, gradients)
