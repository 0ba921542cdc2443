"""The answers to few samples, against their loss."""

from collections.abc import Iterator

from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.rules.questions import rule
from kerasrecipes.diagnostics.rules.trials.heart import LEARNT, NUMBERS, few_of, progress_of

# Answers move away from the targets by this factor, where the loss is said to fall.
AWAY = 5.0

# Answers to samples that are learnt are right; two of 20 may not be.
RIGHT = 0.8


@rule("Does a step lower the loss?", "trials.overfit")
def direction(record: Record) -> Iterator[Finding]:
    """Steps that raise the loss at any rate, and losses that fall as answers get worse."""
    few = few_of(record)
    evidence = {"first_loss": few.first_loss, "last_loss": few.last_loss}
    if few.rising:
        yield Finding(
            "wrong_direction",
            "The loss rises with the steps of this optimizer at any learning rate, also at a "
            "millionth of its own.",
            0.9,
            "error",
            evidence,
        )
        return
    if few.first_loss is None or few.last_loss is None:
        return
    if few.first_error is None or few.last_error is None:
        return
    kinds = {output.loss.kind for output in record.outputs if output.loss}
    unbounded = few.last_loss < -10 * max(1.0, abs(few.first_loss))
    falls = few.last_loss < few.first_loss
    away = few.last_error > AWAY * few.first_error
    if falls and away and (unbounded or kinds <= NUMBERS):
        yield Finding(
            "wrong_direction",
            f"In {few.steps} steps on {few.samples} samples, the loss fell from "
            f"{few.first_loss:.3g} to {few.last_loss:.3g}, and the answers went away from the "
            f"targets: from a mean distance of {few.first_error:.3g} to {few.last_error:.3g}.",
            0.9 if unbounded else 0.7,
            "error",
            {**evidence, "first_error": few.first_error, "last_error": few.last_error},
        )


@rule("Are the answers right where the loss is low?", "trials.overfit")
def answers(record: Record) -> Iterator[Finding]:
    """Samples whose loss is low in inference mode, and whose classes are wrong all the same.

    On TensorFlow, Keras's cross-entropies look behind a sigmoid or softmax.
    """
    few = few_of(record)
    if few.accuracy is None or few.accuracy >= RIGHT or few.inference_loss is None:
        return
    if progress_of(few, few.inference_loss) < LEARNT:
        return
    yield Finding(
        "output_loss_mismatch",
        f"After {few.steps} steps on {few.samples} samples, the loss is {few.inference_loss:.3g}, "
        f"and {few.accuracy:.0%} of the answers are right: the loss does not look at the answers "
        "that the model gives.",
        0.85,
        "error",
        {"inference_loss": few.inference_loss, "accuracy": few.accuracy, "steps": few.steps},
    )
