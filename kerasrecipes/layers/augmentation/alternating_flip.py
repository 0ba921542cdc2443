"""Mirroring of every image in every other pass over the data."""

import keras
from keras import ops

from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from kerasrecipes.layers.augmentation.nested_layers import select_images


@keras.saving.register_keras_serializable(package="kerasrecipes")
class AlternatingFlip(AugmentationLayer):
    """Mirrors each image in every other pass over the data.

    Whether an image is mirrored in the first pass is random. From then on it alternates: two
    successive passes show every image once as it is and once mirrored, where `RandomFlip` shows
    half of the images the same way twice. It is for trainings of a few epochs, which get by with
    fewer by the reference; over many epochs, both show the same.

    The training batches of this package say which pass it is: in a recipe's `augment`, this layer
    alternates, also after a run was resumed. Alone in Keras, it mirrors at random.

    Args:
        seed: Integer, or `None` for a random one. In a recipe, it is the recipe's seed that counts.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        images: `(batch, height, width, channels)`, integer or float.
        training: Whether to augment. Defaults to `True`.

    Returns:
        Images of the same shape and dtype. With `training=False`, `images` themselves.

    Example:

    >>> image = ops.array([[[[1], [2], [3]]]])
    >>> mirrored = AlternatingFlip().transform_images(image, {"mirrored": ops.array([True])})
    >>> print(ops.convert_to_numpy(mirrored).ravel())
    [3 2 1]

    Reference:
        Jordan, 2024, https://arxiv.org/abs/2404.00498, section 3.6
    """

    takes_turns = True

    def draw_transformation(self, images, seed):
        """Returns `mirrored`, `(batch,)`."""
        turns = getattr(seed, "turns", None)
        if turns is None:
            return {"mirrored": keras.random.uniform((ops.shape(images)[0],), seed=seed) < 0.5}
        return {"mirrored": ops.equal(turns % 2, 1)}

    def augment_images(self, images, transformation):
        return select_images(transformation["mirrored"], ops.flip(images, axis=2), images)
