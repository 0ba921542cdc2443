"""Learning rate range test."""

import itertools
import operator
from collections.abc import Iterator

import keras
import numpy as np

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.diagnostics.learning_rate_range import LEAST_STEPS, LearningRateRange
from kerasrecipes.diagnostics.trying.restoring import copied_optimizer, trained_with


def find_lr(
    model: keras.Model,
    x,
    y=None,
    *,
    lowest: float = 1e-6,
    highest: float = 10.0,
    steps: int = 100,
    batch_size: int = 32,
    stop_factor: float = 4.0,
    seed: int = 0,
) -> LearningRateRange:
    """Trains a model for a few steps at increasing learning rates, to find a suitable one.

    Step `k = 0, 1, ..., steps - 1` has the learning rate

        lowest * (highest / lowest) ** (k / (steps - 1))

    With gradient accumulation, a step is an update, and its loss the mean over the batches that it
    accumulates. The test ends early if the loss is no longer finite, or if the smoothed loss rises
    above `stop_factor` times its minimum. Afterwards the weights, statistics, random states and
    optimizer of the model are restored, even if the test is interrupted.

    When to use: before the first training with a model, an optimizer or a batch size, and with weak
    regularization. The suggestion is valid for the first steps; search for the best rate near it.

    Args:
        model: A compiled model. The test uses a copy of its optimizer with the same options. The
            optimizer's own learning rate or schedule has no influence.
        x: Array of inputs, or a list or dictionary of them; or, if `y` is `None`, batches as the
            model's `fit` takes them: a `tf.data.Dataset`, a `keras.utils.PyDataset` (also one
            whose length is not known) or another iterable. It is iterated again where it ends. A
            generator, which cannot be, must yield as many batches as the test trains on.
        y: Array of targets, as long as `x`, or a list or dictionary of them.
        lowest: Positive float. First learning rate.
        highest: Float above `lowest`. Last learning rate.
        steps: Integer, at least 10. Length of the test.
        batch_size: Positive integer. The number of samples in a batch, if `x` is an array.
        stop_factor: Float above 1.
        seed: Non-negative integer. It determines the order of the samples, if `x` is an array.

    Returns:
        A `LearningRateRange` with `learning_rates`, `losses` and the suggestions.

    Raises:
        ValueError: If the model is not compiled, an argument is out of range, there are no data,
            or the loss is not finite from the start.

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = np.random.default_rng(0).normal(size=(256, 4))
    >>> found = find_lr(model, x, x.sum(axis=1), steps=50)
    >>> found.diverged, 0.05 < found.minimum < 2
    (True, True)

    Reference:
        Smith, 2017, https://arxiv.org/abs/1506.01186, section 3.3.
    """
    check_number("lowest", lowest, above=0)
    check_number("highest", highest, above=lowest)
    check_integer("steps", steps, at_least=LEAST_STEPS)
    check_number("stop_factor", stop_factor, above=1)
    if not model.compiled:
        raise ValueError(
            "`model` must be compiled, because its optimizer and its loss are tested. Received: a "
            "model that is not"
        )
    accumulated = batches_of_update(model.optimizer)
    needed = steps * accumulated
    batches = _endless(x, needed) if y is None else _shuffled(x, y, batch_size, seed)
    ratio, gradients = highest / lowest, accumulated * (steps - 1)
    # Keras counts gradients. The last one of each update has the rate of its step.
    schedule = keras.optimizers.schedules.ExponentialDecay(
        lowest * ratio ** ((1 - accumulated) / gradients), decay_steps=gradients, decay_rate=ratio
    )
    rates = lowest * ratio ** (np.arange(steps) / (steps - 1))
    losses: list[float] = []
    diverged = False
    with trained_with(model, copied_optimizer(model, schedule)):
        for _ in range(steps):
            update = itertools.islice(batches, accumulated)
            loss = float(np.mean([_loss_of_batch(model, batch) for batch in update]))
            if not np.isfinite(loss):
                diverged = True
                break
            losses.append(loss)
            found = LearningRateRange(rates[: len(losses)], np.array(losses), diverged=True)
            smoothed = found.smoothed_losses
            if len(losses) >= LEAST_STEPS and smoothed[-1] > stop_factor * smoothed.min():
                return found
    if len(losses) < 2:
        raise ValueError(
            "The loss must be finite at the lowest learning rates: check the data, the initial "
            f"weights and `lowest`. Received: lowest={lowest}, loss={loss}"
        )
    return LearningRateRange(rates[: len(losses)], np.array(losses), diverged)


def batches_of_update(optimizer) -> int:
    """Returns how many batches an optimizer, or one inside of it, accumulates for an update."""
    if optimizer.gradient_accumulation_steps:
        return optimizer.gradient_accumulation_steps
    inner = (getattr(optimizer, name, None) for name in ("inner_optimizer", "optimizer"))
    return max([1, *(batches_of_update(held) for held in inner if held is not None)])


def _loss_of_batch(model, batch) -> float:
    model.reset_metrics()  # Otherwise Keras reports the mean loss over all steps so far.
    return float(model.train_on_batch(*batch, return_dict=True)["loss"])


def _shuffled(x, y, batch_size: int, seed: int) -> Iterator[tuple]:
    check_integer("batch_size", batch_size, at_least=1)
    arrays = keras.tree.map_structure(np.asarray, (x, y))
    lengths = [len(array) for array in keras.tree.flatten(arrays)]
    if len(set(lengths)) != 1 or not lengths[0]:
        raise ValueError(
            "`x` and `y` must have the same length, and not 0. "
            f"Received: arrays of {', '.join(map(str, lengths))}"
        )
    generator = np.random.default_rng(seed)
    length, size = lengths[0], min(batch_size, lengths[0])

    def batches():
        while True:
            order = generator.permutation(length)
            for first in range(0, length - size + 1, size):
                chosen = order[first : first + size]
                yield keras.tree.map_structure(operator.itemgetter(chosen), arrays)

    return batches()


def _endless(batches, needed: int) -> Iterator[tuple]:
    """Yields batches, from the first again after the last."""
    so_far = 0
    while True:
        before = so_far
        for batch in _indexed(batches) if isinstance(batches, keras.utils.PyDataset) else batches:
            so_far += 1
            yield batch if isinstance(batch, tuple) else (batch,)
        if so_far == before:
            raise ValueError(
                f"`x` must yield {needed} batches, or be iterable again where it ends: give "
                "arrays, a `tf.data.Dataset`, a `keras.utils.PyDataset` or a longer generator. "
                f"Received: {so_far} batches"
            )


def _indexed(batches: keras.utils.PyDataset) -> Iterator:
    """Yields the batches of a data set, whose number is `None` where it is not known."""
    number = batches.num_batches
    return (batches[index] for index in (itertools.count() if number is None else range(number)))
