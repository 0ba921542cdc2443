"""Models and data as they should be: the rules of facts raise no alarm."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.diagnostics.facts.describing import described
from kerasrecipes.diagnostics.facts.given import given_data
from kerasrecipes.diagnostics.rules.judging import judged

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (120, 28, 28, 1)).astype("uint8")
IMAGES = PIXELS / 255
TABLE = RANDOM.normal(size=(400, 8))
WORDS = RANDOM.integers(0, 50, (120, 12))
DIGITS = RANDOM.integers(0, 10, 120)
YES_OR_NO = RANDOM.integers(0, 2, 400)


def convolutional(last, front=()):
    convolution = layers.Conv2D(8, 3, activation="relu")
    hidden = [convolution, layers.MaxPooling2D(), layers.Flatten(), layers.Dropout(0.5)]
    return keras.Sequential([keras.Input((28, 28, 1)), *front, *hidden, last])


def tabular(last, activation="relu"):
    hidden = [layers.Dense(32, activation), layers.Dense(32, activation)]
    return keras.Sequential([keras.Input((8,)), *hidden, last])


def residual():
    x = start = keras.Input((28, 28, 1))
    x = layers.Rescaling(1 / 255)(x)
    x = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    for _ in range(2):
        y = layers.ReLU()(layers.BatchNormalization()(x))
        y = layers.Conv2D(8, 3, padding="same", kernel_initializer="he_normal")(y)
        x = layers.Add()([x, y])
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(layers.BatchNormalization()(x)))
    return keras.Model(start, layers.Dense(10)(x))


def inverted_residual():
    x = start = keras.Input((28, 28, 1))
    x = layers.Conv2D(8, 3, padding="same")(layers.Rescaling(1 / 255)(x))
    y = layers.ReLU(6.0)(layers.BatchNormalization()(layers.Conv2D(48, 1)(x)))
    y = layers.ReLU(6.0)(layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same")(y)))
    y = layers.BatchNormalization()(layers.Conv2D(8, 1, use_bias=False)(y))
    x = layers.Conv2D(64, 1, activation="relu")(layers.Add()([x, y]))
    return keras.Model(start, layers.Dense(10, "softmax")(layers.GlobalAveragePooling2D()(x)))


def transformer():
    x = start = keras.Input((12,))
    x = layers.Embedding(50, 16)(x)
    y = layers.MultiHeadAttention(2, 8)(x, x)
    x = layers.LayerNormalization()(x + y)
    y = layers.Dense(16)(layers.Dense(32, "gelu")(x))
    x = layers.LayerNormalization()(x + y)
    return keras.Model(start, layers.Dense(50)(x))


def transferred():
    base = keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(4, 3, activation="relu")])
    base.trainable = False
    last = [layers.GlobalAveragePooling2D(), layers.Dense(10, "softmax")]
    return keras.Sequential([keras.Input((28, 28, 1)), base, *last])


def autoencoder(last):
    narrow = [layers.Dense(16, "relu"), layers.Dense(2), layers.Dense(16, "relu")]
    return keras.Sequential([keras.Input((8,)), *narrow, layers.Dense(8, last)])


def recurrent():
    last = layers.Dense(1, "sigmoid")
    hidden = [layers.Embedding(50, 8), layers.Bidirectional(layers.LSTM(8)), layers.Dropout(0.5)]
    return keras.Sequential([keras.Input((12,)), *hidden, last])


def two_headed():
    x = keras.Input((8,))
    hidden = ops.relu(layers.Dense(16)(x))
    one = layers.Dense(1, "sigmoid", name="one")(hidden)
    return keras.Model(x, {"one": one, "two": layers.Dense(1, name="two")(hidden)})


def gated():
    x = start = keras.Input((28, 28, 1))
    x = layers.Conv2D(16, 3, activation="relu")(layers.Rescaling(1 / 255)(x))
    gate = layers.Dense(2, "relu")(layers.GlobalAveragePooling2D()(x))
    gate = layers.Reshape((1, 1, 16))(layers.Dense(16, "sigmoid")(gate))
    x = layers.GlobalAveragePooling2D()(layers.Multiply()([x, gate]))
    return keras.Model(start, layers.Dense(10, "softmax")(x))


LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
SPARSE = "sparse_categorical_crossentropy"
MULTI_HOT = (RANDOM.random((400, 4)) < 0.4).astype(int)
HEALTHY = {
    "softmax": (convolutional(layers.Dense(10, "softmax")), SPARSE, IMAGES, DIGITS),
    "scaled inside": (
        convolutional(layers.Dense(10), [layers.Rescaling(1 / 255)]), LOGITS, PIXELS, DIGITS,
    ),
    "one-hot": (
        convolutional(layers.Dense(10, "softmax")), "categorical_crossentropy", IMAGES,
        np.eye(10)[DIGITS],
    ),
    "binary": (tabular(layers.Dense(1, "sigmoid")), "bce", TABLE, YES_OR_NO),
    "tanh": (tabular(layers.Dense(1, "sigmoid"), "tanh"), "bce", TABLE, YES_OR_NO),
    "two softmax units": (
        tabular(layers.Dense(2, "softmax")), SPARSE, TABLE, YES_OR_NO[:, None],
    ),
    "several labels": (tabular(layers.Dense(4, "sigmoid")), "bce", TABLE, MULTI_HOT),
    "least squares of a discriminator": (tabular(layers.Dense(1)), "mse", TABLE, YES_OR_NO),
    "regression": (tabular(layers.Dense(1)), "mse", TABLE, TABLE.sum(axis=1)),
    "counts": (tabular(layers.Dense(1, "softplus")), "poisson", TABLE, abs(TABLE[:, 0]).round()),
    "hinge": (tabular(layers.Dense(1)), "hinge", TABLE, 2 * YES_OR_NO - 1),
    "residual": (residual(), LOGITS, PIXELS, DIGITS),
    "inverted residual": (inverted_residual(), SPARSE, PIXELS, DIGITS),
    "gated": (gated(), SPARSE, PIXELS, DIGITS),
    "transformer": (transformer(), LOGITS, WORDS, WORDS),
    "transferred": (transferred(), SPARSE, PIXELS, DIGITS),
    "autoencoder": (autoencoder("linear"), "mse", TABLE, TABLE),
    "recurrent": (recurrent(), "bce", WORDS, YES_OR_NO[:120]),
    "two heads": (
        two_headed(), {"one": "bce", "two": "mse"}, TABLE,
        {"one": YES_OR_NO, "two": TABLE.sum(axis=1)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_no_alarm(name):
    model, loss, x, y = HEALTHY[name]
    model.compile("adam", loss)
    diagnosis = judged(described(model, given_data(x, y, validation_split=0.25)))
    assert not diagnosis, str(diagnosis)
    noted = {"too_little_data"} if len(x) < 200 else set()
    expected = {"least squares of a discriminator": {"wrong_loss_for_task"}}
    assert {*diagnosis.ids} <= expected.get(name, noted), str(diagnosis)
