"""Experiment of the lectures on initialization: ten layers, random inputs, no training."""

from collections.abc import Callable

import keras
import numpy as np
from keras.initializers import Orthogonal, RandomNormal, VarianceScaling

from kerasrecipes.initializers import RandomWalk

LAYERS, UNITS, SAMPLES = 10, 500, 1000
SMALL, LECUN, HE, PRINTED = "0.01 randn", "randn / √n", "randn · √(2/n)", "randn / √(2/n)"

# A function of the number of inputs and a seed each.
INITIALIZERS: dict[str, Callable] = {
    SMALL: lambda n, seed: RandomNormal(0, 0.01, seed),
    "randn": lambda n, seed: RandomNormal(0, 1, seed),
    LECUN: lambda n, seed: VarianceScaling(1.0, "fan_in", "untruncated_normal", seed),
    HE: lambda n, seed: VarianceScaling(2.0, "fan_in", "untruncated_normal", seed),
    PRINTED: lambda n, seed: RandomNormal(0, (n / 2) ** 0.5, seed),
    "orthogonal": lambda n, seed: Orthogonal(1.0, seed),
    "random walk": lambda n, seed: RandomWalk("relu", seed),
}


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


# What Keras's activation functions have for a slope.
SLOPES: dict[str, Callable] = {
    "sigmoid": lambda z: _sigmoid(z) * (1 - _sigmoid(z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: np.where(z > 0, 1.0, 0.0),
    "leaky_relu": lambda z: np.where(z > 0, 1.0, 0.2),
    "elu": lambda z: np.where(z > 0, 1.0, np.exp(np.minimum(z, 0))),
    "silu": lambda z: _sigmoid(z) * (1 + z * (1 - _sigmoid(z))),
}


def activate(name: str, z: np.ndarray) -> np.ndarray:
    """Returns a Keras activation function's values."""
    values = getattr(keras.activations, name)(np.float32(z))
    return keras.ops.convert_to_numpy(values).astype("float64")


def experiment(activation: str, initializer: str, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Passes random inputs through ten layers, and random gradients back.

    Inputs, and the gradients of the loss by the last layer's outputs, are standard normal.

    Returns:
        For each layer its `outputs`, `(samples, units)`; the `slopes` there; and `gradients` of the
        loss by its outputs.
    """
    rng = np.random.default_rng(seed)
    h, layers, kernels = rng.normal(size=(SAMPLES, UNITS)), [], []
    for number in range(LAYERS):
        draw = INITIALIZERS[initializer](UNITS, 1000 * seed + number)
        kernels.append(keras.ops.convert_to_numpy(draw((UNITS, UNITS))))
        z = h @ kernels[-1]
        h = activate(activation, z)
        layers.append({"outputs": h, "slopes": SLOPES[activation](z)})
    gradient = rng.normal(size=(SAMPLES, UNITS))
    for layer, kernel in zip(reversed(layers), reversed(kernels), strict=True):
        layer["gradients"] = gradient
        gradient = gradient * layer["slopes"] @ kernel.T
    return layers


def statistics(activation: str, initializer: str, seed: int = 0) -> list[dict[str, object]]:
    """Returns a row for each layer of the experiment.

    A unit is saturated for an input if its slope is less than 1% of the steepest, and dead if it is
    so for every input.
    """
    steepest = SLOPES[activation](np.linspace(-10, 10, 2001)).max()
    rows = []
    for number, layer in enumerate(experiment(activation, initializer, seed), start=1):
        flat = np.abs(layer["slopes"]) < 0.01 * steepest
        numbers = {
            "mean": layer["outputs"].mean(),
            "deviation": layer["outputs"].std(),
            "gradient": layer["gradients"].std(),
            "saturated": flat.mean(),
            "dead": flat.all(axis=0).mean(),
        }
        labels = {"activation": activation, "initialization": initializer, "layer": number}
        rows.append(labels | {name: float(f"{value:.4g}") for name, value in numbers.items()})
    return rows
