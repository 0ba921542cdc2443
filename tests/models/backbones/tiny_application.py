"""Small network for tests, in the place of one of `keras.applications`."""

import keras
import numpy as np
from keras import layers


def tiny_application(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="tiny",
    filters=4,
):
    """Builds two blocks, the second with a shortcut, with the arguments of `keras.applications`."""
    inputs = layers.Input(input_shape)
    x = layers.Conv2D(filters, 3, padding="same", name="block1_conv1")(inputs)
    x = layers.BatchNormalization(name="block1_norm1")(x)
    x = layers.ReLU(name="block1_relu")(x)
    x = layers.MaxPooling2D(name="block1_pool")(x)
    y = layers.Conv2D(filters, 3, padding="same", name="block2_conv1", kernel_regularizer="l2")(x)
    y = layers.BatchNormalization(name="block2_norm1")(y)
    y = layers.Dropout(0.5, name="block2_dropout")(y)
    x = layers.Add(name="block2_add")([x, y])
    model = keras.Model(inputs, x, name=name)
    if weights == "imagenet":
        for number, weight in enumerate(model.weights):
            weight.assign(np.full(weight.shape, 0.01 * (number + 1), "float32"))
    return model
