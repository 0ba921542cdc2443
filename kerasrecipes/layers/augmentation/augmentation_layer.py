"""Base class of augmentation layers, by the protocol of Keras's image preprocessing layers."""

from collections.abc import Mapping

import keras
from keras import ops

from kerasrecipes.base.checks import check_rank
from kerasrecipes.layers.tf_data_calls import CallableInTFData


class AugmentationLayer(CallableInTFData):
    """Base class of layers that change training images at random.

    It follows the protocol of Keras's own image preprocessing layers, so that a pipeline can use
    both alike. `get_random_transformation` draws all random numbers. `transform_images` and
    `transform_labels` apply what was drawn, and draw nothing. A subclass writes

    - `draw_transformation(images, seed)`: returns a dictionary of tensors with an entry for each
      sample, drawn by functions of `keras.random` with this `seed`;
    - `augment_images(images, transformation)`: returns the images;
    - `augment_labels(labels, transformation)`: returns the labels, if they change. If they become
      soft labels, the class sets `mixes_labels = True`. A pipeline then passes one-hot labels.

    Like Keras's layers, it is active unless `training=False`, which `model.predict` and
    `model.evaluate` pass. So `model(images)`, without `training`, augments; `model(images,
    training=False)` does not. Images keep their dtype.

    Args:
        seed: Integer, or `None` for a random one. Seed of the generator that `call` draws from.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        data: Images `(batch, height, width, channels)`, integer or float; or a dictionary of
            `"images"` and, where there are any, `"labels"`.
        training: Whether to augment. Defaults to `True`.

    Returns:
        The augmented images, or the dictionary with them. With `training=False`, `data` itself.

    Raises:
        ValueError: If images do not have four axes, or the layer changes labels and there are none.
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
        """Draws the random numbers for each image.

        Args:
            images: As in a call. Only their shape and dtype are used.
            training: Whether to augment.
            seed: `keras.random.SeedGenerator` to draw from. Defaults to the layer's own.

        Returns:
            A dictionary of tensors for `transform_images` and `transform_labels`, or `None` if
            `training` is `False`.
        """
        if not training:
            return None
        check_rank("images", images.shape, 4, "(batch, height, width, channels)")
        return self.draw_transformation(images, self.generator if seed is None else seed)

    def transform_images(self, images, transformation, training=True):
        """Returns the images after a transformation, or unchanged unless `training`."""
        if not training:
            return images
        return self.augment_images(ops.convert_to_tensor(images), transformation)

    def transform_labels(self, labels, transformation, training=True):
        """Returns the labels after a transformation, or unchanged unless `training`."""
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
    """Returns `data` with its images replaced by `function(images)`.

    Args:
        data: Images, or a dictionary with `"images"`, whose other entries stay as they are.
        function: Takes and returns images.
    """
    if isinstance(data, Mapping):
        return {**data, "images": function(data["images"])}
    return function(data)
