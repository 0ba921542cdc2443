"""Gradients from last to first layer, and steps beside the weights."""

from collections.abc import Iterator, Sequence

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.probes import Probe
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.looks import has_kernel, learns_nothing, loss_fell, of_layers
from kerasrecipes.diagnostics.rules.questions import Rule, rule

# Of the gradient at the last layer, so much reaches the first one, per weight. Networks with relu
# or normalization keep it within a factor of 20; a sigmoid takes a quarter or less a layer.
FAINT = 0.01
LOST = 1e-3
# Layers with weights, from which on a gradient has a way to vanish on.
DEEP = 3
# A gradient that has grown by this factor while the loss rose explodes.
GROWN = 100.0
# The change of a layer's weights in the whole training, over the weights, below which it has stood
# still, and in a single step, above which it is thrown about: 0.001 a step is usual.
STILL, SLOW = 1e-3, 0.01
THROWN = 0.1
# Rounding errors make gradients of this size.
NO_GRADIENT = 1e-9


@rule("Does the gradient reach the first layers?", "model", "trend")
def vanishing_gradient(record: Record) -> Iterator[Finding]:
    """A gradient that is lost on the way from the beginning, in a model that learns nothing."""
    if not learns_nothing(record):
        return
    looks = record.looks
    ratios = [gradient_ratio(record, look) for look in looks]
    known = [ratio for ratio in ratios if ratio is not None]
    if len(known) < len(looks) or max(known[:2]) >= FAINT:
        return
    yield Finding(
        "vanishing_gradient",
        f"Before the training, {known[0]:.2g} of the gradient at the last layer reached the first "
        f"one, and {known[-1]:.2g} at the end; the model learns nothing.",
        0.8 if max(known[:2]) < LOST else 0.65,
        evidence={
            "gradient_ratio_before": known[0],
            "gradient_ratio": known[-1],
            "epoch": looks[-1].epoch,
        },
    )


@rule("Do gradients keep their size?", "model", "trend")
def exploding_gradient(record: Record) -> Iterator[Finding]:
    """Gradients that have grown by orders of magnitude while the loss rose."""
    if record.series is None:
        return
    looks = record.looks
    fell = loss_fell(record)
    if record.series.bad_step is None and (fell is None or fell > -1.0):
        return
    for layer in record.model.layers if record.model else ():
        norms = [
            look.layers[layer.name].gradient_norm for look in looks if layer.name in look.layers
        ]
        known = [norm for norm in norms if norm]
        if len(known) > 1 and known[-1] >= GROWN * known[0]:
            yield Finding(
                "exploding_gradient",
                f"The gradient of layer {layer.name!r} has grown from {known[0]:.2g} to "
                f"{known[-1]:.2g}.",
                0.7,
                evidence={
                    "layer": layer.name,
                    "gradient_before": known[0],
                    "gradient": known[-1],
                    "epoch": looks[-1].epoch,
                },
            )
            return


@rule("Are steps neither tiny nor huge, beside the weights?", "model", "optimizer", "trend")
def update_sizes(record: Record) -> Iterator[Finding]:
    """Weights that stand still although there is a gradient, or are thrown about."""
    if not learns_nothing(record):
        return
    looks = record.looks
    changes = _total_changes(looks)
    gradients = [each.gradient_norm or 0.0 for each in looks[-1].layers.values()]
    steps = looks[-1].step - looks[0].step
    if not changes or max(gradients, default=0.0) < NO_GRADIENT:
        return
    rate = record.optimizer.learning_rate if record.optimizer is not None else None
    evidence = {"steps": steps, "largest_change": max(changes), "learning_rate": rate}
    fell = loss_fell(record)
    if max(changes) < SLOW:
        yield Finding(
            "learning_rate_too_low",
            f"In {steps} steps, no layer's weights have changed by more than "
            f"{max(changes):.2g} of their size.",
            0.75 if max(changes) < STILL else 0.6,
            evidence=evidence,
        )
    elif min(changes) / steps > THROWN and fell is not None and fell < 0:
        yield Finding(
            "learning_rate_too_high",
            f"In each step, all layers' weights change by more than {min(changes) / steps:.0%} of "
            "their size, and the loss does not fall.",
            0.7,
            evidence=evidence,
        )


def gradient_ratio(record: Record, look: Probe) -> float | None:
    """Returns the gradient of the first kernel over that of the last one, per weight."""
    norms = [
        now.gradient_norm
        for layer, now in of_layers(look, list(record.model.layers if record.model else ()))
        if now.gradient_norm is not None and layer.kind != "Embedding" and has_kernel(layer)
    ]
    if len(norms) < DEEP or norms[-1] < NO_GRADIENT:
        return None
    return norms[0] / norms[-1]


def _total_changes(looks: Sequence[Probe]) -> list[float]:
    """Returns by which part of its size each layer's kernel has changed, at most."""
    totals: dict[str, float] = {}
    for before, look in zip(looks, looks[1:], strict=False):
        for name, now in look.layers.items():
            if now.update_ratio is not None:
                change = now.update_ratio * (look.step - before.step)
                totals[name] = totals.get(name, 0.0) + change
    return list(totals.values())


RULES: tuple[Rule, ...] = (vanishing_gradient, exploding_gradient, update_sizes)
