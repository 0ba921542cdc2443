"""What a model answers on a fixed batch."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.data_facts import Values
from kerasrecipes.diagnostics.record.model_facts import Output
from kerasrecipes.diagnostics.record.probes import Predictions, Probe
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import Rule, rule

# Nearly all of 32 samples get the same class,
COLLAPSED = 0.95
# while that class is not that frequent,
FREQUENT = 0.8
# and accuracy is not better than it by more than its error.
BETTER = 0.05
# A class is the rule, of which more than so many samples are.
UNEVEN = 0.6
# The least and the greatest answer of an activation.
RANGES = {
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, float("inf")),
}
# Answers that near to an end of the range stick to it.
STICKING = 0.05
# In inference, the loss on training samples is lower than the mean over the epoch, as there is no
# dropout. It is far above it, on 32 samples,
LOSSES = 2.0
# if the accuracy is lower by so much, too: three times the error on 32 samples.
ACCURACIES = 0.3
# Where accuracies are close, or there are none, outliers among 32 samples ask for a larger factor,
# and for a loss that is not small beside the one before the training.
FAR_LOSSES = 5.0
NOT_SMALL = 0.3
# Batch normalization with a momentum m has seen 1 - m**steps of the statistics.
SEEN = 0.9


@rule("Do answers differ from sample to sample?", "outputs", "trend")
def majority_collapse(record: Record) -> Iterator[Finding]:
    """Of uneven classes, nearly all samples get the same, at the last two looks."""
    looks = record.looks
    for place, output in enumerate(record.outputs):
        now = [_answer(look, place) for look in looks[-2:] if look.step]
        if not now or not all(each is not None and _is_collapsed(each) for each in now):
            continue
        last = now[-1]
        if last is None or _is_constant_by_design(output):
            continue
        if (share := _largest_share(output.targets)) is None or share <= UNEVEN:
            continue  # With even classes, it is a symptom of what other rules tell.
        yield Finding(
            "majority_collapse",
            f"{last.top_share:.0%} of {looks[-1].samples} samples get the same class, which "
            f"{last.target_top_share:.0%} of them have at most.",
            0.4,
            "note",
            {
                "top_share": last.top_share,
                "target_top_share": last.target_top_share,
                "accuracy": last.accuracy,
                "epoch": looks[-1].epoch,
            },
            where=_place(record, output),
        )


@rule("Do answers keep off the ends of their range?", "outputs", "trend")
def output_range_too_small(record: Record) -> Iterator[Finding]:
    """All answers lie at an end of the activation's range, and targets beyond it."""
    look = record.looks[-1]
    for place, output in enumerate(record.outputs):
        answer, targets = _answer(look, place), output.targets
        if answer is None or targets is None or output.activation not in RANGES:
            continue
        if answer.minimum is None or answer.maximum is None:
            continue
        if targets.minimum is None or targets.maximum is None:
            continue
        least, greatest = RANGES[output.activation]
        beyond = targets.minimum < least or targets.maximum > greatest
        low = answer.maximum <= least + STICKING and targets.minimum < least
        high = answer.minimum >= greatest - STICKING and targets.maximum > greatest
        if beyond and (low or high):
            yield Finding(
                "output_range_too_small",
                f"The targets go from {targets.minimum:.3g} to {targets.maximum:.3g}, but all "
                f"answers stick to {least if low else greatest:g}, an end of the range of "
                f"{output.activation}.",
                0.9,
                "error",
                {
                    "activation": output.activation,
                    "smallest_answer": answer.minimum,
                    "largest_answer": answer.maximum,
                    "smallest_target": targets.minimum,
                    "largest_target": targets.maximum,
                },
                where=_place(record, output),
            )


@rule("Does the model answer in inference as in training?", "series", "looks")
def train_inference_mismatch(record: Record) -> Iterator[Finding]:
    """The loss on training samples is far worse in inference than it was in training."""
    looks = [look for look in record.looks if look.step]
    if not looks or record.series is None or (record.data and record.data.class_weights):
        return
    compared = [_compared(record, look) for look in looks[-2:]]
    if None in compared or (last := compared[-1]) is None:
        return
    trained, seen, accuracy = last
    norms = [
        layer
        for layer in (record.model.layers if record.model else ())
        if layer.kind == "BatchNormalization" and layer.momentum is not None
    ]
    steps = looks[-1].step
    stale = bool(norms) and max(layer.momentum or 0.0 for layer in norms) ** steps > 1 - SEEN
    more = (
        ""
        if accuracy is None
        else f", with accuracy {accuracy[1]:.2g} in place of {accuracy[0]:.2g}"
    )
    sentence = (
        f"On training samples, the loss is {seen:.3g} in inference, but was {trained:.3g} in the "
        f"last epoch of training{more}"
    )
    evidence = {"inference_loss": seen, "training_loss": trained, "steps": steps}
    if norms:
        reason = f": batch normalization has seen {steps} steps" if stale else ""
        yield Finding(
            "stale_statistics", f"{sentence}{reason}.", 0.8 if stale else 0.6, evidence=evidence
        )
    yield Finding(
        "train_inference_mismatch",
        f"{sentence}.",
        0.4 if norms else 0.7,
        "note" if norms else "warning",
        evidence,
    )


def _compared(
    record: Record, look: Probe
) -> tuple[float, float, tuple[float, float] | None] | None:
    """Returns losses, and accuracies, in training and inference, if they are far apart."""
    values = record.series.epochs if record.series is not None else {}
    place = look.epoch - 1 - _first_epoch(record)
    trained = _at(values.get("loss", []), place)
    if trained is None or look.loss is None or trained <= 0:
        return None
    name = next((n for n in ("accuracy", "acc", "binary_accuracy") if n in values), None)
    accuracies = [each.accuracy for each in look.predictions if each.accuracy is not None]
    before = _at(values[name], place) if name else None
    pair = (before, accuracies[0]) if before is not None and len(accuracies) == 1 else None
    if pair and pair[0] - pair[1] > ACCURACIES and look.loss > LOSSES * trained:
        return trained, look.loss, pair
    start = record.probes[0].loss if not record.probes[0].step else None
    if look.loss > FAR_LOSSES * trained and start and look.loss > NOT_SMALL * start:
        return trained, look.loss, pair
    return None


def _first_epoch(record: Record) -> int:
    """Returns the number of epochs before the first one of the record."""
    return record.probes[0].epoch if record.probes and not record.probes[0].step else 0


def _at(values: list[float | None], place: int) -> float | None:
    return values[place] if 0 <= place < len(values) else None


def _answer(look: Probe, place: int) -> Predictions | None:
    return look.predictions[place] if place < len(look.predictions) else None


def _place(record: Record, output: Output) -> str:
    return output.name if len(record.outputs) > 1 else ""


def _is_collapsed(answer: Predictions) -> bool:
    share, true, accuracy = answer.top_share, answer.target_top_share, answer.accuracy
    if share is None or true is None or accuracy is None:
        return False
    return share >= COLLAPSED and true <= FREQUENT and accuracy <= true + BETTER


def _is_constant_by_design(output: Output) -> bool:
    """Returns whether an output is a softmax over one unit, which is always 1."""
    return output.activation == "softmax" and output.shape[-1:] == (1,)


def _largest_share(targets: Values | None) -> float | None:
    counts = targets.class_counts if targets is not None else None
    return max(counts) / sum(counts) if counts and sum(counts) else None


RULES: tuple[Rule, ...] = (majority_collapse, output_range_too_small, train_inference_mismatch)
