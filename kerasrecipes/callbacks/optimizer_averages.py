"""Averages of weights that optimizers hold: which do, and what they are.

An optimizer answers by a property `averaged_weights`: a value for each of the variables that it was
built with, in order, as variables, tensors or arrays. Keras's own averages are found here too.
"""

from collections.abc import Iterator

import keras
import numpy as np

from kerasrecipes.base.private.optimizers import is_schedule_free, schedule_free_average
from kerasrecipes.callbacks.model_state import assign, to_arrays


def check_averages(optimizer: keras.optimizers.Optimizer) -> None:
    """Raises a `ValueError` unless an optimizer, or one inside it, averages the weights."""
    held = _nested(optimizer)
    if not any(_answers(each) or each.use_ema or is_schedule_free(each) for each in held):
        raise ValueError(
            "Averaging needs an optimizer that holds averages: `WeightAveraging` around any (in a "
            "recipe, averaging=use('ExponentialAverage')), one with `use_ema=True`, `Lookahead`, "
            f"or `ScheduleFreeAdamW`. Received: {type(optimizer).__name__}"
        )


def averages_of(model: keras.Model) -> list[np.ndarray]:
    """Returns the averages of a model's trainable weights, which its optimizer holds.

    If several of the optimizers within each other hold some, those of the outermost are returned.
    """
    held = [*_nested(model.optimizer)]
    answering = next(filter(_answers, held), None)
    if answering is not None:
        return to_arrays(answering.averaged_weights)
    variables = model.trainable_variables
    if not any(each.use_ema for each in held):
        averages = (schedule_free_average(each, variables) for each in held)
        return to_arrays(next(found for found in averages if found is not None))
    own = to_arrays(variables)
    # Keras's public way to them: it puts them in place.
    model.optimizer.finalize_variable_values(variables)
    averages_in_place = to_arrays(variables)
    # Copies, because on JAX, weight and average share a buffer now, which a step would donate.
    assign(variables, own)
    return averages_in_place


def averaging_optimizer(optimizer: keras.optimizers.Optimizer, kind: type):
    """Returns the outermost optimizer of a class, which may be within others."""
    return next(each for each in _nested(optimizer) if isinstance(each, kind))


def _answers(optimizer) -> bool:
    # The class is asked, because averages do not exist before the optimizer is built.
    return hasattr(type(optimizer), "averaged_weights")


def _nested(optimizer) -> Iterator[keras.optimizers.Optimizer]:
    """Yields an optimizer and those inside of it, from the outermost on."""
    while optimizer is not None:
        yield optimizer
        inner = getattr(optimizer, "inner_optimizer", None)
        optimizer = inner or getattr(optimizer, "optimizer", None)
