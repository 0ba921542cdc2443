"""A loss that became NaN or infinite."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.model_facts import Layer
from kerasrecipes.diagnostics.record.probes import Probe
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import Rule, rule

RECURRENT = ("LSTM", "GRU", "SimpleRNN")
# A recurrent layer multiplies by the same weights at each place of a sequence: without an
# activation that is bounded, numbers grow without end.
UNBOUNDED = ("relu", "linear", "elu", "leaky_relu", "gelu", "silu", "softplus")


@rule("Is the loss finite at each step?", "series")
def loss_not_finite(record: Record) -> Iterator[Finding]:
    """The first bad step, the first layer that went bad, and what is likely behind it."""
    series = record.series
    if series is None or series.bad_step is None:
        return
    layer = first_bad_layer(record)
    cause = _cause(record)
    place = f", first in layer {layer!r}" if layer else ""
    yield Finding(
        "loss_not_finite",
        f"The loss was NaN or infinite at step {series.bad_step}, in epoch {len(series)}{place}. "
        f"{_CAUSES[cause]}",
        0.99,
        "error",
        {"step": series.bad_step, "epoch": len(series), "layer": layer, "cause": cause},
        remedy=_REMEDIES[cause],
    )
    if cause == "explosion":
        yield from _explosion(record)


def first_bad_layer(record: Record) -> str | None:
    """Returns the first layer whose outputs or weights were not finite, at the first such look.

    `None` if all weights were bad: a single step with NaN does that, and no layer is the first.
    """
    for look in record.probes:
        layers = [(layer, look.layers.get(layer.name)) for layer in _layers(record)]
        known = [(layer, now) for layer, now in layers if now is not None]
        heavy = [(layer, now) for layer, now in known if layer.parameters]
        bad = [layer.name for layer, now in heavy if now.weight_norm is None]
        if bad:
            return bad[0] if len(bad) < len(heavy) else None
        for layer, now in known:
            if not now.finite and now.mean is None:
                return layer.name
    return None


def _layers(record: Record) -> tuple[Layer, ...]:
    return record.model.layers if record.model is not None else ()


_CAUSES = {
    "data": "There are NaN or infinities in the data.",
    "computation": "It was so before the first step: look for a logarithm, a root or a division of "
    "0 in the layer or the loss.",
    "explosion": "It was finite before: the numbers have grown step by step, or a step was too "
    "large.",
}
_REMEDIES = {
    "data": "Replace or leave out what is NaN or infinite in inputs and targets.",
    "computation": "Add a small number before a logarithm, a root or a division: "
    "keras.ops.log(x + 1e-7).",
    "explosion": "Divide the learning rate by 10, clip gradients (clipnorm=1.0), and scale inputs "
    "and targets.",
}


def _cause(record: Record) -> str:
    values = [*(record.data.inputs if record.data is not None else ())]
    values += [output.targets for output in record.outputs if output.targets is not None]
    if any(each.finite_fraction < 1 for each in values):
        return "data"
    first: Probe | None = next((look for look in record.probes if look.samples), None)
    if first is not None and not first.step and first not in record.looks:
        return "computation"
    return "explosion"


def _explosion(record: Record) -> Iterator[Finding]:
    recurrent = [each for each in _layers(record) if each.kind in RECURRENT]
    unbounded = [each for each in recurrent if each.activation in UNBOUNDED]
    rate = record.optimizer.learning_rate if record.optimizer is not None else None
    norms = record.looks[-1].layers if record.looks else {}
    largest = max(norms, key=lambda name: norms[name].gradient_norm or 0.0, default=None)
    step = record.series.bad_step if record.series is not None else None
    evidence = {"step": step, "learning_rate": rate, "largest_gradient_in": largest}
    if recurrent:
        named = (unbounded or recurrent)[0]
        yield Finding(
            "exploding_gradient",
            f"Numbers grow along the sequence in layer {named.name!r}"
            + (f", whose {named.activation} does not bound them." if unbounded else "."),
            0.8 if unbounded else 0.55,
            evidence={**evidence, "layer": named.name, "activation": named.activation},
        )
    yield Finding(
        "learning_rate_too_high",
        f"The loss became NaN or infinite at step {step}, which a learning rate that is too high "
        "does" + (f": it was {rate:g}." if rate is not None else "."),
        0.4 if recurrent else 0.65,
        "note" if recurrent else "warning",
        evidence,
    )


RULES: tuple[Rule, ...] = (loss_not_finite,)
