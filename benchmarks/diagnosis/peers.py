"""Peers: two packages that read curves, and plain forms of the rules of two published tools.

`sk-autod` and `trainproof` read losses only. AutoTrainer and UMLAUT do not run with Keras 3; what
stands here was written anew from the thresholds that their papers and defaults give, and reads what
the doctor has recorded. It is not their code, and may differ from it.

Reference:
    Zhang et al., 2021, AUTOTRAINER, https://arxiv.org/abs/2002.04562v3 (ICSE)
    Schoop, Huang and Hartmann, 2021, UMLAUT, https://doi.org/10.1145/3411764.3445538 (CHI)
"""

import contextlib
from collections.abc import Iterator
from itertools import pairwise

from kerasrecipes.diagnostics.record.record import Record

# Their words for ours.
SK_AUTOD = {
    "Data leakage": "data_leak",
    "Dying ReLU proxy": "dying_relu",
    "Missed early stopping": "overfitting",
    "Exploding gradient": "exploding_gradient",
    "Label noise floor": "labels_unrelated",
    "LR too high": "learning_rate_too_high",
    "LR too low": "learning_rate_too_low",
    "Noisy training": "batch_size_too_small",
    "Classic overfitting": "overfitting",
    "Underfitting": "capacity_too_small",
}
TRAINPROOF = {
    "TP-NAN": "loss_not_finite",
    "TP-ZERO-LOSS": "output_loss_mismatch",
    "TP-ZERO-LOSS-ONSET": "output_loss_mismatch",
    "TP-FLAT": "learning_rate_too_low",
    "TP-DIVERGE": "learning_rate_too_high",
    "TP-DEAD-RUN": "learning_rate_too_low",
    "TP-OVERFIT": "overfitting",
    "TP-ZERO-LR": "learning_rate_too_low",
}


def sk_autod(record: Record) -> list[str]:
    """Returns what sk-autod finds in the losses; it needs five epochs, and a validation loss."""
    from sk_autod import diagnose

    losses, validation = _losses(record, "loss"), _losses(record, "val_loss")
    with contextlib.suppress(ValueError):
        return [SK_AUTOD[found.detector_name] for found in diagnose(losses, validation).findings]
    return []


def trainproof(record: Record) -> list[str]:
    """Returns what trainproof finds in the losses."""
    from trainproof.epoch import check_records

    epochs = record.series.epochs if record.series else {}
    names = {"loss": "loss", "val_loss": "eval_loss", "learning_rate": "lr"}
    rows = [
        {"step": step, **{names[name]: epochs[name][step] for name in names if name in epochs}}
        for step in range(len(record.series or ()))
    ]
    for row in rows:
        row["loss"] = float("nan") if row.get("loss") is None else row["loss"]
    findings = check_records(rows)["findings"] if rows else []
    return [TRAINPROOF[found["id"]] for found in findings if found["id"] in TRAINPROOF]


# AutoTrainer's defaults: beta_1, beta_3, gamma, zeta, eta, delta and Theta.
VANISHING, EXPLODING, DEAD, AMPLITUDE, OSCILLATING, SLOW, SATISFIED = (
    *(1e-3, 70.0, 0.7),
    *(0.03, 0.2, 0.01, 0.7),
)


def autotrainer(record: Record) -> Iterator[str]:
    """Yields the problems that AutoTrainer's thresholds tell of gradients and accuracy."""
    accuracies = _losses(record, "accuracy")
    unsatisfied = not accuracies or max(accuracies) < SATISFIED
    losses = _losses(record, "loss")
    for probe in record.probes[-1:]:
        layers = [layer for layer in probe.layers.values() if layer.gradient_norm is not None]
        norms = [layer.gradient_norm or 0.0 for layer in layers]
        if len(norms) > 1 and unsatisfied and norms[0] <= VANISHING * norms[-1]:
            yield "vanishing_gradient"
        if any(second and first / second > EXPLODING for first, second in pairwise(norms)):
            yield "exploding_gradient"
        if unsatisfied and any(
            layer.dead_fraction is not None and layer.dead_fraction >= DEAD
            for layer in probe.layers.values()
        ):
            yield "dying_relu"
    if not all(loss == loss and abs(loss) < float("inf") for loss in losses):
        yield "exploding_gradient"
    drops = [second - first for first, second in pairwise(accuracies)]
    if drops and sum(drop <= -AMPLITUDE for drop in drops) >= OSCILLATING * len(drops):
        yield "learning_rate_too_high"
    if unsatisfied and drops and max(map(abs, drops)) <= SLOW:
        yield "learning_rate_too_low"


def umlaut(record: Record) -> Iterator[str]:
    """Yields the errors that UMLAUT's rules tell, of a classifier's inputs, layers and curves."""
    inputs = record.data.inputs if record.data else ()
    for values in inputs:
        if values.minimum is not None and (values.minimum < -1 or (values.maximum or 0) > 1):
            yield "inputs_not_scaled"
    losses, validation = _losses(record, "loss"), _losses(record, "val_loss")
    if not all(loss == loss for loss in losses):
        yield "loss_not_finite"
    for output in record.outputs:
        if output.activation != "softmax" and not (output.loss and output.loss.from_logits):
            yield "output_loss_mismatch"
    layers = record.model.layers if record.model else ()
    hidden = [layer for layer in layers if layer.activation is not None][:-1]
    if any(layer.activation == "linear" and layer.kind != "BatchNormalization" for layer in hidden):
        yield "missing_nonlinearity"
    if any((layer.dropout_rate or 0) > 0.5 for layer in layers):
        yield "regularization_too_strong"
    rate = record.optimizer.learning_rate if record.optimizer else None
    if rate is not None and rate > 0.01:
        yield "learning_rate_too_high"
    if rate is not None and rate < 1e-5:
        yield "learning_rate_too_low"
    for loss, score in zip(pairwise(losses), pairwise(validation), strict=False):
        if loss[1] <= loss[0] and score[1] > score[0]:
            yield "overfitting"
    accuracies = _losses(record, "accuracy"), _losses(record, "val_accuracy")
    if any(high > 0.95 or high > low for low, high in zip(*accuracies, strict=False)):
        yield "data_leak"


def _losses(record: Record, name: str) -> list[float]:
    """Returns a series by epoch; what was not finite is NaN."""
    values = record.series.epochs.get(name, []) if record.series else []
    return [float("nan") if value is None else value for value in values]
