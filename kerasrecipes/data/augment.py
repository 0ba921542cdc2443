"""Runs augmentation layers as a pure function of images, labels and a seed."""

from collections.abc import Mapping, Sequence

import keras
from keras import ops

from kerasrecipes.base.soft_labels import one_hot
from kerasrecipes.layers.augmentation._warp.fusion import fuse
from kerasrecipes.layers.augmentation.protocol import (
    follows_protocol,
    mixes_labels,
    transform_images,
)


class Augmentation:
    """Applies layers to a batch with randomness that depends on nothing but `random_words`.

    Layers that follow Keras's protocol of image preprocessing layers (`get_random_transformation`,
    `transform_images`, `transform_labels`) get their seed handed in. Any other layer is called
    statelessly, with the state of its seed generators replaced.

    Geometric layers that follow each other interpolate once; see `fuse`.

    Where a layer mixes labels, all of them see labels as the shares of classes.

    Args:
        layers: Keras layers, applied in order.
        classes: The number of classes. Needed where a layer mixes labels that are integers.
        class_weight: `None`, or a dictionary from each label to its weight in the loss, for mixed
            labels: Keras would weigh a mixed sample by its largest share alone.

    Call arguments:
        images: `(batch, height, width, channels)`, uint8 or float.
        labels: `(batch,)` or `(batch, classes)`.
        random_words: `(2,)`, uint32. Two calls with the same words draw the same numbers.

    Returns:
        Images and labels as the last layer gives them; with `class_weight`, the weights of the
        samples too.
    """

    def __init__(
        self,
        layers: Sequence[keras.layers.Layer],
        classes: int | None = None,
        class_weight: Mapping[int, float] | None = None,
    ):
        self.layers = fuse(layers)
        self.classes = classes
        self.class_weight = class_weight
        self.mixes_labels = any(map(mixes_labels, self.layers))

    def __call__(self, images, labels, random_words):
        images, labels = ops.convert_to_tensor(images), ops.convert_to_tensor(labels)
        if self.mixes_labels and self.classes is not None:
            labels = one_hot(labels, self.classes)
        seed = _Seed(random_words)
        for layer in self.layers:
            if follows_protocol(layer):
                drawn = layer.get_random_transformation(images, training=True, seed=seed)
                images = transform_images(layer, images, drawn)
                labels = layer.transform_labels(labels, drawn, training=True)
            else:
                images = _call_stateless(layer, images, seed)
        if self.class_weight is None:
            return images, labels
        return images, *_weighted(labels, self.class_weight)


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


def _weighted(labels, class_weight):
    """Returns labels and sample weights that make the loss that of the classes, each weighted.

    A cross-entropy is a sum over classes `c` of shares `y` times `-log p`. With weights `w` and
    `s = sum_c w_c y_c`, the labels `w_c y_c / s` sum to one, and the weight `s` gives `w` back.
    """
    weights = [weight for _, weight in sorted(class_weight.items())]
    weighted = labels * ops.convert_to_tensor(weights, dtype=labels.dtype)
    total = ops.sum(weighted, axis=1, keepdims=True)
    return weighted / total, ops.squeeze(total, 1)
