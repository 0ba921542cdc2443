"""Trainings on data from which there should be less to learn."""

import keras
import numpy as np

from kerasrecipes.diagnostics.facts.given import Given
from kerasrecipes.diagnostics.record.trials import Controls
from kerasrecipes.diagnostics.trying.first_losses import finite
from kerasrecipes.diagnostics.trying.neighbour_relation import relation
from kerasrecipes.diagnostics.trying.sandboxing import Sandbox
from kerasrecipes.diagnostics.trying.subset import batch_of, batches_of, candidates

STEPS = 100

# Losses of the last steps are compared.
_LAST = 40


def controls(
    trial: Sandbox, given: Given, size: int, learning_rate: float, seed: int, steps: int = STEPS
) -> Controls:
    """Trains a model on the data, on inputs of zeros, and on the targets of other samples.

    Each loss is the mean over the last steps, each before the step on its batch: as long as samples
    do not come again, it is that of samples that the model has not seen.

    Args:
        trial: The model.
        given: The data, with targets.
        size: The number of samples in a batch.
        learning_rate: The rate of all trainings.
        seed: Non-negative integer.
        steps: The number of steps of each.
    """
    chosen = [*batches_of(given, size, steps, seed)]
    within = candidates(given)
    other = np.arange(within.max() + 1)
    # A derangement: a sample never keeps its own target.
    moved = np.random.default_rng(seed).permutation(within)
    other[moved] = np.roll(moved, 1)
    own = [batch_of(given, indices) for indices in chosen]
    zeroed = [(keras.tree.map_structure(np.zeros_like, batch[0]), batch[1]) for batch in own]
    permuted = [
        (batch[0], batch_of(given, other[indices])[1])
        for batch, indices in zip(own, chosen, strict=True)
    ]
    losses = [_losses(trial, batches, learning_rate) for batches in (own, zeroed, permuted)]
    spread = float(np.std(losses[0]))
    loss, zeroed_inputs, permuted_targets = (finite(float(np.mean(last))) for last in losses)
    return Controls(
        steps,
        loss,
        zeroed_inputs,
        permuted_targets,
        noise=finite(spread),
        averaged=len(losses[0]),
        relation=relation(given),
    )


def _losses(trial: Sandbox, batches: list[tuple], learning_rate: float) -> list[float]:
    trial.reset()
    return [trial.train(batch, learning_rate) for batch in batches][-_LAST:]
