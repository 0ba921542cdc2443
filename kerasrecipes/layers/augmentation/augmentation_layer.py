"""What all augmentation layers share: the protocol of Keras's image preprocessing layers."""

from collections.abc import Mapping

import keras
from keras import ops

from kerasrecipes.base.checks import check_rank


class AugmentationLayer(keras.layers.Layer):
    """Base class of layers that change training images at random.

    It follows the protocol of Keras's own image preprocessing layers, so that a pipeline drives
    both alike. First `get_random_transformation` draws; then `transform_images` and
    `transform_labels` apply what was drawn and draw nothing. A subclass writes

    - `draw_transformation(images, seed)`: a dictionary of tensors, one entry per sample each, from
      `keras.random` functions with this `seed`;
    - `augment_images(images, transformation)`;
    - `augment_labels(labels, transformation)`, only where labels change; if they become shares of
      several classes, with `mixes_labels = True`, which tells a pipeline to hand in one-hot ones.

    Like Keras's layers, it is active unless `training=False`; `model.predict` and `model.evaluate`
    say so. It does not cast: images come out in the dtype in which they went in.

    Args:
        seed: Integer, or `None` for a random one. Seed of the layer's own generator, which `call`
            draws from.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        data: Images `(batch, height, width, channels)`, integer or float; or a dictionary of
            `"images"` and, where there are any, `"labels"`.
        training: Whether to augment. Defaults to `True`.

    Returns:
        The augmented images, or the dictionary with them. With `training=False`, `data` itself.

    Raises:
        ValueError: If `images` do not have four axes, or labels are missing that would change.
    """

    mixes_labels = False

    def __init__(self, seed: int | None = None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, data, training=True):
        if not training:
            return data
        parts = data if isinstance(data, Mapping) else {"images": data}
        if self.mixes_labels and "labels" not in parts:
            raise ValueError(
                f"{type(self).__name__} changes labels too: call it on a dictionary of 'images' "
                f"and 'labels', or in a recipe's `augment`. Received: {', '.join(parts)} alone"
            )
        transformation = self.get_random_transformation(parts["images"])
        images = self.transform_images(parts["images"], transformation)
        if data is not parts:
            return images
        changed = {"images": images}
        if "labels" in parts:
            changed["labels"] = self.transform_labels(parts["labels"], transformation)
        return {**data, **changed}

    def get_random_transformation(self, images, training=True, seed=None):
        """Draws how to change each image.

        Args:
            images: As in a call. Their shape and dtype are used, not their values.
            training: Whether to augment.
            seed: `keras.random.SeedGenerator` to draw from. Defaults to the layer's own.

        Returns:
            A dictionary of tensors, which `transform_images` and `transform_labels` take; `None`
            if `training` is `False`.
        """
        if not training:
            return None
        check_rank("images", images.shape, 4, "(batch, height, width, channels)")
        return self.draw_transformation(images, self.generator if seed is None else seed)

    def transform_images(self, images, transformation, training=True):
        """Applies what was drawn to images; returns them as they are if not `training`."""
        if not training:
            return images
        return self.augment_images(ops.convert_to_tensor(images), transformation)

    def transform_labels(self, labels, transformation, training=True):
        """Applies what was drawn to labels; returns them as they are if not `training`."""
        if not training:
            return labels
        return self.augment_labels(ops.convert_to_tensor(labels), transformation)

    def draw_transformation(self, images, seed):
        raise NotImplementedError(f"{type(self).__name__} must implement `draw_transformation`.")

    def augment_images(self, images, transformation):
        raise NotImplementedError(f"{type(self).__name__} must implement `augment_images`.")

    def augment_labels(self, labels, transformation):
        return labels

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


def with_images(data, function):
    """Returns `data` with `function(images)` for its images.

    Args:
        data: Images, or a dictionary of `"images"` and others, which stay as they are.
        function: Of the images.
    """
    if isinstance(data, Mapping):
        return {**data, "images": function(data["images"])}
    return function(data)
