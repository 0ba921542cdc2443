"""Learning rate, batch size, number of steps and optimizer."""

from collections.abc import Iterator
from dataclasses import dataclass

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.model_facts import Optimizer
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import Rule, rule
from kerasrecipes.diagnostics.rules.remedies import batch_remedy
from kerasrecipes.diagnostics.rules.terms.forms import DISTANCES, root_mean_square
from kerasrecipes.diagnostics.rules.terms.networks import RECURRENT, is_trained


@dataclass(frozen=True)
class Usual:
    """The learning rates that an optimizer is used with; those of SGD over 1 - momentum.

    Args:
        far_below: Below that, a network from scratch hardly moves.
        below: Below that, it learns slowly.
        above: Above that, it may be unsteady.
        far_above: Above that, it diverges, or wanders.
    """

    far_below: float
    below: float
    above: float
    far_above: float


_ADAM = Usual(3e-6, 4e-5, 0.02, 0.08)
USUAL = {
    "Adam": _ADAM,
    "AdamW": _ADAM,
    "Nadam": _ADAM,
    "RMSprop": _ADAM,
    "RAdam": _ADAM,
    "AdaBelief": _ADAM,
    "DiffGrad": _ADAM,
    "Adamax": Usual(3e-6, 4e-5, 0.04, 0.2),
    "Lion": Usual(3e-7, 4e-6, 3e-3, 0.02),
    "SGD": Usual(1e-4, 1.5e-3, 3.5, 12.0),
    "Adagrad": Usual(1e-4, 2e-3, 0.5, 3.0),
    "Adadelta": Usual(2e-3, 0.05, 5.0, 50.0),
}

# How far the updates may carry a weight in the whole training. Less, and it ends where it began.
LEAST_WAY = {"SGD": 5.0}
LEAST_WAY_OF_ADAM = 0.3

# Plain SGD without momentum is unsteady from a smaller rate on.
GREAT_PLAIN_RATE = 1.0

# A step of SGD on targets that are not scaled, in units of the answer's own size.
GREAT_STEP = 1.0

FEW_UPDATES = 30
NOTED_UPDATES = 400
SEEN_UPDATES, SEEN_EPOCHS = 100, 5

LARGE_BATCH = 500
LARGE_BATCH_FRACTION = 0.015
SMALL_BATCH = 4


@rule("Is the learning rate one that the optimizer is used with?", "optimizer")
def learning_rate(record: Record) -> Iterator[Finding]:
    """Judges the (greatest) learning rate."""
    optimizer = record.optimizer
    if optimizer is None or optimizer.learning_rate is None or optimizer.kind not in USUAL:
        return
    rate, usual = _whole_rate(optimizer), USUAL[optimizer.kind]
    evidence = {"learning_rate": optimizer.learning_rate, "optimizer": optimizer.kind}
    if optimizer.momentum:
        evidence["momentum"] = optimizer.momentum
    said = f"A learning rate of {optimizer.learning_rate:g} is "
    with_it = f"for {optimizer.kind}" + (
        f" with momentum {optimizer.momentum:g}" if optimizer.momentum else ""
    )
    if rate > usual.above or (optimizer.kind == "SGD" and _is_steep(record, optimizer)):
        if rate > usual.far_above or _is_plain_and_great(optimizer):
            found = f"{said}far above what is usual {with_it}.", 0.85, "warning"
        elif rate > usual.above:
            found = f"{said}above what is usual {with_it}.", 0.5, "note"
        else:
            found = f"{said}high for targets and inputs that are not scaled.", 0.6, "note"
        yield _of_rate("learning_rate_too_high", found, evidence, record, 0.1)
        return
    if _is_fine_tuning(record):
        return
    way = _way(record, rate)
    least = LEAST_WAY.get(optimizer.kind, LEAST_WAY_OF_ADAM)
    if rate < usual.far_below:
        found = f"{said}far below what is usual {with_it}.", 0.8, "warning"
    elif rate < usual.below:
        found = f"{said}below what is usual {with_it}.", 0.55, "note"
    elif way is not None and way < least and rate < 10 * usual.below:
        found = (
            f"{said}low for so few updates: all of them together can move a weight by {way:.2g}.",
            0.4,
            "note",
        )
        evidence["way"] = way
    else:
        return
    yield _of_rate("learning_rate_too_low", found, evidence, record, 10)


def _of_rate(kind: str, found, evidence: dict, record: Record, factor: float) -> Finding:
    sentence, confidence, severity = found
    changes, given = {}, (record.recipe or {}).get("optimizer")
    if isinstance(given, dict) and isinstance(given.get("learning_rate"), int | float):
        changes = {"optimizer.learning_rate": float(f"{given['learning_rate'] * factor:.3g}")}
    return Finding(kind, sentence, confidence, severity, evidence, changes=changes)


def _whole_rate(optimizer: Optimizer) -> float:
    """Returns the learning rate, with SGD that which momentum makes of it in the long run."""
    rate = optimizer.learning_rate or 0.0
    momentum = optimizer.momentum or 0.0
    return rate / (1 - momentum) if optimizer.kind == "SGD" and 0 < momentum < 1 else rate


def _is_plain_and_great(optimizer: Optimizer) -> bool:
    plain = optimizer.kind == "SGD" and not optimizer.momentum
    return plain and (optimizer.learning_rate or 0.0) > GREAT_PLAIN_RATE


def _is_steep(record: Record, optimizer: Optimizer) -> bool:
    """Returns whether the first steps of SGD on a distance overshoot targets that are large."""
    if _is_plain_and_great(optimizer):
        return True
    if optimizer.clipped or record.data is None:
        return False
    rate = _whole_rate(optimizer)
    return any(
        rate * root_mean_square(output.targets) > GREAT_STEP
        for output in record.outputs
        if output.targets is not None
        and output.loss is not None
        and output.loss.kind in DISTANCES
        and output.activation in ("linear", "relu", "leaky_relu")
    )


def _is_fine_tuning(record: Record) -> bool:
    return record.model is not None and any(
        is_trained(layer) for layer in record.model.layers if layer.parameters
    )


def updates(record: Record) -> int | None:
    """Returns the number of updates of the planned training, if it is known."""
    if record.series is None or record.data is None or not record.data.steps_per_epoch:
        return None
    if not (epochs := record.series.planned_epochs):
        return None
    accumulation = record.optimizer.accumulation if record.optimizer is not None else 1
    return max(1, epochs * record.data.steps_per_epoch // accumulation)


def _way(record: Record, rate: float) -> float | None:
    number = updates(record)
    return None if number is None else number * rate


@rule("Are there enough updates?", "data.steps_per_epoch", "series.planned_epochs")
def number_of_updates(record: Record) -> Iterator[Finding]:
    """Judges the number of updates in all."""
    number = updates(record)
    stopped = record.series is not None and record.series.stopped_by is not None
    if number is None or number >= NOTED_UPDATES or stopped or _is_fine_tuning(record):
        return
    few = number < FEW_UPDATES
    if number >= SEEN_UPDATES and record.series is not None and len(record.series) >= SEEN_EPOCHS:
        return  # The curves show whether it was enough.
    yield Finding(
        "too_few_epochs",
        f"The whole training makes {number} updates; a network from scratch wants thousands.",
        0.65 if few else 0.5 - 0.2 * number / NOTED_UPDATES,
        "warning" if few else "note",
        {"updates": number},
    )


@rule("Does the batch size fit the number of samples?", "data.samples", "data.batch_size")
def batch_size(record: Record) -> Iterator[Finding]:
    """Judges the batch size by the number of samples."""
    data = record.data
    if data is None or not data.samples or not data.batch_size:
        return
    size, samples = data.batch_size, data.samples
    evidence, remedy = {"batch_size": size, "samples": samples}, batch_remedy(record)
    steps = data.steps_per_epoch or -(-samples // size)
    number = updates(record)
    large = size >= LARGE_BATCH and size >= LARGE_BATCH_FRACTION * samples
    few = number is not None and number < 500 and size > 64 and steps <= 50
    whole = steps == 1 and size >= 100
    if large or (steps <= 2 and size >= 100) or few:
        rare = whole and number is not None and number < 1000
        yield Finding(
            "batch_size_too_large",
            f"Batches of {size} make {steps} updates an epoch of {samples} samples.",
            0.7 if rare else 0.45,
            "warning" if rare else "note",
            evidence,
            remedy=remedy,
        )
    normalized = record.model is not None and any(
        layer.kind == "BatchNormalization" and layer.trainable for layer in record.model.layers
    )
    if size <= 2 and normalized and samples > size:
        yield Finding(
            "batch_size_too_small",
            f"Batch normalization takes its statistics of batches of {size}.",
            0.75,
            "warning",
            evidence,
            remedy=remedy,
        )
    elif (size == 1 and samples >= 200) or (size <= SMALL_BATCH and samples >= 500):
        yield Finding(
            "batch_size_too_small",
            f"Batches of {size} samples make noisy, slow steps.",
            0.4,
            "note",
            evidence,
            remedy=remedy,
        )


@rule("Does the optimizer fit the model?", "optimizer", "model")
def optimizer(record: Record) -> Iterator[Finding]:
    """Judges plain SGD on models that it is known to be slow on."""
    if record.optimizer is None or record.model is None or record.optimizer.kind != "SGD":
        return
    kinds = {layer.kind for layer in record.model.layers}
    slow = kinds & {*RECURRENT, "Embedding", "MultiHeadAttention"}
    if slow and (record.optimizer.momentum or 0.0) < 0.5:
        yield Finding(
            "wrong_optimizer",
            f"Plain SGD is slow on layers such as {min(slow)}.",
            0.5,
            "note",
            {"optimizer": "SGD", "momentum": record.optimizer.momentum},
        )


RULES: tuple[Rule, ...] = (learning_rate, number_of_updates, batch_size, optimizer)
