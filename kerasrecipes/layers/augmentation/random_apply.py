"""Augmentation of random samples of a batch."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.layers.augmentation.nested_layers import (
    NestedLayers,
    select_images,
    select_labels,
)
from kerasrecipes.layers.augmentation.protocol import transform_images


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomApply(NestedLayers):
    """Applies layers, one after the other, to each sample with a probability.

    Either all layers are applied to a sample, or none is.

    Args:
        layers: An augmentation layer, or a list of them: Keras's or this package's. They must keep
            the size of images.
        probability: Float in `[0, 1]`. Probability that the layers are applied to a sample.
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
        ValueError: If `probability` is outside `[0, 1]`, there is no layer, or one changes the
            size of images.
        TypeError: If one of `layers` is not an augmentation layer.

    Example:

    >>> layer = RandomApply(keras.layers.RandomInvert(factor=(1, 1)), probability=0.5, seed=1)
    >>> images = ops.convert_to_numpy(layer(np.zeros((1000, 2, 2, 1), "uint8")))
    >>> np.unique(images).tolist(), bool(abs(np.mean(images == 255) - 0.5) < 0.1)
    ([0, 255], True)
    """

    def __init__(self, layers, probability: float = 0.5, seed: int | None = None, **kwargs):
        super().__init__(layers, seed=seed, **kwargs)
        check_number("probability", probability, at_least=0, at_most=1)
        self.probability = probability

    def draw_transformation(self, images, seed):
        """Returns `chosen`, `(batch,)`, and what the inner layers draw."""
        drawn = keras.random.uniform((ops.shape(images)[0],), seed=seed)
        return {"chosen": drawn < self.probability, "inside": self.draw_inside(images, seed)}

    def augment_images(self, images, transformation):
        changed = images
        for layer, drawn in zip(self.layers, transformation["inside"], strict=True):
            changed = transform_images(layer, changed, drawn)
        return select_images(transformation["chosen"], changed, images)

    def augment_labels(self, labels, transformation):
        changed = labels
        for layer, drawn in zip(self.layers, transformation["inside"], strict=True):
            changed = layer.transform_labels(changed, drawn, training=True)
        return select_labels(transformation["chosen"], changed, labels)

    def get_config(self):
        return {**super().get_config(), "probability": self.probability}
