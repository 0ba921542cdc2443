"""How targets and inputs are encoded, and what metrics make of them."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.data_facts import Values
from kerasrecipes.diagnostics.record.model_facts import Loss, Output
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import Rule, rule
from kerasrecipes.diagnostics.rules.terms.forms import (
    BINARY,
    CATEGORICAL,
    CROSSENTROPIES,
    REGRESSIONS,
    SPARSE,
    counts_hits,
    described_targets,
    evidence_of,
    form,
    is_autoencoder,
    is_outside,
    units,
)
from kerasrecipes.diagnostics.rules.terms.networks import after_input


@rule("Are the targets encoded as the loss takes them?", "outputs")
def encoding_of_targets(record: Record) -> Iterator[Finding]:
    """Judges the form of targets by the loss."""
    for output in record.outputs:
        values, loss = output.targets, output.loss
        if values is None or loss is None:
            continue
        if (found := _encoding(output, loss, values)) is not None:
            sentence, confidence = found
            yield Finding(
                "label_encoding",
                sentence,
                confidence,
                "error",
                evidence_of(output),
                where=output.name,
            )


def _encoding(output: Output, loss: Loss, values: Values):
    name = f"The targets of output {output.name!r} are"
    if values.minimum is None:
        if values.dtype[:3] in ("obj", "str") or values.dtype.startswith("U"):
            return f"{name} text ({values.dtype}), not numbers.", 0.95
        return None
    kind, number, said = form(values), units(output), described_targets(values)
    column = len(values.shape) == 0 or values.shape[-1] == 1
    if loss.kind in SPARSE and not loss.any_encoding:
        return _sparse(output, loss, values)
    if loss.any_encoding:
        return None
    if loss.kind in CATEGORICAL and column and (kind in ("indices", "binary", "signs")):
        return f"{name} {said}, but {loss.name} takes one-hot rows.", 0.93
    if loss.kind in BINARY and values.integers and kind in ("signs", "indices"):
        return f"{name} {said}, but {loss.name} takes 0 and 1.", 0.93
    if loss.kind in BINARY and kind == "constant" and is_outside(values, "sigmoid"):
        return f"{name} {said}, but {loss.name} takes 0 and 1.", 0.8
    if loss.kind not in REGRESSIONS | BINARY | CATEGORICAL:
        return None
    if (
        kind == "constant"
        and output.activation in ("sigmoid", "softmax")
        and is_outside(values, "sigmoid")
    ):
        return f"{name} {said}, which a {output.activation} never answers.", 0.6
    if column and number is not None and number > 1 and len(output.shape) == 1:
        return (
            f"{name} one column ({said}), but the output has {number} units: each would be "
            "compared with the same number.",
            0.85,
        )
    return None


def _sparse(output: Output, loss: Loss, values: Values):
    name, number = f"The targets of output {output.name!r} are", units(output)
    vectors = len(values.shape) == len(output.shape) and values.shape[-1:] != (1,)
    if vectors and form(values) in ("one_hot", "multi_hot", "probabilities"):
        return f"{name} {described_targets(values)}, but {loss.name} takes class numbers.", 0.95
    if not values.integers:
        return f"{name} {described_targets(values)}, but {loss.name} takes whole numbers.", 0.93
    low, high = values.minimum or 0.0, values.maximum or 0.0
    if number is None or number < 2 or (low >= 0 and high < number):
        return None
    from_one = " They seem to count from 1." if low == 1 and high == number else ""
    return (
        f"{name} class numbers from {low:g} to {high:g}, but the output has {number} units, for "
        f"the numbers 0 to {number - 1}.{from_one}",
        0.97,
    )


@rule("Does the metric tell something about this task?", "outputs")
def metrics(record: Record) -> Iterator[Finding]:
    """Judges the metrics of each output by its targets."""
    for output in record.outputs:
        if output.targets is None or output.loss is None:
            continue
        if (found := _metric(output, output.loss, record)) is not None:
            sentence, confidence = found
            yield Finding(
                "metric_mismatch",
                sentence,
                confidence,
                "note",
                evidence_of(output) | {"metrics": list(output.metrics)},
                where=output.name,
            )


def _metric(output: Output, loss: Loss, record: Record):
    kind, name = form(output.targets), output.name
    numbers = kind == "real" or (kind in ("fractions", "constant") and loss.kind in REGRESSIONS)
    copies = is_autoencoder(output, record.data) and kind not in ("one_hot", "multi_hot")
    if counts_hits(output) and (numbers or copies):
        return (
            f"Accuracy counts equal answers, but output {name!r} gives numbers: it stays near 0, "
            "or says nothing.",
            0.9,
        )
    if "exact_accuracy" in output.metrics and loss.kind in CROSSENTROPIES:
        return (
            f"keras.metrics.Accuracy of output {name!r} counts answers that equal the targets "
            "exactly, which probabilities do not: use the metric 'accuracy'.",
            0.9,
        )
    if units(output) == 1 and {"categorical_accuracy", "sparse_categorical_accuracy"} & {
        *output.metrics
    }:
        return (
            f"The metric of output {name!r} compares classes, but the output has one unit.",
            0.85,
        )
    if "binary_accuracy" in output.metrics and kind == "one_hot" and (units(output) or 0) > 2:
        return (
            f"binary_accuracy of output {name!r} counts each of {units(output)} classes alone: "
            "answering none is nearly always right.",
            0.7,
        )
    return None


@rule("Are the inputs encoded as the first layer takes them?", "model", "data.inputs")
def encoding_of_inputs(record: Record) -> Iterator[Finding]:
    """Judges inputs of embeddings."""
    if record.model is None or record.data is None:
        return
    for index, values in enumerate(record.data.inputs):
        for layer in after_input(record.model, index, len(record.data.inputs)):
            found = _embedded(layer.options or {}, values) if layer.kind == "Embedding" else None
            if found is not None:
                yield Finding(
                    "input_encoding",
                    f"The embedding {layer.name!r} looks up whole numbers below "
                    f"{(layer.options or {}).get('input_dim')}, but its inputs {found}.",
                    0.93,
                    "error",
                    {"least": values.minimum, "greatest": values.maximum},
                    where=layer.name,
                )


def _embedded(options: dict, values: Values) -> str | None:
    size = options.get("input_dim")
    if values.minimum is None or values.maximum is None or not isinstance(size, int):
        return None
    if not values.integers:
        return f"are no whole numbers ({values.minimum:.4g} to {values.maximum:.4g})"
    if values.minimum < 0 or values.maximum >= size:
        return f"reach from {values.minimum:g} to {values.maximum:g}"
    return None


@rule("Have the samples the shape that the model works on?", "model", "outputs", "data.inputs")
def shape_of_inputs(record: Record) -> Iterator[Finding]:
    """Judges the shapes of inputs, and those of outputs that come of them."""
    if record.model is None or record.data is None:
        return
    yield from _other_shapes(record)
    first = next((layer for layer in record.model.layers if layer.parameters), None)
    dense = first is not None and first.kind == "Dense"
    for output in record.outputs:
        targets = output.targets
        if targets is None or not dense or len(record.data.inputs) != 1:
            continue
        shape = record.data.inputs[0].shape
        row_by_row = len(shape) > 1 and output.shape[:-1] == shape[:-1]
        if row_by_row and len(targets.shape) < 2:
            yield Finding(
                "wrong_input_shape",
                f"Samples have the shape {shape}, and the first layer is dense: it works on the "
                f"last axis only, so that output {output.name!r} has the shape {output.shape}, "
                f"but targets {targets.shape}. Flatten the samples first.",
                0.85,
                "error",
                {"inputs": list(shape), "output": list(output.shape)},
            )


def _other_shapes(record: Record) -> Iterator[Finding]:
    """Yields inputs that the model cannot take."""
    if record.model is None or record.data is None:
        return
    expected = [layer for layer in record.model.layers if layer.kind == "InputLayer"]
    if len(expected) != len(record.data.inputs):
        return
    for layer, values in zip(expected, record.data.inputs, strict=True):
        shape = layer.output_shape
        if shape is None or _fits(values.shape, shape):
            continue
        yield Finding(
            "wrong_input_shape",
            f"Samples have the shape {values.shape}, but input {layer.name!r} takes {shape}.",
            0.9,
            "error",
            {"samples": list(values.shape), "input": list(shape)},
            where=layer.name,
        )


def _fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    if len(shape) != len(expected):  # Keras adds or drops a last axis of length 1.
        return (*shape, 1) == expected or shape == (*expected, 1)
    return all(wanted in (None, size) for size, wanted in zip(shape, expected, strict=True))


RULES: tuple[Rule, ...] = (encoding_of_targets, metrics, encoding_of_inputs, shape_of_inputs)
