"""The layers of a network: their activations and widths."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding, Severity
from kerasrecipes.diagnostics.record.model_facts import Layer, Model
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import Rule, rule
from kerasrecipes.diagnostics.rules.terms.forms import CLASSES, form, is_autoencoder, units
from kerasrecipes.diagnostics.rules.terms.networks import (
    RECURRENT,
    hidden_sums,
    is_chain,
    is_trained,
    normalizes,
    sums_with_activations,
)

# Hidden layers of a sigmoid, each of which passes on at most a quarter of a gradient.
MANY_SIGMOIDS = 3
TOO_MANY_SIGMOIDS = 5

# Widths. A chain cannot tell more things apart than its narrowest layer.
NARROW_UNITS = 4
NARROW_AFTER_INPUTS = 256
NARROW_FIRST = 16


@rule("Is there a nonlinearity between the layers?", "model")
def nonlinearities(record: Record) -> Iterator[Finding]:
    """Judges the activations of hidden layers."""
    model = record.model
    if model is None or not model.ordered:
        return
    hidden = sums_with_activations(model)[:-1]
    linear = [layer for layer, activation in hidden if activation is None]
    linear = [layer for layer in linear if not _is_bottleneck(layer, model)]
    if not linear or is_trained(linear[0]):
        return
    names = ", ".join(layer.name for layer in linear[:4])
    pooled = any("MaxPooling" in layer.kind for layer in model.layers)
    recurrent = any(layer.kind in RECURRENT for layer in model.layers)
    classes = any(form(output.targets) in CLASSES for output in record.outputs)
    every = len(linear) == len(hidden) and not recurrent and (classes or len(linear) > 1)
    sentence = (
        f"No nonlinearity follows the hidden layers {names}"
        if len(linear) > 1
        else (f"No nonlinearity follows the hidden layer {names}")
    )
    sentence += ": with the next layer, each is one linear layer."
    weak = pooled and len(linear) < 3
    yield Finding(
        "missing_nonlinearity",
        sentence,
        (0.65 if weak else 0.85) if every else 0.45,
        "warning" if every and not weak else "note",
        {"layers": [layer.name for layer in linear], "hidden_layers": len(hidden)},
        where=linear[0].name,
    )


def _is_bottleneck(layer: Layer, model: Model) -> bool:
    """Returns whether a linear layer is narrower than its neighbours, as projections are."""
    if not is_chain(model) or layer.kind != "Dense":
        following = [other for other in model.layers if layer.name in other.inputs]
        return not is_chain(model) and (len(following) != 1 or layer.units is None)
    narrower = layer.units is not None and layer.fan_in is not None and layer.units < layer.fan_in
    after = model.layers[model.layers.index(layer) + 1 :]
    wider = next((other.units for other in after if other.units), 0) > (layer.units or 0)
    return narrower and wider


@rule("Do hidden layers keep their gradients?", "model")
def saturation(record: Record) -> Iterator[Finding]:
    """Judges hidden sigmoids, and recurrent layers without bounds."""
    model = record.model
    if model is None:
        return
    sigmoids = [
        layer
        for layer, activation in sums_with_activations(model)[:-1]
        if activation in ("sigmoid", "hard_sigmoid")
    ]
    if model.ordered and is_chain(model) and len(sigmoids) >= 2:
        many = len(sigmoids) >= MANY_SIGMOIDS
        evidence = {"layers": [layer.name for layer in sigmoids]}
        sentence = (
            f"{len(sigmoids)} hidden layers are sigmoids, which pass on at most a quarter of a "
            "gradient each."
        )
        yield Finding(
            "saturating_activation",
            sentence,
            0.65 if many else 0.5,
            "note",
            evidence,
            where=sigmoids[0].name,
        )
        if many:
            hopeless = len(sigmoids) >= TOO_MANY_SIGMOIDS and not normalizes(model)
            yield Finding(
                "vanishing_gradient",
                sentence,
                0.75 if hopeless else 0.6,
                "warning" if hopeless else "note",
                evidence,
            )
    for layer in model.layers:
        if layer.kind in RECURRENT and layer.activation in ("relu", "linear", "elu", "softplus"):
            yield Finding(
                "exploding_gradient",
                f"The recurrent layer {layer.name!r} has the activation {layer.activation}, which "
                "has no bound: its state can grow at each step.",
                0.55,
                "note",
                {"activation": layer.activation},
                where=layer.name,
            )


@rule("Can units of relu die?", "model", "outputs")
def narrow_relu(record: Record) -> Iterator[Finding]:
    """Judges outputs and very narrow layers of relu."""
    model = record.model
    if model is None or not is_chain(model):
        return
    pairs = sums_with_activations(model)
    narrow = [
        layer
        for layer, activation in pairs
        if activation == "relu" and layer.kind == "Dense" and (layer.units or 9) <= 2
    ]
    last = pairs[-1] if pairs else None
    if last is not None and last[1] == "relu" and last[0] not in narrow:
        narrow.append(last[0])
    if narrow:
        layer = narrow[-1]
        yield Finding(
            "dying_relu",
            f"The layer {layer.name!r} is a relu of {layer.units} units"
            f"{' at the output' if last and layer is last[0] else ''}: if these answer 0 to all "
            "samples, nothing is learnt any more.",
            0.45,
            "note",
            {"layers": [layer.name for layer in narrow]},
            where=layer.name,
        )


@rule("Is the model large enough?", "model", "outputs")
def capacity(record: Record) -> Iterator[Finding]:
    """Judges the narrowest hidden dense layer of a chain."""
    model = record.model
    if model is None or not is_chain(model):
        return
    if any(is_autoencoder(output, record.data) for output in record.outputs):
        return
    hidden = [layer for layer in hidden_sums(model) if layer.kind == "Dense" and layer.units]
    if not hidden:
        return
    narrowest = min(hidden, key=lambda layer: layer.units or 0)
    width = narrowest.units or 0
    outputs = max((units(output) or 1 for output in record.outputs), default=1)
    evidence = {"units": width, "fan_in": narrowest.fan_in, "outputs": outputs}
    found: tuple[str, float, Severity]
    if width == 1:
        found = "has one unit: all that follows sees a single number.", 0.75, "warning"
    elif width <= NARROW_UNITS and width < 2 * outputs + 2:
        found = f"has only {width} units.", 0.5 if width <= 2 else 0.45, "note"
    elif (
        width < NARROW_FIRST
        and (hidden[0].fan_in or 0) >= NARROW_AFTER_INPUTS
        and (narrowest is hidden[0])
    ):
        found = f"presses {narrowest.fan_in} numbers into {width} units.", 0.6, "note"
    else:
        return
    yield Finding(
        "capacity_too_small",
        f"The hidden layer {narrowest.name!r} {found[0]}",
        found[1],
        found[2],
        evidence,
        where=narrowest.name,
    )


RULES: tuple[Rule, ...] = (nonlinearities, saturation, narrow_relu, capacity)
