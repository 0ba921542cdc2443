"""Small image classifiers with known weights, and images whose corner decides the class."""

import keras
import numpy as np

SIZE = 12
CUE = (slice(8, 12), slice(0, 4))
# As striking, and of no use.
DISTRACTION = (slice(0, 4), slice(8, 12))


def classifier(classes=3, activation=None, name="net", convolution="features"):
    """A convolution, its squares of a tanh, and two dense layers: with gradients known by hand."""
    inputs = keras.Input((6, 5, 2))
    x = keras.layers.Conv2D(4, 2, activation="relu", name=convolution)(inputs)
    x = keras.layers.Flatten(data_format="channels_last")(x)
    x = keras.layers.Dense(7, activation="tanh", name="hidden")(x)
    outputs = keras.layers.Dense(classes, activation=activation, name="scores")(x)
    return keras.Model(inputs, outputs, name=name)


def numpy_maps(model, images, classes):
    """Grad-CAM of `classifier` in float64, with the gradient written out."""
    (kernel, bias), (w1, b1), (w2, b2) = (
        [np.asarray(w, "float64") for w in model.get_layer(name).get_weights()]
        for name in ("features", "hidden", "scores")
    )
    maps = []
    for image, label in zip(images.astype("float64"), classes, strict=True):
        rows, columns = image.shape[0] - 1, image.shape[1] - 1
        feature = np.zeros((rows, columns, kernel.shape[-1]))
        for i in range(rows):
            for j in range(columns):
                feature[i, j] = np.einsum("abc,abck->k", image[i : i + 2, j : j + 2], kernel)
        feature = np.maximum(feature + bias, 0)
        hidden = np.tanh(feature.ravel() @ w1 + b1)
        # dy/dA = W1 ((1 - tanh^2) * w2[:, label])
        gradient = (w1 @ ((1 - hidden**2) * w2[:, label])).reshape(feature.shape)
        alpha = gradient.mean(axis=(0, 1))
        maps.append(np.maximum(feature @ alpha, 0))
    return np.array(maps)


def cued_images(count, seed=0):
    """Noise, half of it with a red square in the lower left corner: label 1.

    Of either half, every second image has a blue square in the upper right corner.
    """
    random = np.random.default_rng(seed)
    images = random.uniform(0, 160, (count, SIZE, SIZE, 3)).astype("float32")
    labels = (np.arange(count) % 2).astype("int32")
    images[labels == 1, CUE[0], CUE[1]] = (255, 0, 0)
    images[np.arange(count) % 4 < 2, DISTRACTION[0], DISTRACTION[1]] = (0, 0, 255)
    return images, labels


def cue_classifier():
    """A small convolutional network, trained on `cued_images`, and images with both squares."""
    images, labels = cued_images(256)
    model = cue_network()
    model.compile(
        keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    model.fit(images, labels, epochs=12, batch_size=32, verbose=0)
    if (model.predict(images, verbose=0).argmax(-1) == labels).mean() < 0.95:
        raise RuntimeError("It has not learnt the cue.")
    return model, images[1::4][:8]


def cue_network():
    """A small convolutional network, not trained."""
    return keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2),
        ]
    )
