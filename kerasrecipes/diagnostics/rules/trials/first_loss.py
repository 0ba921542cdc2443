"""The loss of an untrained model, and what regularizers add to it."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import rule

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


@rule("Is the first loss what the loss predicts?", "trials.initial_loss")
def initial_loss(record: Record) -> Iterator[Finding]:
    """The loss of an untrained model: ln C of C classes, the variance of numbers."""
    assert record.trials is not None
    found = record.trials.initial_loss
    assert found is not None
    if found.loss is None:
        yield Finding(
            "loss_not_finite",
            "The loss is not finite before the first step.",
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


def _is_distribution(record: Record) -> bool:
    """Returns whether the output is what a cross-entropy takes; else other rules say so."""
    if len(record.outputs) != 1 or record.outputs[0].loss is None:
        return False
    output, loss = record.outputs[0], record.outputs[0].loss
    if loss.from_logits:
        return output.activation in ("linear", "unknown")
    fits = "sigmoid" if loss.kind == "binary_crossentropy" else "softmax"
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
