"""The loss on one batch in training mode and in inference mode."""

import math

import keras
import numpy as np

from kerasrecipes.callbacks.model_state import assign, to_arrays
from kerasrecipes.diagnostics.record.trials import Modes
from kerasrecipes.diagnostics.trying.first_losses import finite
from kerasrecipes.diagnostics.trying.nested_layers import layers_within
from kerasrecipes.diagnostics.trying.sandboxing import Sandbox

STEPS = 10

# Draws of dropout and noise.
_DRAWS = 5


def modes(sandbox: Sandbox, batch: tuple, learning_rate: float) -> Modes:
    """Compares the two modes of a model after a few steps on a batch.

    Args:
        sandbox: The model.
        batch: Samples, as `(x, y)`.
        learning_rate: The rate of the steps.
    """
    sandbox.reset()
    for _ in range(STEPS):
        loss = sandbox.train(batch, learning_rate)
        if not math.isfinite(loss):  # It says nothing of modes.
            sandbox.reset()
            break
    inference = sandbox.evaluate(batch)
    weights = sandbox.model.trainable_variables
    trained = to_arrays(weights)
    penalty = sandbox.penalty()
    draws = []
    settled = math.nan
    for _ in range(_DRAWS):
        statistics = _statistics(sandbox.model)
        before = to_arrays([variable for variable, _ in statistics])
        draws.append(sandbox.train(batch, 0.0) - penalty)
        assign(weights, trained)
        if math.isnan(settled):
            _settle(statistics, before)
            settled = sandbox.evaluate(batch)
    mean = finite(float(np.mean(draws)))
    return Modes(
        mean,
        finite(inference),
        float(np.std(draws)) if mean is not None else 0.0,
        STEPS,
        finite(settled),
    )


def _statistics(model) -> list[tuple]:
    """Returns the moving statistics of batch normalizations, with their momentum."""
    return [
        (variable, layer.momentum)
        for layer in layers_within(model)
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
        for variable in (layer.moving_mean, layer.moving_variance)
    ]


def _settle(statistics: list[tuple], before: list[np.ndarray]) -> None:
    """Gives statistics, which have made one step, the values to which they would go."""
    for (variable, momentum), old in zip(statistics, before, strict=True):
        new = np.array(keras.ops.convert_to_numpy(variable))
        if momentum < 1:
            variable.assign((new - momentum * old) / (1 - momentum))
