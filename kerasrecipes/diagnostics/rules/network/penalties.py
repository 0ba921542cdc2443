"""Dropout and penalties."""

import math
from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.model_facts import Layer
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import Rule, rule

# Rates of dropout, and what several of them leave together.
HIGH_RATE = 0.75
LEFT_BY_ALL = 0.15
# Units that dropout leaves of a layer.
FEW_LEFT = 2.0

# Factors of penalties. The loss of a fresh classifier is about 2; a layer of 100 x 100 weights of
# glorot_uniform has a sum of squares of 100.
STRONG_L2 = 0.1
NOTED_L2 = 0.01
STRONG_L1 = 0.05
NOTED_L1 = 0.01

# The part of the weights that decay takes at each step.
STRONG_DECAY = 0.01


@rule("Does regularization leave the model free to learn?", "model")
def regularization(record: Record) -> Iterator[Finding]:
    """Judges rates of dropout, factors of penalties and weight decay."""
    if record.model is None:
        return
    found = _dropout(record.model.layers) or _penalty(record.model.layers) or _weight_decay(record)
    if found is not None:
        sentence, confidence, severity, evidence = found
        yield Finding(
            "regularization_too_strong",
            sentence,
            confidence,
            "warning" if severity else "note",
            evidence,
        )


def _dropout(layers: tuple[Layer, ...]):
    width = 0
    left = []
    for layer in layers:
        if layer.units and layer.parameters:
            width = layer.units
        rate = layer.dropout_rate
        if not rate or "Dropout" not in layer.kind:
            left.append(1 - (rate or 0.0))
            continue
        left.append(1 - rate)
        evidence = {"layer": layer.name, "rate": rate}
        if rate >= HIGH_RATE:
            return (
                f"Dropout {layer.name!r} takes {rate:.0%} of what it is given away.",
                0.8,
                True,
                evidence,
            )
        if 0 < width * (1 - rate) <= FEW_LEFT:
            return (
                f"Dropout {layer.name!r} leaves {width * (1 - rate):.2g} of {width} units.",
                0.7,
                True,
                evidence,
            )
    if math.prod(left) <= LEFT_BY_ALL:
        return (
            f"{sum(keep < 1 for keep in left)} dropouts one after another leave "
            f"{math.prod(left):.1%} of the paths through the model.",
            0.45,
            False,
            {"left": math.prod(left)},
        )
    return None


def _penalty(layers: tuple[Layer, ...]):
    penalties = [(layer.name, layer.penalties or {}) for layer in layers]
    for name, strong in (("l2", STRONG_L2), ("l1", STRONG_L1)):
        factors = {layer: own[name] for layer, own in penalties if own.get(name)}
        if factors and max(factors.values()) >= strong:
            layer = max(factors, key=lambda entry: factors[entry])
            return (
                f"Layer {layer!r} has an {name} penalty of {factors[layer]:g}, which outweighs "
                "the loss.",
                0.75,
                True,
                {"layer": layer, name: factors[layer]},
            )
        noted = NOTED_L2 if name == "l2" else NOTED_L1
        if sum(factor >= noted for factor in factors.values()) >= (3 if name == "l2" else 1):
            return (
                f"{len(factors)} layers have an {name} penalty of {max(factors.values()):g}.",
                0.5,
                False,
                {name: max(factors.values()), "layers": len(factors)},
            )
    return None


def _weight_decay(record: Record):
    optimizer = record.optimizer
    if optimizer is None or not optimizer.weight_decay or not optimizer.learning_rate:
        return None
    part = optimizer.weight_decay * optimizer.learning_rate
    if part < STRONG_DECAY:
        return None
    return (
        f"Weight decay takes {part:.1%} of the weights away at each step.",
        0.75,
        True,
        {"weight_decay": optimizer.weight_decay, "learning_rate": optimizer.learning_rate},
    )


RULES: tuple[Rule, ...] = (regularization,)
