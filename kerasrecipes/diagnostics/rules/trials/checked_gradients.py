"""Gradients against differences of the loss."""

from collections.abc import Iterator, Sequence

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.trials import GradientError
from kerasrecipes.diagnostics.rules.questions import rule

# From https://cs231n.github.io/neural-networks-3/: above the first, a gradient is wrong; above the
# second, it is right only where the loss has kinks.
WRONG_GRADIENT = 1e-2


@rule("Is each layer's gradient that of its output?", "trials.gradients")
def gradients(record: Record) -> Iterator[Finding]:
    """Gradients against differences of the loss."""
    assert record.trials is not None
    errors = record.trials.gradients
    for name in wrong_layers(errors):
        worst = max(
            (e for e in errors if e.layer == name and e.error is not None),
            key=lambda e: (e.alone, e.error),
        )
        yield Finding(
            "wrong_gradient",
            f"The gradient of layer {name!r} is off by {worst.error:.0%}: with respect to its "
            f"{worst.weight}, it says {worst.analytic:.3g}, and differences of the loss "
            f"{worst.numeric:.3g}.",
            0.95,
            "error",
            {
                "layer": name,
                "error": worst.error,
                "analytic": worst.analytic,
                "numeric": worst.numeric,
            },
            where=name,
        )


def wrong_layers(errors: Sequence[GradientError]) -> tuple[str, ...]:
    """Returns the names of the layers whose gradient is wrong.

    A wrong gradient makes those of all layers before it wrong. It is that of layers that are wrong
    by themselves; if there is none, that of the last layer with a wrong one, or of what follows it.
    """
    wrong = [error for error in errors if error.error is not None and error.error > WRONG_GRADIENT]
    alone = [error.layer for error in wrong if error.alone]
    return tuple(dict.fromkeys(alone or [error.layer for error in wrong[-1:]]))
