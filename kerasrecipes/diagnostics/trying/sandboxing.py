"""A model on which short trainings are tried, and undone."""

import contextlib
import time
from collections.abc import Iterator

import keras
import numpy as np

from kerasrecipes.callbacks.model_state import assign, state_variables, to_arrays
from kerasrecipes.diagnostics.trying.restoring import copied_optimizer, trained_with


class OutOfTime(Exception):
    """The time for trials is over."""


class Clock:
    """Time that may be spent; what is spent while it is paused does not count.

    Args:
        seconds: Positive float.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Raises `OutOfTime` if nothing is left."""
        if time.monotonic() > self._end:
            raise OutOfTime(f"It ran out of time: seconds={self.seconds:g}.")

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Lets time pass without counting it."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._end += time.monotonic() - began


class Sandbox:
    """A model on which short trainings are tried, each from the same state; see `sandbox`.

    All trials share the functions that Keras compiles, so that batches must be of one size.

    Args:
        model: A compiled and built model that trains with `optimizer`.
        optimizer: A copy of its optimizer.
        clock: The time that is left. What Keras takes to compile is not counted.
    """

    def __init__(self, model: keras.Model, optimizer: keras.optimizers.Optimizer, clock: Clock):
        self.model = model
        self.clock = clock
        self._variables = [*state_variables(model), *optimizer.variables]
        self._before = to_arrays(self._variables)
        self._rates = [v for v in optimizer.variables if v.path.endswith("learning_rate")]
        self._compiled: set[str] = set()

    def reset(self) -> None:
        """Brings the model and its optimizer back to where they were at first."""
        assign(self._variables, self._before)

    def train(self, batch: tuple, learning_rate: float) -> float:
        """Trains a step, and returns the loss before it, in training mode and with penalties."""
        for variable in self._rates:
            variable.assign(learning_rate)
        return self._loss("train", self.model.train_on_batch, batch)

    def evaluate(self, batch: tuple) -> float:
        """Returns the loss in inference mode, without penalties."""
        return self._loss("test", self.model.test_on_batch, batch) - self.penalty()

    def predict(self, batch: tuple) -> list[np.ndarray]:
        """Returns the model's answers, those of each output."""
        with self.first("predict"):
            return [
                np.asarray(y) for y in keras.tree.flatten(self.model.predict_on_batch(batch[0]))
            ]

    @property
    def is_penalized(self) -> bool:
        """Whether weights have regularizers."""
        return any(v.regularizer is not None for v in self.model.trainable_variables)

    def penalty(self) -> float:
        """Returns what the weights' regularizers add to the loss."""
        regularized = (v for v in self.model.trainable_variables if v.regularizer is not None)
        return sum(float(keras.ops.convert_to_numpy(v.regularizer(v))) for v in regularized)

    def _loss(self, name: str, of_batch, batch: tuple) -> float:
        with self.first(name):
            self.model.reset_metrics()  # Otherwise Keras reports the mean over all steps so far.
            logs = of_batch(*batch, return_dict=True)
        if "loss" not in logs:
            raise ValueError(f"The model's own steps report no `loss`, but {sorted(logs)}.")
        return float(logs["loss"])

    @contextlib.contextmanager
    def first(self, name: str) -> Iterator[None]:
        """Counts no time for the first use of a function, which compiles it."""
        self.clock.check()
        if name in self._compiled:
            yield
            return
        with self.clock.paused():
            yield
        self._compiled.add(name)


@contextlib.contextmanager
def sandbox(
    model: keras.Model, clock: Clock, optimizer: keras.optimizers.Optimizer | None = None
) -> Iterator[Sandbox]:
    """Yields a `Sandbox` of a model, and restores the model at the end.

    Args:
        model: A compiled and built model.
        clock: The time for trials.
        optimizer: An optimizer to train it with; by default, a copy of its own.
    """
    if optimizer is None:
        optimizer = copied_optimizer(model, 1.0)
    else:
        optimizer.build(model.trainable_variables)
    with trained_with(model, optimizer):
        if keras.backend.backend() == "tensorflow" and model.jit_compile:
            model.jit_compile = False  # Compiling takes longer than a few steps.
            model.make_train_function(force=True)
            model.make_test_function(force=True)
            model.make_predict_function(force=True)
        yield Sandbox(model, optimizer, clock)
