"""A linter that reads facts alone and never trains, as strong as such a one is on this very set.

What it cannot know it guesses: it always names three kinds, the most frequent ones of the set where
no rule says more. A doctor that trains must beat it.
"""

from collections.abc import Iterator

from kerasrecipes.diagnostics.record.model_facts import Output
from kerasrecipes.diagnostics.record.record import Record

# The most frequent kinds of the real programs, to fill up three names.
PADDING = {
    "classification": ("output_loss_mismatch", "too_few_epochs", "inputs_not_scaled"),
    "regression": ("output_range_too_small", "metric_mismatch", "too_few_epochs"),
}
NAMES = 3
CROSSENTROPIES = ("binary_crossentropy", "categorical_crossentropy")
REGRESSION = ("mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error")
BOUNDED = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, 1e30)}
# What a rate is suspect below, by the optimizer.
LOW_RATES = {"SGD": 0.02, "Adam": 2e-4, "RMSprop": 2e-4, "Nadam": 2e-4, "Adadelta": 0.1}
FEW_STEPS, LITTLE_DATA, SMALL = 500, 30, 4


def linted(record: Record) -> list[str]:
    """Returns kinds of faults that the facts of a training suggest, the most certain first."""
    found = list(dict.fromkeys(_found(record)))
    is_regression = any(_is_regression(output) for output in record.outputs)
    for kind in PADDING["regression" if is_regression else "classification"]:
        if len(found) < NAMES and kind not in found:
            found.append(kind)
    return found


def _found(record: Record) -> Iterator[str]:
    for output in record.outputs:
        yield from _of_output(output)
    yield from _of_data(record)
    yield from _of_network(record)
    yield from _of_settings(record)


def _is_regression(output: Output) -> bool:
    targets = output.targets
    return targets is not None and targets.class_counts is None and not _is_one_hot(output)


def _is_one_hot(output: Output) -> bool:
    targets = output.targets
    return targets is not None and targets.row_sums == (1, 1) and targets.shape[-1:] != (1,)


def _of_output(output: Output) -> Iterator[str]:
    """Yields what does not fit between output, loss, metric and targets."""
    loss, activation, units = output.loss, output.activation, output.shape[-1] or 0
    if loss is None:
        return
    is_regression = _is_regression(output)
    if units == 1 and activation == "softmax":
        yield "output_loss_mismatch"
    elif loss.kind in CROSSENTROPIES and not loss.from_logits and not is_regression:
        fits = "sigmoid" if loss.kind == "binary_crossentropy" else "softmax"
        if activation not in (fits, "unknown") or (units == 1 and fits == "softmax"):
            yield "output_loss_mismatch"
    if loss.from_logits and activation in ("softmax", "sigmoid"):
        yield "output_loss_mismatch"
    if is_regression == (loss.kind not in REGRESSION) or (
        units > 1 and loss.kind == "binary_crossentropy" and _is_one_hot(output)
    ):
        yield "wrong_loss_for_task"
    if is_regression and activation in BOUNDED and output.targets is not None:
        low, high = BOUNDED[activation]
        if (output.targets.minimum or 0) < low or (output.targets.maximum or 0) > high:
            yield "output_range_too_small"
    if is_regression and any("accuracy" in metric for metric in output.metrics):
        yield "metric_mismatch"
    targets = output.targets
    counts = targets and targets.class_counts
    if counts and units == 1 and (len(counts) > 2 or (targets and (targets.minimum or 0) < 0)):
        yield "label_encoding"
    if is_regression and targets and (targets.std or 0) > 500:
        yield "targets_not_scaled"


def _of_data(record: Record) -> Iterator[str]:
    for values in record.data.inputs if record.data else ():
        if values.maximum is not None and max(values.maximum, -(values.minimum or 0)) > 25:
            yield "inputs_not_scaled"
    if record.data and (record.data.samples or LITTLE_DATA) < LITTLE_DATA:
        yield "too_few_epochs"


def _of_network(record: Record) -> Iterator[str]:
    layers = record.model.layers if record.model else ()
    weighted = [layer for layer in layers if layer.activation is not None and layer.units]
    hidden = weighted[:-1]
    if hidden and all(layer.activation == "linear" for layer in hidden):
        yield "missing_nonlinearity"
    if sum(layer.activation == "sigmoid" for layer in hidden) >= 2:
        yield "saturating_activation"
        yield "vanishing_gradient"
    if weighted and weighted[-1].activation == "relu":
        yield "dying_relu"
    if hidden and min(layer.units or SMALL for layer in hidden) < SMALL:
        yield "capacity_too_small"
    if any((layer.dropout_rate or 0) >= 0.5 for layer in layers) or any(
        factor >= 0.01 for layer in layers for factor in (layer.penalties or {}).values()
    ):
        yield "regularization_too_strong"


def _of_settings(record: Record) -> Iterator[str]:
    optimizer, data, series = record.optimizer, record.data, record.series
    rate = optimizer.learning_rate if optimizer else None
    if optimizer and rate is not None and rate < LOW_RATES.get(optimizer.kind, 0.0):
        yield "learning_rate_too_low"
    if rate is not None and rate > 0.09:
        yield "learning_rate_too_high"
    steps, epochs = data and data.steps_per_epoch, series and series.planned_epochs
    if steps and epochs and steps * epochs < FEW_STEPS:
        yield "too_few_epochs"
    if data and (data.batch_size or 0) >= 500:
        yield "batch_size_too_large"
