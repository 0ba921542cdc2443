"""Gradients against differences, on layers whose gradient is wrong by a known factor, and right."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.diagnostics import check_gradients
from kerasrecipes.diagnostics.numeric_gradients.quotients import relative_error

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 6, 6, 1)).astype("float32")
Y = RNG.integers(0, 3, 12)
L = keras.layers


class Scaled(L.Layer):
    """The hyperbolic tangent; its gradient is multiplied by a factor."""

    def __init__(self, factor, **options):
        super().__init__(**options)
        self.factor = factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}

    def call(self, x):
        @ops.custom_gradient
        def tanh(x):
            y = ops.tanh(x)

            def gradient(*arguments, upstream=None):
                upstream = arguments[0] if upstream is None else upstream
                return upstream * (1 - y**2) * self.factor

            return y, gradient

        return tanh(x)


def network(factor, loss="sparse_categorical_crossentropy"):
    """With kinks, statistics and dropout."""
    layers = [
        keras.Input((6, 6, 1)),
        L.Conv2D(2, 3, activation="relu", name="conv"),
        L.BatchNormalization(name="norm"),
        L.MaxPooling2D(),
        L.Flatten(),
        Scaled(factor, name="scaled"),
        L.Dropout(0.5),
        L.Dense(3, "softmax", name="last"),
    ]
    model = keras.Sequential(layers)
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize(
    "loss", ["sparse_categorical_crossentropy", keras.losses.SparseCategoricalCrossentropy()]
)
def test_right_gradients(loss):
    model = network(1.0, loss)
    before = model.get_weights()
    found = check_gradients(model, X, Y)
    assert [(error.layer, error.weight) for error in found.errors] == [
        ("conv", "kernel"),
        ("conv", "bias"),
        ("norm", "gamma"),
        ("norm", "beta"),
        ("last", "kernel"),
        ("last", "bias"),
    ]
    assert all(error.entries > 0 and error.error < 1e-6 for error in found.errors)
    assert found.wrong == ()
    assert "All gradients are right." in str(found)
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(now, was)
    assert keras.config.floatx() == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_a_wrong_gradient_and_its_layer():
    found = check_gradients(network(1.1), X, Y)
    assert found.wrong == ("scaled",)
    assert "wrong: scaled" in str(found)
    by_layer = {error.layer: error for error in found.errors if not error.alone}
    assert by_layer["conv"].error > 0.05
    assert by_layer["last"].error < 1e-6
    [alone] = [error for error in found.errors if error.alone]
    assert alone.error == pytest.approx(0.1 / 1.1, rel=1e-3)


def test_a_layer_within_a_layer():
    class Block(L.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.dense, self.odd = L.Dense(4, name="dense"), Scaled(2.0, name="odd")

        def call(self, x):
            return self.odd(self.dense(x))

    model = keras.Sequential([keras.Input((4,)), Block(name="block"), L.Dense(1)])
    model.compile("sgd", "mse")
    x = RNG.normal(size=(5, 4))
    assert check_gradients(model, x, x[:, :1]).wrong == ("odd",)


def test_a_gradient_that_is_missing():
    class Stops(L.Layer):
        def call(self, x):
            return ops.stop_gradient(x) ** 2

    model = keras.Sequential([keras.Input((4,)), L.Dense(3), Stops(name="stops"), L.Dense(1)])
    model.compile("sgd", "mse")
    x = RNG.normal(size=(5, 4))
    found = check_gradients(model, x, x[:, :1])
    assert found.wrong == ("stops",)
    assert found.errors[0].error == 1


def test_an_entry_at_a_kink_is_left_out():
    model = keras.Sequential([keras.Input((1,)), L.Dense(1, "relu", kernel_initializer="zeros")])
    model.compile("sgd", "mean_absolute_error")
    found = check_gradients(model, np.ones((3, 1)), np.full((3, 1), -1.0))
    assert found.wrong == ()


def test_without_targets_or_loss_outputs_are_summed():
    model = keras.Sequential([keras.Input((4,)), L.Dense(3, "tanh", name="only")])
    for model_y in (None, np.zeros((5, 3))):
        found = check_gradients(model, RNG.normal(size=(5, 4)), model_y)
        assert [error.error < 1e-6 for error in found.errors] == [True, True]
    found = check_gradients(keras.Sequential([Scaled(3.0), L.Dense(1)]), RNG.normal(size=(5, 4)))
    assert found.wrong == ()


def test_models_that_cannot_be_copied_are_refused():
    class Hidden(L.Layer):
        def __init__(self, thing):
            super().__init__()

        def get_config(self):
            return {}

        def call(self, x):
            return x

    lambdas = L.Lambda(lambda x: x)
    for layer in (Hidden(1), lambdas):
        model = keras.Sequential([keras.Input((4,)), layer, L.Dense(1)])
        with pytest.raises(ValueError, match="made anew from its config.*Received: "):
            check_gradients(model, X[:, 0, :4, 0])
    assert keras.config.floatx() == "float32"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": X[:0]}, "with samples"),
        ({"samples": 0}, "`samples`"),
        ({"entries": 0}, "`entries`"),
        ({"seed": -1}, "`seed`"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        check_gradients(network(1.0), **{"x": X, "y": Y, **arguments})


@pytest.mark.backend_neutral
def test_relative_errors():
    assert relative_error(1.0, 1.0, 1e-9) == 0
    assert relative_error(1.0, -1.0, 1e-9) == 2
    assert relative_error(1e-12, 2e-12, 1e-6) < 1e-5
    assert relative_error(float("nan"), 1.0, 1e-9) == float("inf")
