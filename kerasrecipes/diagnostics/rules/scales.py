"""The scale and spread of inputs and targets."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.data_facts import Values
from kerasrecipes.diagnostics.record.model_facts import Layer
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import Rule, rule
from kerasrecipes.diagnostics.rules.terms.forms import (
    DISTANCES,
    form,
    is_autoencoder,
    root_mean_square,
)
from kerasrecipes.diagnostics.rules.terms.networks import NORMALIZING, after_input, is_trained

# Root mean squares of a column. Layers are initialized for inputs of about 1; a relu network with
# Adam still learns well at some times that.
NOTED_INPUT = 4.0
GREAT_INPUT = 20.0

# Below that, inputs change nothing in the first steps: 1 / 255 is a picture scaled twice.
SMALL_INPUT = 0.01

# Root mean squares of targets. A step of Adam moves an output by about its learning rate times its
# inputs, so that it takes thousands of steps to reach the thousands.
NOTED_TARGET = 10.0
GREAT_TARGET = 1000.0
SMALL_TARGET = 0.01


@rule("Are the inputs scaled?", "model", "data.inputs")
def inputs(record: Record) -> Iterator[Finding]:
    """Judges the scale of each input that goes straight into a layer of weighted sums."""
    if record.model is None or record.data is None:
        return
    number = len(record.data.inputs)
    for index, values in enumerate(record.data.inputs):
        layers = list(after_input(record.model, index, number))
        if values.mean is None or not layers or not _are_unscaled(layers, record.model.layers):
            continue
        if (found := _of_inputs(values, layers)) is not None:
            sentence, confidence, severity = found
            yield Finding(
                "inputs_not_scaled",
                sentence,
                confidence,
                severity,
                {
                    "least": values.minimum,
                    "greatest": values.maximum,
                    "mean": values.mean,
                    "deviation": values.std,
                    "greatest_root_mean_square": max(_sizes(values)),
                },
                where=f"input {index}" if number > 1 else "",
            )


def _are_unscaled(layers: list[Layer], all_layers: tuple[Layer, ...]) -> bool:
    """Returns whether inputs meet weights before anything that scales them."""
    for layer in layers:
        if layer.kind in NORMALIZING or layer.kind in ("Embedding", "Hashing", "Discretization"):
            return False
        if layer.kind.endswith(("Encoding", "Lookup", "Vectorization")) or is_trained(layer):
            return False
        if layer.parameters or layer.units:
            return not _is_normalized(layer, all_layers)
    return False


def _is_normalized(layer: Layer, layers: tuple[Layer, ...]) -> bool:
    """Returns whether a normalization follows a layer before anything nonlinear does."""
    if layer.activation not in (None, "linear"):
        return False
    after = next((other for other in layers if layer.name in other.inputs), None)
    return after is not None and after.kind in NORMALIZING


def _of_inputs(values: Values, layers: list[Layer]):
    size = max(_sizes(values))
    ranges = f"from {values.minimum:.4g} to {values.maximum:.4g}"
    if size >= GREAT_INPUT:
        what = "Pixels" if _are_pixels(values) else "Inputs"
        return f"{what} reach {ranges}; layers expect about -1 to 1.", 0.88, "warning"
    if size >= NOTED_INPUT:
        return f"Inputs reach {ranges}; layers expect about -1 to 1.", 0.5, "note"
    if 0 < size < SMALL_INPUT and values.std:
        return (
            f"Inputs reach only {ranges}: were they scaled twice?",
            0.8,
            "warning",
        )
    return None


def _sizes(values: Values) -> list[float]:
    """Returns the root mean square of each column."""
    columns = zip(values.column_means, values.column_stds, strict=True)
    sizes = [(mean**2 + std**2) ** 0.5 for mean, std in columns]
    return sizes or [root_mean_square(values)]


def _are_pixels(values: Values) -> bool:
    return len(values.shape) >= 2 and values.minimum == 0 and 200 <= (values.maximum or 0) <= 255


@rule("Are the targets scaled?", "outputs")
def targets(record: Record) -> Iterator[Finding]:
    """Judges the scale of targets of a regression."""
    for output in record.outputs:
        values, loss = output.targets, output.loss
        if values is None or loss is None or loss.kind not in DISTANCES:
            continue
        if form(values) not in ("real", "fractions") or is_autoencoder(output, record.data):
            continue
        size = max(_sizes(values))
        if NOTED_TARGET > size > SMALL_TARGET or not size or not values.std:
            continue
        great = size >= GREAT_TARGET or size <= SMALL_TARGET / 10
        yield Finding(
            "targets_not_scaled",
            f"The targets of output {output.name!r} reach from {values.minimum:.4g} to "
            f"{values.maximum:.4g}; a fresh model answers about 0 with differences of about 1.",
            0.85 if great else 0.55,
            "warning" if great else "note",
            {
                "least": values.minimum,
                "greatest": values.maximum,
                "mean": values.mean,
                "deviation": values.std,
            },
            where=output.name,
        )


RULES: tuple[Rule, ...] = (inputs, targets)
