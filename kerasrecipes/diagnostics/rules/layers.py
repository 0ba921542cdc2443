"""What layers compute: saturation, dead units, and how a signal passes through them."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.model_facts import Layer
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.gradients import FAINT, gradient_ratio
from kerasrecipes.diagnostics.rules.looks import hidden, learns_nothing, loss_fell, of_layers
from kerasrecipes.diagnostics.rules.questions import Rule, rule

# Of the units of a relu, 10% to 40% are dead in trainings that go well; a network lives with more.
MOSTLY_DEAD = 0.9
ALL_DEAD = 0.999
# A layer of which so much of the output is flat lets hardly any gradient through. Gates and
# well-trained tanh layers are flat for up to half of it.
MOSTLY_FLAT = 0.7
# Layers with weights, from which on a signal has a way to get lost on.
DEEP = 3
# The factor from layer to layer by which a signal changes before the training. Keras's default
# weights take 0.7 with a relu, 0.25 with a sigmoid; right ones take 1.
SHRINKING, SWELLING = 0.3, 2.5
# It is lost, or too large, if it has changed by this factor in the end.
CHANGED = 30.0


@rule("Do the units of relu layers answer anything but 0?", "model", "trend")
def dying_relu(record: Record) -> Iterator[Finding]:
    """Whole layers that answer 0 to all samples, at the last looks."""
    first, *_, last = record.looks
    stuck = learns_nothing(record)
    outputs = {output.layer for output in record.outputs}
    for layer, now in of_layers(last, list(record.model.layers if record.model else ())):
        dead = now.dead_fraction
        if dead is None or dead < MOSTLY_DEAD or not stuck:
            continue
        before = first.layers[layer.name].dead_fraction if layer.name in first.layers else None
        all_dead = dead >= ALL_DEAD
        is_output = layer.name in outputs
        if not all_dead and (is_output or (layer.units or 0) < 2):
            continue
        where = "the output layer" if is_output else f"layer {layer.name!r}"
        yield Finding(
            "dying_relu",
            f"{_percent(dead)} of the units of {where} answer 0 to all {last.samples} samples that "
            f"were looked at, and the model learns nothing.",
            0.85 if all_dead else 0.5,
            "error" if all_dead else "warning",
            {
                "layer": layer.name,
                "dead_fraction": dead,
                "dead_fraction_before": before,
                "epoch": last.epoch,
                "step": last.step,
            },
        )
        return  # The layers behind a dead one get nothing.


@rule("Do hidden layers stay out of the flat parts of their activations?", "model", "trend")
def saturating_activation(record: Record) -> Iterator[Finding]:
    """Hidden layers whose output is flat, or squashed by one sigmoid after another."""
    first, *_, last = record.looks
    stuck = learns_nothing(record)
    for layer, _ in of_layers(last, hidden(record)):
        flat = [look.layers[layer.name].saturated_fraction or 0.0 for look in (first, last)]
        if flat[1] >= MOSTLY_FLAT and (stuck or flat[0] >= MOSTLY_FLAT):
            yield Finding(
                "saturating_activation",
                f"{_percent(flat[1])} of the outputs of layer {layer.name!r} lie in the flat part "
                f"of its {layer.activation}, where it hardly learns.",
                0.75,
                evidence={
                    "layer": layer.name,
                    "saturated_fraction_before": flat[0],
                    "saturated_fraction": flat[1],
                    "epoch": last.epoch,
                },
            )
            return
    if not stuck:
        return
    squashing = [each for each, _ in of_layers(last, hidden(record)) if _is_sigmoid(each)]
    ratio = gradient_ratio(record, last)
    if len(squashing) > 1 and ratio is not None and ratio < FAINT:
        yield Finding(
            "saturating_activation",
            f"{len(squashing)} hidden layers have a sigmoid; each of them lets at most a quarter "
            f"of the gradient through, and {_size(ratio)} of it reaches the first layer.",
            0.6,
            evidence={"layers": [each.name for each in squashing], "gradient_ratio": ratio},
        )


@rule("Does the signal keep its size through the untrained layers?", "model", "looks")
def bad_initialization(record: Record) -> Iterator[Finding]:
    """A signal that is lost, or swells, on its way through layers with their initial weights."""
    looks = record.looks
    if not looks or looks[0].step or record.model is None or not record.model.ordered:
        return
    seen = [
        (layer, now)
        for layer, now in of_layers(looks[0], hidden(record))
        if layer.parameters and now.gradient_norm is not None and now.sample_std is not None
    ]
    spreads = [(layer.name, now.sample_std or 0.0) for layer, now in seen]
    if len(spreads) < DEEP or not spreads[0][1]:
        return
    (first, before), (last, after) = spreads[0], spreads[-1]
    ratio = after / before
    factor = ratio ** (1 / (len(spreads) - 1))
    if SHRINKING <= factor <= SWELLING or 1 / CHANGED <= ratio <= CHANGED:
        return
    if ratio < 1 and sum(_is_sigmoid(layer) for layer, _ in seen) > len(seen) / 2:
        return  # Sigmoids do that with any weights.
    stuck = bool(record.trend) and learns_nothing(record)
    yield Finding(
        "bad_initialization",
        f"With the initial weights, the signal {'shrinks' if ratio < 1 else 'grows'} from "
        f"{_size(before)} in layer {first!r} to {_size(after)} in layer {last!r}.",
        0.7 if stuck else 0.4,
        "warning" if stuck else "note",
        {"first": first, "last": last, "spread_first": before, "spread_last": after},
    )
    fell = loss_fell(record) if record.trend else None
    constant = any(layer.kernel_constant for layer, _ in seen)
    if ratio > 1 and not constant and (stuck or (fell is not None and fell < 0)):
        yield Finding(
            "exploding_gradient",
            f"The signal grows {factor:.2g} times from layer to layer, and so does the gradient on "
            "its way back; the model learns nothing.",
            0.6,
            evidence={"factor": factor, "spread_first": before, "spread_last": after},
        )


def _is_sigmoid(layer: Layer) -> bool:
    return layer.activation in ("sigmoid", "hard_sigmoid")


def _percent(fraction: float | None) -> str:
    return f"{fraction or 0.0:.0%}"


def _size(number: float) -> str:
    return f"{number:.2g}"


RULES: tuple[Rule, ...] = (
    dying_relu,
    saturating_activation,
    bad_initialization,
)
