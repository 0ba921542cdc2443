"""Runs augmentation layers as a pure function of images, labels and a seed."""

from collections.abc import Sequence

import keras
from keras import ops


class Augmentation:
    """Applies layers to a batch with randomness that depends on nothing but `random_words`.

    Layers that follow Keras's protocol of image preprocessing layers (`get_random_transformation`,
    `transform_images`, `transform_labels`) get their seed handed in. Any other layer is called
    statelessly, with the state of its seed generators replaced.

    Args:
        layers: Keras layers, applied in order.

    Call arguments:
        images: `(batch, height, width, channels)`, uint8 or float.
        labels: `(batch,)` or `(batch, classes)`.
        random_words: `(2,)`, uint32. Two calls with the same words draw the same numbers.

    Returns:
        Images and labels as the last layer gives them.
    """

    def __init__(self, layers: Sequence[keras.layers.Layer]):
        self.layers = list(layers)

    def __call__(self, images, labels, random_words):
        images, labels = ops.convert_to_tensor(images), ops.convert_to_tensor(labels)
        seed = _Seed(random_words)
        for layer in self.layers:
            if hasattr(layer, "get_random_transformation"):
                drawn = layer.get_random_transformation(images, training=True, seed=seed)
                images = layer.transform_images(images, drawn, training=True)
                labels = layer.transform_labels(labels, drawn, training=True)
            else:
                images = _call_stateless(layer, images, seed)
        return images, labels


class _Seed(keras.random.SeedGenerator):
    """Draws from given words and a counter, where Keras's generator draws from a variable."""

    def __init__(self, words):
        # PyTorch cannot add unsigned integers, and seeds its generators with signed ones.
        dtype = "int64" if keras.backend.backend() == "torch" else "uint32"
        self._words = ops.cast(ops.convert_to_tensor(words), dtype)
        self._drawn = 0

    def next(self, ordered=True):
        self._drawn += 1
        first, second = self._words[0], self._words[1]
        return ops.stack([first, second + ops.cast(self._drawn, second.dtype)])


def _call_stateless(layer, images, seed):
    if not layer.built:
        layer.build(images.shape)
    state = [
        seed.next() if v.path.endswith("seed_generator_state") else v.value
        for v in layer.non_trainable_variables
    ]
    trainable = [v.value for v in layer.trainable_variables]
    outputs, _ = layer.stateless_call(trainable, state, images, training=True)
    return outputs
