"""Weight normalization in whole models: its data-dependent initialization, and its removal."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.layers import WeightNormalization, WeightStandardization
from kerasrecipes.models import MLP
from kerasrecipes.models.surgery.assembly import assemble, network_of
from kerasrecipes.models.surgery.weight_normalization import (
    initialize_weight_normalization,
    remove_weight_normalization,
)

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (32, 8, 8, 3)).astype("float32")


def network_from_pixels():
    def build(shape):
        inputs = keras.Input(shape)
        x = inputs
        for number in (1, 2, 3):
            convolution = keras.layers.Conv2D(3, 3, padding="same", activation="relu")
            y = WeightNormalization(convolution, name=f"conv{number}")(x)
            x = keras.layers.Add()([x, y])
        return keras.Model(inputs, x)

    return assemble((8, 8, 3), [keras.layers.Rescaling(1 / 255)], build)


def normalized_layers(network):
    return [layer for layer in network.layers if isinstance(layer, WeightNormalization)]


def test_later_layers_see_what_initialized_ones_give():
    model = network_from_pixels()
    initialize_weight_normalization(model, IMAGES)
    x = ops.convert_to_tensor(IMAGES / 255)
    layers = normalized_layers(network_of(model))
    assert len(layers) == 3
    for layer in layers:
        plain = layer.remove()
        plain.activation = keras.activations.linear
        outputs = ops.convert_to_numpy(plain(x))
        np.testing.assert_allclose(outputs.mean((0, 1, 2)), 0, atol=1e-4)
        np.testing.assert_allclose(outputs.std((0, 1, 2)), 1, atol=1e-4)
        x = x + layer(x)


def test_dropout_is_off_and_the_model_as_before_otherwise():
    model = MLP((6,), 3, units=(5, 4), normalization="weight", dropout_rate=0.5)
    x = RNG.normal(size=(50, 6))
    directions = [np.array(layer.layer.get_weights()[0]) for layer in normalized_layers(model)]
    for _ in range(2):  # It starts from data, not from what was there.
        initialize_weight_normalization(model, x)
        first, second = normalized_layers(model)
        hidden = np.maximum(ops.convert_to_numpy(first(x)), 0)
        outputs = ops.convert_to_numpy(second(hidden))
        np.testing.assert_allclose(outputs.mean(0), 0, atol=1e-5)
        np.testing.assert_allclose(outputs.std(0), 1, atol=1e-5)
    for layer, direction in zip(normalized_layers(model), directions, strict=True):
        np.testing.assert_array_equal(layer.layer.get_weights()[0], direction)


def test_a_layer_that_is_called_twice_goes_by_its_first_call():
    shared = WeightNormalization(keras.layers.Dense(4))
    inputs = keras.Input((4,))
    model = keras.Model(inputs, shared(shared(inputs) * 10 + 7))
    x = RNG.normal(size=(50, 4))
    initialize_weight_normalization(model, x)
    np.testing.assert_allclose(ops.convert_to_numpy(shared(x)).std(0), 1, atol=1e-5)


def test_a_model_without_weight_normalization_is_left_alone():
    model = MLP((6,), 3, units=(5,))
    before = model.get_weights()
    initialize_weight_normalization(model, "not even looked at")
    for weight, value in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, value)


class Unused(keras.Model):
    def __init__(self):
        super().__init__()
        self.unused = WeightNormalization(keras.layers.Dense(2), name="unused")
        self.unused.build((None, 2))

    def call(self, inputs):
        return inputs


def test_a_layer_that_is_not_called_is_named():
    with pytest.raises(ValueError, match="Received: unused, which it does not call"):
        initialize_weight_normalization(Unused(), np.ones((2, 2)))


def test_removing_changes_no_output():
    model = network_from_pixels()
    initialize_weight_normalization(model, IMAGES)
    plain = remove_weight_normalization(model)
    np.testing.assert_allclose(
        ops.convert_to_numpy(plain(IMAGES)), ops.convert_to_numpy(model(IMAGES)), rtol=1e-4,
        atol=1e-4,
    )  # fmt: skip
    assert [layer.name for layer in network_of(plain).layers][1:] == [
        layer.name for layer in network_of(model).layers[1:]
    ]
    assert {type(layer).__module__.split(".")[0] for layer in network_of(plain).layers} == {"keras"}


def test_removing_weight_standardization():
    layer = WeightStandardization(keras.layers.Dense(3))
    model = keras.Sequential([keras.Input((4,)), layer])
    x = RNG.normal(size=(5, 4))
    plain = remove_weight_normalization(model)
    assert type(plain.layers[0]) is keras.layers.Dense
    np.testing.assert_allclose(
        ops.convert_to_numpy(plain(x)), ops.convert_to_numpy(model(x)), rtol=1e-5, atol=1e-5
    )
