"""A training on a few samples, which a model that can learn learns by heart."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np

from kerasrecipes.diagnostics.record.model_facts import Output
from kerasrecipes.diagnostics.record.probes import Probe
from kerasrecipes.diagnostics.record.trials import Attempt, Overfit
from kerasrecipes.diagnostics.trying.answering_alike import ConstantAnswers
from kerasrecipes.diagnostics.trying.answers import accuracy_of, error_of
from kerasrecipes.diagnostics.trying.first_losses import answers_of, finite
from kerasrecipes.diagnostics.trying.sandboxing import OutOfTime, Sandbox, sandbox

STEPS = 200

# A model that comes so far, of the first loss, learns.
HALF = 0.5

# What counts as learnt: so much of the way from a constant answer to the least loss.
LEARNT = 0.9

# Multiples of the model's own learning rate that are tried until one learns: larger ones as long as
# they lower the loss further, else smaller ones.
LARGER = (10.0, 100.0)
SMALLER = (0.1, 0.01)

# The rate of Adam, which is tried where the model's own optimizer does not learn.
_FALLBACK_RATE = 0.003

# A constant answer that is nearly as good as any leaves nothing to learn.
_NOTHING = 1e-6

# Steps between looks at the model in inference mode.
_LOOK = 20

# Multiples of the own learning rate: at the least, a right gradient lowers any loss, or steps are
# too small to see.
_SMALL = (1e-2, 1e-4, 1e-6)
_SMALL_STEPS = 5


@dataclass
class _Best:
    """The best training so far."""

    loss: float = math.inf
    learning_rate: float | None = None
    steps: int = 0
    accuracy: float | None = None
    error: float | None = None
    inference: float | None = None
    probe: Probe | None = None


def overfit(
    trial: Sandbox,
    batch: tuple,
    outputs: tuple[Output, ...],
    optimizer: str,
    learning_rate: float,
    look: Callable[[int], Probe] | None = None,
) -> tuple[Overfit, Probe | None]:
    """Trains a model on one batch until it knows it by heart, at a few learning rates.

    The loss is the lower one of training mode, which dropout raises, and inference mode, in which
    the statistics of batch normalization lag behind.

    Args:
        trial: The model.
        batch: Few samples, as `(x, y)`.
        outputs: Facts of the model's outputs.
        optimizer: The name of its optimizer's class.
        learning_rate: Its own rate.
        look: Function that looks at the model after so many steps.

    Returns:
        The result, and a look at the model after the best training.

    Raises:
        OutOfTime: If it is not known before whether the model learns.
    """
    known = answers_of(batch, outputs)
    trial.reset()
    first = trial.evaluate(batch)
    first_error = error_of(trial.predict(batch), batch)
    attempts: list[Attempt] = []
    own = attempts
    best = _Best()

    def attempt(runner: Sandbox, name: str, rate: float) -> bool:
        nonlocal best
        loss, steps = _trained(runner, batch, rate, first, known)
        attempts.append(Attempt(name, rate, steps, finite(loss)))
        if loss < best.loss or best.learning_rate is None:
            answers = runner.predict(batch)
            accuracy, error = accuracy_of(answers, batch, outputs), error_of(answers, batch)
            with runner.first("look"):
                probe = None if look is None else look(steps)
            inference = finite(runner.evaluate(batch))
            best = _Best(loss, rate, steps, accuracy, error, inference, probe)
        return learnt(loss, first, known)

    try:
        if not _any_learns(partial(attempt, trial, optimizer), attempts, learning_rate, first):
            own = [*attempts]
            trial.reset()
            adam = keras.optimizers.Adam(_FALLBACK_RATE, name="adam")
            with sandbox(trial.model, trial.clock, adam) as fallback:
                attempt(fallback, "Adam", _FALLBACK_RATE)
    except OutOfTime:
        if best.loss > HALF * first:  # Otherwise it is known that the model learns.
            raise
    fell = any(entry.loss is not None and entry.loss < first for entry in own)
    result = Overfit(
        samples=len(keras.tree.flatten(batch[0])[0]),
        steps=best.steps,
        first_loss=finite(first),
        last_loss=finite(best.loss),
        constant_loss=known.best,
        accuracy=best.accuracy,
        learning_rate=best.learning_rate,
        least_loss=known.least,
        attempts=tuple(attempts),
        first_error=first_error,
        last_error=best.error,
        inference_loss=best.inference,
        rising=None if fell else _rises(trial, batch, learning_rate),
    )
    return result, best.probe


def _any_learns(
    attempt: Callable[[float], bool],
    attempts: list[Attempt],
    learning_rate: float,
    first: float,
) -> bool:
    """Returns whether the model's own optimizer learns, at its rate or a multiple of it."""
    if attempt(learning_rate):
        return True
    lowest = first
    for multiple in LARGER:
        loss = attempts[-1].loss
        if loss is None or loss >= lowest:
            break
        lowest = loss
        if attempt(multiple * learning_rate):
            return True
    else:
        return False
    return any(attempt(multiple * learning_rate) for multiple in SMALLER)


def learnt(loss: float, first: float, known: ConstantAnswers) -> bool:
    """Returns whether a loss is so low that the samples are known by heart."""
    if known.best is None or known.best - known.least < _NOTHING:
        return 0 <= loss < (1 - LEARNT) * first
    return loss - known.least < (1 - LEARNT) * (known.best - known.least)


def _trained(
    trial: Sandbox, batch: tuple, rate: float, first: float, known: ConstantAnswers
) -> tuple[float, int]:
    """Returns the loss after a training, and its number of steps."""
    trial.reset()
    penalized = trial.is_penalized
    loss = first
    for step in range(1, STEPS + 1):
        penalty = trial.penalty() if penalized and step % _LOOK == 0 else 0.0
        in_training = trial.train(batch, rate)
        if not math.isfinite(in_training):
            return math.inf, step
        if step % _LOOK == 0:
            # That of the step before it, which is as good.
            loss = float(np.nanmin([in_training - penalty, trial.evaluate(batch)]))
            if learnt(loss, first, known):
                return loss, step
    return loss, STEPS


def _rises(trial: Sandbox, batch: tuple, learning_rate: float) -> bool:
    """Returns whether the loss rises at small rates too."""
    changes = []
    for multiple in _SMALL:
        trial.reset()
        first = trial.evaluate(batch)
        for _ in range(_SMALL_STEPS):
            trial.train(batch, multiple * learning_rate)
        changes.append(trial.evaluate(batch) - first)
    return changes[0] > 0 and min(changes) >= 0
