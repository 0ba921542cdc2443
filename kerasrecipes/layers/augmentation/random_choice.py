"""Random choice among several augmentations for each sample."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.layers.augmentation.nested_layers import (
    NestedLayers,
    select_images,
    select_labels,
)
from kerasrecipes.layers.augmentation.protocol import transform_images


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomChoice(NestedLayers):
    """Applies one of several layers to each sample.

    Args:
        layers: List of augmentation layers, Keras's or this package's. They must keep the size of
            images.
        probabilities: List of non-negative floats, one for each layer. They are divided by their
            sum. Defaults to `None`: all layers are equally likely.
        seed: Integer, or `None` for a random one. The inner layers draw from it, too.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        data: Images `(batch, height, width, channels)`, integer or float; or a dictionary of
            `"images"` and `"labels"`.
        training: Whether to augment. Defaults to `True`.

    Returns:
        Images, or a dictionary, of the same shapes and dtypes. Integer images are rounded once, at
        the end. If a layer mixes labels, they become soft labels.

    Raises:
        ValueError: If `probabilities` do not fit `layers`, there is no layer, or one changes the
            size of images.
        TypeError: If one of `layers` is not an augmentation layer.

    Example:

    >>> darker, lighter = (keras.layers.RandomBrightness((f, f)) for f in (-0.2, 0.2))
    >>> layer = RandomChoice([darker, lighter], probabilities=[1, 3], seed=1)
    >>> images = ops.convert_to_numpy(layer(np.full((400, 2, 2, 1), 100, "uint8")))
    >>> sorted(set(images.ravel().tolist())), bool(np.mean(images == 151) > 0.6)
    ([49, 151], True)
    """

    def __init__(
        self,
        layers,
        probabilities: Sequence[float] | None = None,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(layers, seed=seed, **kwargs)
        if probabilities is not None:
            for probability in probabilities:
                check_number("probabilities", probability, at_least=0)
            if len(probabilities) != len(self.layers) or not sum(probabilities) > 0:
                raise ValueError(
                    "`probabilities` must be a number for each layer, and one of them above 0. "
                    f"Received: probabilities={list(probabilities)}, {len(self.layers)} layers"
                )
        self.probabilities = probabilities

    def draw_transformation(self, images, seed):
        """Returns `choices`, `(batch,)`, the index of each sample's layer, and what all draw."""
        given = self.probabilities or [1.0] * len(self.layers)
        bounds = ops.convert_to_tensor(np.cumsum(given)[:-1] / np.sum(given), dtype="float32")
        drawn = keras.random.uniform((ops.shape(images)[0], 1), seed=seed)
        choices = ops.sum(ops.cast(drawn >= bounds, "int32"), axis=1)
        return {"choices": choices, "inside": self.draw_inside(images, seed)}

    def augment_images(self, images, transformation):
        result = images
        for index, layer in enumerate(self.layers):
            drawn = transformation["inside"][index]
            changed = transform_images(layer, images, drawn)
            result = select_images(ops.equal(transformation["choices"], index), changed, result)
        return result

    def augment_labels(self, labels, transformation):
        result = labels
        for index, layer in enumerate(self.layers):
            drawn = transformation["inside"][index]
            changed = layer.transform_labels(labels, drawn, training=True)
            result = select_labels(ops.equal(transformation["choices"], index), changed, result)
        return result

    def get_config(self):
        return {**super().get_config(), "probabilities": self.probabilities}
