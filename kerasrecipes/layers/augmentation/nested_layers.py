"""Base class of layers that hold augmentation layers: `RandomApply` and `RandomChoice`."""

import keras
from keras import ops

from kerasrecipes.base.soft_labels import one_hot
from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from kerasrecipes.layers.augmentation.protocol import follows_protocol, mixes_labels
from kerasrecipes.layers.augmentation.rounding import round_to


class NestedLayers(AugmentationLayer):
    """Base class of layers that hold augmentation layers and apply each to some samples.

    Every layer is applied to all images of the batch. The results that count are selected
    afterwards, so that shapes are fixed and the layer can be compiled.

    Args:
        layers: A layer, or a list of layers, that follow the protocol of Keras's image
            preprocessing layers. They must keep the size of images.
        seed: Integer, or `None` for a random one. The inner layers draw from it, too, and not from
            their own seeds.
        **kwargs: As `keras.layers.Layer`.

    Raises:
        TypeError: If one of `layers` does not follow the protocol.
        ValueError: If there is no layer.
    """

    def __init__(self, layers, seed: int | None = None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.layers = list(layers) if isinstance(layers, list | tuple) else [layers]
        for layer in self.layers:
            if not follows_protocol(layer):
                raise TypeError(
                    "`layers` must hold augmentation layers of Keras or of this package, which "
                    f"draw for each image. Received: {layer!r}"
                )
        if not self.layers:
            raise ValueError("`layers` must hold at least one layer. Received: layers=[]")
        self.mixes_labels = any(map(mixes_labels, self.layers))

    def build(self, input_shape):
        """Builds nothing: the inner layers are never called, only their methods."""

    def draw_inside(self, images, seed):
        """Returns what each inner layer draws."""
        return [
            layer.get_random_transformation(images, training=True, seed=seed)
            for layer in self.layers
        ]

    def get_config(self):
        layers = [keras.saving.serialize_keras_object(layer) for layer in self.layers]
        return {**super().get_config(), "layers": layers}

    @classmethod
    def from_config(cls, config):
        layers = [keras.saving.deserialize_keras_object(layer) for layer in config["layers"]]
        return cls(**{**config, "layers": layers})


def select_images(chosen, changed, images):
    """Returns `changed` images for chosen samples and `images` for others.

    Args:
        chosen: bool, `(batch,)`.
        changed: Images of the same shape as `images`, of any dtype.
        images: Images before the change. The result has their dtype.
    """
    if tuple(changed.shape) != tuple(images.shape):
        raise ValueError(
            "Inner layers must keep the size of images. "
            f"Received: {tuple(images.shape)} became {tuple(changed.shape)}"
        )
    changed = round_to(changed, images.dtype)
    return ops.where(ops.reshape(chosen, (-1, 1, 1, 1)), changed, images)


def select_labels(chosen, changed, labels):
    """Returns `changed` labels for chosen samples and `labels` for others.

    If either are soft labels, so is the result.
    """
    if len(changed.shape) > len(labels.shape):
        labels = one_hot(labels, changed.shape[-1], changed.dtype)
    elif len(changed.shape) < len(labels.shape):
        changed = one_hot(changed, labels.shape[-1], labels.dtype)
    chosen = ops.reshape(chosen, (-1, *[1] * (len(labels.shape) - 1)))
    return ops.where(chosen, ops.cast(changed, labels.dtype), labels)
