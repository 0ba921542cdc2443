"""A substitute of a run's model, whose gradient an attacker has where the model's is not known."""

import keras
import numpy as np

from kerasrecipes.data.predicting import predict_split
from kerasrecipes.data.split import ArraySplit, Split

# Training images that the model labels for its substitute, and passes over them.
_IMAGES, _EPOCHS, _BATCH_SIZE = 2000, 10, 32


def train_substitute(model: keras.Model, split: Split) -> keras.Model:
    """Returns a small convolutional network that was trained on what a model says of images.

    It is the same for the same model: the initial weights and the order of images are fixed.

    Args:
        model: A model that returns logits.
        split: Images to ask it about.

    Reference:
        Papernot et al., 2017, https://arxiv.org/abs/1602.02697. Differs from it in: the images are
        those that the model was trained on; none are made in addition.
    """
    places = np.random.default_rng(0).permutation(len(split))[:_IMAGES]
    images = split.read(places)
    asked = ArraySplit(images, np.zeros(len(images), "int32"))
    answers = predict_split(model, asked, _BATCH_SIZE)
    layers = keras.layers

    def drawn(seed):
        return keras.initializers.HeNormal(seed=seed)

    substitute = keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            layers.Rescaling(1 / 127.5, -1),
            layers.Conv2D(16, 3, 2, "same", activation="relu", kernel_initializer=drawn(1)),
            layers.Conv2D(32, 3, 2, "same", activation="relu", kernel_initializer=drawn(2)),
            layers.Flatten(),
            layers.Dense(answers.shape[-1], kernel_initializer=drawn(3)),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    substitute.compile(keras.optimizers.Adam(0.002), loss)
    substitute.fit(
        images,
        answers.argmax(-1),
        batch_size=min(_BATCH_SIZE, len(images)),
        epochs=_EPOCHS,
        shuffle=False,
        verbose=0,
    )
    return substitute
