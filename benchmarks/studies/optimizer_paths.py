"""Loss surfaces of two weights, and the paths of optimizers over them."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras.optimizers import SGD, Adagrad, Adam, Optimizer, RMSprop

from kerasrecipes.optimizers import Momentum

STEPS = 100


@dataclass(frozen=True)
class Surface:
    """A loss over two weights, `(x, y)`.

    Args:
        title: What it is.
        loss: Function of two arrays.
        gradient: Function of two floats; returns the two derivatives.
        start: Where paths begin.
        lowest: The least loss.
        window: `(left, right, bottom, top)` of the picture.
        rate: Learning rate of SGD. Momentum and Nesterov, which add ten steps up, get a third.
        adaptive_rate: Learning rate of RMSprop and Adam. AdaGrad, whose steps shrink, gets five
            times as much.
    """

    title: str
    loss: Callable
    gradient: Callable
    start: tuple[float, float]
    lowest: float
    window: tuple[float, float, float, float]
    rate: float
    adaptive_rate: float

    def optimizers(self) -> dict[str, Optimizer]:
        """Returns a new optimizer of each kind, by name."""
        return {
            "SGD": SGD(self.rate),
            "momentum": Momentum(self.rate / 3),
            "Nesterov": Momentum(self.rate / 3, nesterov=True),
            "AdaGrad": Adagrad(5 * self.adaptive_rate, initial_accumulator_value=0.0),
            "RMSprop": RMSprop(self.adaptive_rate),
            "Adam": Adam(self.adaptive_rate),
        }


SURFACES = (
    Surface(
        title="ravine",  # Along y 40 times as steep as along x: rates from 2/40 on diverge.
        loss=lambda x, y: (x**2 + 40 * y**2) / 2,
        gradient=lambda x, y: (x, 40 * y),
        start=(-4.0, 0.9),
        lowest=0.0,
        window=(-4.5, 1.5, -1.3, 1.3),
        rate=0.047,
        adaptive_rate=0.1,
    ),
    Surface(
        title="saddle",  # The ridge is y = 0: a path that starts on it ends at the saddle.
        loss=lambda x, y: x**2 / 2 - y**2 / 2 + y**4 / 4,
        gradient=lambda x, y: (x, y**3 - y),
        start=(-1.5, 0.001),
        lowest=-0.25,
        window=(-1.7, 0.9, -0.5, 1.5),
        rate=0.1,
        adaptive_rate=0.05,
    ),
    Surface(
        title="two minima",  # At x = 0.95, of loss 0.10, and at x = -1.05, of loss -0.10.
        loss=lambda x, y: (x**2 - 1) ** 2 / 4 + x / 10 + y**2 / 2,
        gradient=lambda x, y: (x**3 - x + 0.1, y),
        start=(2.0, 0.9),
        lowest=-0.1023861,
        window=(-1.8, 2.2, -1.0, 1.1),
        rate=0.1,
        adaptive_rate=0.05,
    ),
)


def path(optimizer, gradient, start, steps=STEPS) -> np.ndarray:
    """Returns where an optimizer is before its first step and after each, `(steps + 1, 2)`."""
    weights = keras.Variable(start)
    places = [keras.ops.convert_to_numpy(weights)]
    for _ in range(steps):
        optimizer.apply([keras.ops.array(gradient(*places[-1]))], [weights])
        places.append(keras.ops.convert_to_numpy(weights))
    return np.array(places)


def literal_nesterov(gradient, start, steps, learning_rate, momentum) -> np.ndarray:
    """Returns the path of Nesterov momentum as some lectures print it: it looks ahead uphill.

    The velocity sums gradients up and is subtracted, so that `w + momentum * v` lies behind, and
    further away than a step leads.
    """
    w, v, places = np.array(start), np.zeros(len(start)), [np.array(start)]
    for _ in range(steps):
        v = momentum * v + np.array(gradient(*(w + momentum * v)))
        w = w - learning_rate * v
        places.append(w)
    return np.array(places)


def step_lengths(steps=300) -> dict[str, np.ndarray]:
    """Returns how long the steps down an even slope are, by optimizer."""
    optimizers = {
        "AdaGrad": Adagrad(0.1, initial_accumulator_value=0.0),
        "RMSprop": RMSprop(0.1),
        "Adam": Adam(0.1),
    }
    return {
        name: -np.diff(path(optimizer, lambda x: (1.0,), (0.0,), steps)[:, 0])
        for name, optimizer in optimizers.items()
    }


def distances(steps=60) -> dict[str, np.ndarray]:
    """Returns how far from the minimum of a parabola of curvature 100 momentum is."""
    slope, start = lambda x: (100 * x,), (1.0,)
    paths = {
        "as printed": literal_nesterov(slope, start, steps, 0.001, 0.9),
        "Nesterov": path(Momentum(0.001, nesterov=True), slope, start, steps),
        "momentum": path(Momentum(0.001), slope, start, steps),
    }
    return {name: np.abs(places[1:, 0]) for name, places in paths.items()}
