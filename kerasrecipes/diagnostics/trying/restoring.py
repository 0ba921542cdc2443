"""Training that leaves a model as it was."""

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from kerasrecipes.callbacks.model_state import assign, state_variables, to_arrays

# What Keras compiles for a model; made anew for another optimizer, and put back.
_COMPILED = ("train_function", "test_function", "predict_function")


@contextlib.contextmanager
def restored(model: keras.Model) -> Iterator[None]:
    """Restores a model, its optimizer and all random states at the end, however that is reached.

    Args:
        model: A built model.
    """
    variables = state_variables(model)
    before = to_arrays(variables)
    optimizer, jit_compile = model.optimizer, model.jit_compile
    steps_per_execution = model.steps_per_execution
    compiled = {name: getattr(model, name) for name in _COMPILED}
    try:
        with _random_states():
            yield
    finally:
        assign(variables, before)
        model.optimizer, model.jit_compile = optimizer, jit_compile
        model.steps_per_execution = steps_per_execution
        for name, function in compiled.items():
            setattr(model, name, function)
        model.reset_metrics()


@contextlib.contextmanager
def trained_with(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Lets `train_on_batch` train a model with another optimizer; restores the model afterwards.

    Args:
        model: A compiled and built model.
        optimizer: An optimizer that is built on the model's trainable variables.
    """
    train_step, own = model.train_step, vars(model).get("train_step")

    def step(*arguments):
        # Keras's `train_on_batch` fills up a batch with `None`, but its `fit` does not, and a
        # model's own `train_step` may unpack what `fit` gives.
        *state, batch = arguments
        given = [part for part in batch if part is not None]
        return train_step(*state, tuple(given))

    with restored(model):
        try:
            vars(model)["train_step"] = step
            model.steps_per_execution = 1
            model.optimizer = optimizer
            model.make_train_function(force=True)
            yield
        finally:
            del vars(model)["train_step"]
            if own is not None:
                vars(model)["train_step"] = own


def copied_optimizer(model: keras.Model, learning_rate) -> keras.optimizers.Optimizer:
    """Returns a built copy of a model's optimizer, with its wrappers, at another learning rate.

    The model's own stays unbuilt if it is, but for one that has its whole config only when it is
    built, as `LayerwiseLearningRates` with layers as keys.

    Args:
        model: A compiled and built model.
        learning_rate: Float or schedule.
    """
    optimizer = model.optimizer
    try:
        config = optimizer.get_config()
    except ValueError:
        optimizer.build(model.trainable_variables)
        config = optimizer.get_config()
    if isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule):
        learning_rate = keras.saving.serialize_keras_object(learning_rate)
    plain = keras.saving.serialize_keras_object(config)
    known = {type(held).__name__: type(held) for held in _nested(optimizer)}
    with keras.saving.custom_object_scope(known):
        copy = type(optimizer).from_config(_with_rate(plain, learning_rate))
    # By `train_on_batch`, a `LossScaleOptimizer` would be built twice, and forget its scale.
    copy.build(model.trainable_variables)
    return copy


def _nested(optimizer) -> Iterator[keras.optimizers.Optimizer]:
    """Yields an optimizer and those inside of it."""
    yield optimizer
    for name in ("inner_optimizer", "optimizer"):
        if (inner := getattr(optimizer, name, None)) is not None:
            yield from _nested(inner)


def _with_rate(part: Any, rate) -> Any:
    if isinstance(part, list):
        return [_with_rate(entry, rate) for entry in part]
    if not isinstance(part, dict):
        return part
    return {k: rate if k == "learning_rate" else _with_rate(v, rate) for k, v in part.items()}


@contextlib.contextmanager
def _random_states() -> Iterator[None]:
    """Restores the random states of Python, NumPy and PyTorch."""
    python, numpy = random.getstate(), np.random.get_state()
    with contextlib.ExitStack() as stack:
        if keras.backend.backend() == "torch":
            import torch

            stack.enter_context(torch.random.fork_rng())
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)
