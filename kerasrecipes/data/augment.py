"""Augmentation of a batch as a pure function of images, labels and a key."""

from collections.abc import Mapping, Sequence
from inspect import signature

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.keyed_seeds import KeyedSeedGenerator
from kerasrecipes.base.soft_labels import one_hot
from kerasrecipes.layers.augmentation._warp.fusion import fuse
from kerasrecipes.layers.augmentation.protocol import (
    follows_protocol,
    mixes_labels,
    takes_turns,
    transform_images,
)
from kerasrecipes.layers.augmentation.rounding import to_float


class Augmentation:
    """Applies layers to a batch, with random numbers that depend on nothing but a key.

    Layers that follow Keras's protocol of image preprocessing layers (`get_random_transformation`,
    `transform_images`, `transform_labels`) are given a seed generator that is made from the key.
    Any other layer is called statelessly: the states of its seed generators are replaced by seeds
    from the key.

    Successive geometric layers are combined, so that they interpolate only once; see `fuse`.

    If a layer mixes labels, every layer is given soft labels.

    Args:
        layers: Keras layers, applied in order.
        classes: The number of classes. Needed if a layer mixes labels and the labels are integers.
        class_weight: `None`, or a dictionary from each label to its weight in the loss. Give it
            here if labels are mixed: Keras would weight a mixed sample by its largest class alone.

    Call arguments:
        images: `(batch, height, width, channels)`, uint8 or float.
        labels: `(batch,)` or `(batch, classes)`.
        key: `(2,)`, uint32. Two calls with the same key draw the same random numbers. If a layer
            takes turns, the turn of each image may follow, `(2 + batch,)`; see `Order.turns`.

    Returns:
        Images and labels as the last layer returns them; with `class_weight`, sample weights too.
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
        self.takes_turns = any(map(takes_turns, self.layers))
        self.draws_globally = any(map(draws_globally, self.layers))
        # Whether nothing depends on the other samples of a batch, as far as that is known.
        self.is_by_sample = not self.mixes_labels and all(map(follows_protocol, self.layers))

    def __call__(self, images, labels, key):
        if not self.draws_globally:
            return self._augmented(images, labels, key)
        import torch

        with torch.random.fork_rng():
            torch.manual_seed(int.from_bytes(np.asarray(key[:2], "<u4").tobytes(), "little") >> 1)
            return self._augmented(images, labels, key)

    def _augmented(self, images, labels, key):
        images, labels = ops.convert_to_tensor(images), ops.convert_to_tensor(labels)
        if self.mixes_labels and self.classes is not None:
            labels = one_hot(labels, self.classes)
        seed = KeyedSeedGenerator(key)
        for layer in self.layers:
            if follows_protocol(layer):
                transformation = layer.get_random_transformation(images, training=True, seed=seed)
                images = transform_images(layer, images, transformation)
                labels = layer.transform_labels(labels, transformation, training=True)
            else:
                images = _call_stateless(layer, images, seed)
        if self.class_weight is None:
            return images, labels
        return images, *_weighted(labels, self.class_weight)

    def pixels(self, images, labels, key) -> tuple[np.ndarray, np.ndarray]:
        """Returns augmented images, rounded to uint8, and their labels as NumPy arrays.

        The arguments are those of a call.
        """
        images, labels, *_ = self(images, labels, key)
        values = np.round(ops.convert_to_numpy(ops.cast(images, "float32")))
        return np.clip(values, 0, 255).astype("uint8"), ops.convert_to_numpy(labels)


def draws_globally(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer draws from PyTorch's global generator, which all threads share.

    On PyTorch, Keras's beta and gamma variables do so, and dropout without a seed.
    """
    if keras.backend.backend() != "torch":
        return False
    layers = keras.layers
    return isinstance(layer, layers.MixUp | layers.CutMix | layers.AugMix | layers.Dropout) or any(
        map(draws_globally, getattr(layer, "layers", ()))
    )


def _call_stateless(layer, images, seed):
    if not layer.built:
        layer.build(images.shape)
    state = [
        seed.next() if v.path.endswith("seed_generator_state") else v.value
        for v in layer.non_trainable_variables
    ]
    trainable = [v.value for v in layer.trainable_variables]
    # Some, such as `ZeroPadding2D`, do the same whether they are trained or not.
    options = {"training": True} if "training" in signature(layer.call).parameters else {}
    outputs, _ = layer.stateless_call(trainable, state, to_float(images), **options)
    return outputs


def _weighted(labels, class_weight):
    """Returns labels and sample weights that together weight the loss by class.

    A cross-entropy is a sum over classes `c` of soft labels `y` times `-log p`. With weights `w`
    and `s = sum_c w_c y_c`, the labels `w_c y_c / s` sum to one, and the sample weight `s`
    multiplies the loss by `s` again.
    """
    weights = [weight for _, weight in sorted(class_weight.items())]
    weighted = labels * ops.convert_to_tensor(weights, dtype=labels.dtype)
    total = ops.sum(weighted, axis=1, keepdims=True)
    return weighted / total, ops.squeeze(total, 1)
