"""The loss before the first step, against what it should be."""

import math

import keras

from kerasrecipes.diagnostics.record.model_facts import Output
from kerasrecipes.diagnostics.record.trials import InitialLoss
from kerasrecipes.diagnostics.trying.answering_alike import ConstantAnswers, constant_answers
from kerasrecipes.diagnostics.trying.nested_layers import layers_within
from kerasrecipes.diagnostics.trying.sandboxing import Sandbox


def initial_loss(sandbox: Sandbox, batch: tuple, outputs: tuple[Output, ...]) -> InitialLoss:
    """Returns the loss of a model as it is.

    Args:
        sandbox: The model.
        batch: Samples, as `(x, y)`.
        outputs: Facts of its outputs.
    """
    sandbox.reset()
    penalty = sandbox.penalty()
    normalizes = any(
        isinstance(layer, keras.layers.BatchNormalization) for layer in layers_within(sandbox.model)
    )
    loss = sandbox.train(batch, 0.0) - penalty if normalizes else sandbox.evaluate(batch)
    known = answers_of(batch, outputs)
    return InitialLoss(finite(loss), known.unknowing, known.by, penalty)


def answers_of(batch: tuple, outputs: tuple[Output, ...]) -> ConstantAnswers:
    """Returns losses of constant answers to a batch, if the model has one output."""
    if len(outputs) != 1 or len(batch) < 2 or outputs[0].loss is None:
        return ConstantAnswers()
    targets = keras.tree.flatten(batch[1])
    shape = outputs[0].shape
    return constant_answers(outputs[0].loss.kind, targets[0], shape[-1] if shape else None)


def finite(value: float) -> float | None:
    """Returns a number, or `None` if it is not finite."""
    return value if math.isfinite(value) else None
