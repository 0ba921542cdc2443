"""A learning-rate range test on few steps."""

import math

import numpy as np

from kerasrecipes.diagnostics.facts.given import Given
from kerasrecipes.diagnostics.learning_rate_range import LEAST_STEPS, LearningRateRange
from kerasrecipes.diagnostics.record.trials import Rates
from kerasrecipes.diagnostics.trying.first_losses import finite
from kerasrecipes.diagnostics.trying.sandboxing import Sandbox
from kerasrecipes.diagnostics.trying.subset import batch_of, batches_of

STEPS = 60
LOWEST, HIGHEST = 1e-6, 10.0

# The test ends where the smoothed loss is above so many times its minimum.
_STOP_FACTOR = 4.0


def rates(trial: Sandbox, given: Given, size: int, seed: int) -> Rates:
    """Trains a model for a few steps at rates that rise, as `find_lr` does.

    Args:
        trial: The model.
        given: The data.
        size: The number of samples in a batch.
        seed: Non-negative integer.
    """
    trial.reset()
    tried = np.geomspace(LOWEST, HIGHEST, STEPS)
    losses: list[float] = []
    diverged = False
    for rate, indices in zip(tried, batches_of(given, size, STEPS, seed), strict=True):
        loss = trial.train(batch_of(given, indices), float(rate))
        if not math.isfinite(loss):
            diverged = True
            break
        losses.append(loss)
        if len(losses) >= LEAST_STEPS:
            smoothed = _range(tried, losses, diverged=True).smoothed_losses
            if smoothed[-1] > _STOP_FACTOR * smoothed.min():
                diverged = True
                break
    if len(losses) < LEAST_STEPS:
        return Rates(tuple(tried[: len(losses)].tolist()), tuple(losses), diverged)
    found = _range(tried, losses, diverged)
    return Rates(
        tuple(found.learning_rates.tolist()),
        tuple(map(finite, found.smoothed_losses.tolist())),
        diverged,
        suggestion=found.suggestion,
    )


def _range(tried: np.ndarray, losses: list[float], diverged: bool) -> LearningRateRange:
    return LearningRateRange(tried[: len(losses)], np.array(losses), diverged)
