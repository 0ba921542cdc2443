"""The first weights of a network."""

import math
from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.model_facts import Layer, Model
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import Rule, rule
from kerasrecipes.diagnostics.rules.terms.networks import (
    is_chain,
    normalizes,
    sums_with_activations,
)

# The first kernel's deviation over that of he_normal.
LARGE_KERNEL = 4.0
# The product of these over hidden layers, three or more: what is left of a signal behind them.
FADED_SIGNAL = 0.05
GROWN_SIGNAL = 30.0

# First biases; below that, a relu of inputs of about 1 answers 0.
LARGE_BIAS = 1.0

# Initializers that suit a layer's size, whatever it is.
_SUITED = ("Glorot", "He", "Lecun", "VarianceScaling", "Orthogonal", "DeltaOrthogonal")


@rule("Do the first weights fit?", "model")
def first_weights(record: Record) -> Iterator[Finding]:
    """Judges constant, large and small kernels."""
    model = record.model
    if model is None:
        return
    added = {name for layer in model.layers if layer.kind == "Add" for name in layer.inputs}
    sums = [pair[0] for pair in sums_with_activations(model)]
    for layer in sums[:-1]:
        constant = layer.kernel_constant and (layer.units or 1) > 1 and layer.trainable
        if constant and layer.name not in added and not added:
            yield Finding(
                "bad_initialization",
                f"All weights of the hidden layer {layer.name!r} are equal, so that its units "
                "learn the same.",
                0.93,
                "error",
                {"layer": layer.name},
                where=layer.name,
            )
            return
    yield from _biases(model)
    ratios = {layer.name: _ratio(layer) for layer in sums if _ratio(layer) and layer.trainable}
    if not ratios:
        return
    name, largest = max(ratios.items(), key=lambda entry: entry[1])
    if largest > LARGE_KERNEL:
        yield Finding(
            "bad_initialization",
            f"The first weights of {name!r} are {largest:.3g} times as large as he_normal makes "
            "them.",
            0.8 if largest > 2 * LARGE_KERNEL else 0.6,
            "warning" if largest > 2 * LARGE_KERNEL else "note",
            {"layer": name, "ratio": largest},
            where=name,
        )
    hidden = [ratios[layer.name] for layer in sums[:-1] if layer.name in ratios]
    suited = all(
        str((layer.options or {}).get("initializer", "Glorot")).startswith(_SUITED)
        for layer in sums[:-1]
    )
    left = math.prod(hidden)
    if len(hidden) >= 3 and left > GROWN_SIGNAL and is_chain(model) and not normalizes(model):
        yield Finding(
            "bad_initialization",
            f"The first weights are large: {len(hidden)} layers make a signal {left:.3g} times as "
            "large as he_normal would.",
            0.75,
            "warning",
            {"grown": left, "layers": len(hidden)},
        )
    faded = len(hidden) >= 3 and left < FADED_SIGNAL and not suited
    if faded and is_chain(model) and not normalizes(model):
        yield Finding(
            "bad_initialization",
            f"The first weights are small: {len(hidden)} layers leave {left:.2g} of a signal, "
            "against he_normal.",
            0.5,
            "note",
            {"left": left, "layers": len(hidden)},
        )


def _biases(model: Model) -> Iterator[Finding]:
    """Yields hidden layers with large first biases."""
    for layer, activation in sums_with_activations(model)[:-1]:
        bias = layer.bias_mean or 0.0
        if abs(bias) <= LARGE_BIAS or not layer.trainable:
            continue
        dead = bias < 0 and activation == "relu"
        yield Finding(
            "dying_relu" if dead else "bad_initialization",
            f"The first biases of {layer.name!r} are {bias:.3g} on average"
            f"{', so that its relu answers 0' if dead else ''}: start with zeros.",
            0.8 if dead else 0.6,
            "warning" if dead else "note",
            {"layer": layer.name, "bias": bias},
            where=layer.name,
        )
        return


def _ratio(layer: Layer) -> float:
    """Returns a kernel's deviation over that of he_normal, 0 if it is not known."""
    if not layer.kernel_std or not layer.fan_in:
        return 0.0
    return layer.kernel_std / math.sqrt(2 / layer.fan_in)


RULES: tuple[Rule, ...] = (first_weights,)
