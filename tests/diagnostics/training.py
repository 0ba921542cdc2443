"""Small trainings that the tests of the doctor watch."""

import keras
import numpy as np

from kerasrecipes.callbacks.model_state import state_variables

BACKEND = keras.backend.backend()


def data(samples: int = 96, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns points of the plane, of two classes that a line divides."""
    x = np.random.default_rng(seed).normal(size=(samples, 2)).astype("float32")
    return x, (x[:, 0] > x[:, 1]).astype("int32")


def network(*hidden, eager: bool = True, units: int = 1, **options) -> keras.Model:
    """Returns a compiled network for two inputs, of the same initial weights at each call."""
    keras.utils.set_random_seed(0)
    layers = hidden or (keras.layers.Dense(8, "relu", name="hidden"),)
    last = keras.layers.Dense(units, "sigmoid", name="last")
    model = keras.Sequential([keras.Input((2,)), *layers, last])
    options = {"optimizer": "adam", "loss": "binary_crossentropy", **options}
    model.compile(**options, run_eagerly=eager and BACKEND != "jax")
    return model


def state(model) -> list[np.ndarray]:
    """Returns the values of a model's weights and seeds, and those of its optimizer."""
    variables = [*state_variables(model), *model.optimizer.variables]
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]
