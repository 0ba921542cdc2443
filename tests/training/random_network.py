"""A small network with everything random that a model may hold."""

import keras

from kerasrecipes.layers import StochasticDepth


def random_network(input_shape, classes):
    """Returns a network with dropout, stochastic depth and batch normalization."""
    inputs = keras.Input(input_shape)
    x = keras.layers.Dense(16)(keras.layers.Flatten()(inputs))
    x = keras.layers.Dropout(0.3)(keras.layers.BatchNormalization()(x))
    x = keras.layers.Add()([x, StochasticDepth(0.5)(keras.layers.Dense(16, "relu")(x))])
    outputs = keras.layers.Dense(classes, dtype="float32")(keras.layers.Dropout(0.3, seed=1)(x))
    return keras.Model(inputs, outputs)
