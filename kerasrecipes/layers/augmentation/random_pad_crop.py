"""Random crops of padded images."""

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.layers.augmentation._warp.homography import translation
from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from kerasrecipes.layers.augmentation.rounding import check_holds


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomPadCrop(AugmentationLayer):
    """Pads images on all sides and crops them to their size at a random place.

    This is the usual augmentation for CIFAR. It translates each image by whole pixels, up to
    `padding_pixels` up or down and, independently, left or right. All offsets are equally likely.
    Pixels are moved and not computed, so that they keep their values.

    Args:
        padding_pixels: Integer of at least 0. Pixels to pad on each side.
        fill_mode: How to fill the padding, as in `keras.ops.pad`: `"constant"` (`fill_value`),
            `"reflect"` (the image mirrored at the centre of its outermost pixels, which must have
            more pixels than the padding) or `"edge"` (the nearest pixel).
        fill_value: Float, in units of a pixel. Used by `fill_mode="constant"`.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        images: `(batch, height, width, channels)`, integer or float.
        training: Whether to augment. Defaults to `True`.

    Returns:
        Images of the same shape and dtype. With `training=False`, `images` themselves.

    Raises:
        ValueError: If an argument is out of range, images are too small to reflect, or integer
            images cannot hold `fill_value`.

    Example:

    >>> image = ops.reshape(ops.arange(1, 10), (1, 3, 3, 1))
    >>> layer = RandomPadCrop(padding_pixels=1)
    >>> up_and_left = {"offsets": ops.array([[2, 2]])}
    >>> print(ops.convert_to_numpy(layer.transform_images(image, up_and_left))[0, :, :, 0])
    [[5 6 0]
     [8 9 0]
     [0 0 0]]

    Reference:
        He et al., 2016, https://arxiv.org/abs/1512.03385, section 4.2. Differs from it in: the
        paper pads with zeros after it has subtracted the mean image. On raw pixels, the mean as
        `fill_value` comes closest to that.
    """

    def __init__(
        self,
        padding_pixels: int = 4,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        check_integer("padding_pixels", padding_pixels, at_least=0)
        check_choice("fill_mode", fill_mode, ("constant", "reflect", "edge"))
        check_number("fill_value", fill_value)
        self.padding_pixels = padding_pixels
        self.fill_mode = fill_mode
        self.fill_value = fill_value

    def draw_transformation(self, images, seed):
        """Returns `offsets`, `(batch, 2)`: row and column of the crop in the padded image."""
        return {"offsets": self._draw_offsets(ops.shape(images)[0], seed)}

    def draw_pixel_homography(self, batch, size, seed):
        """Returns the same random offsets as homographies; see `GeometricLayer`."""
        offsets = self._draw_offsets(batch, seed) - self.padding_pixels
        down, right = ops.unstack(offsets, num=2, axis=1)
        return translation(right, down)

    def output_size(self, size):
        return tuple(size)

    def augment_images(self, images, transformation):
        # All pixels are gathered at once, by computed positions. In tf.data this takes a tenth of
        # the time of `take_along_axis` by rows and then by columns.
        batch, height, width, channels = ops.shape(images)
        self._check_images(images, height, width)
        offsets = transformation["offsets"]
        rows = ops.expand_dims(self._sources(offsets[:, 0], height), 2)
        columns = ops.expand_dims(self._sources(offsets[:, 1], width), 1)
        first_rows = ops.reshape(ops.arange(batch, dtype="int32") * height, (-1, 1, 1))
        positions = (first_rows + rows) * width + columns
        pixels = ops.reshape(images, (-1, channels))
        if self.fill_mode == "constant":
            inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
            positions = ops.where(inside, positions, batch * height * width)
            fill = ops.full((1, channels), self.fill_value, dtype=images.dtype)
            pixels = ops.concatenate([pixels, fill])
        return ops.take(pixels, positions, axis=0)

    def _draw_offsets(self, batch, seed):
        return keras.random.randint((batch, 2), 0, 2 * self.padding_pixels + 1, seed=seed)

    def _sources(self, offsets, size):
        """Returns for each row (or column) of the crop which one of the image it shows."""
        offsets = ops.expand_dims(ops.cast(offsets, "int32"), 1)
        sources = offsets + ops.arange(size, dtype="int32") - self.padding_pixels
        if self.fill_mode == "edge":
            return ops.clip(sources, 0, size - 1)
        if self.fill_mode == "reflect":
            return size - 1 - ops.abs(size - 1 - ops.abs(sources))
        return sources

    def _check_images(self, images, height, width):
        if self.fill_mode == "constant":
            check_holds(
                "fill_value", self.fill_value, keras.backend.standardize_dtype(images.dtype)
            )
        sizes = [size for size in (height, width) if isinstance(size, int)]
        if self.fill_mode == "reflect" and min(sizes, default=np.inf) <= self.padding_pixels:
            raise ValueError(
                f"fill_mode='reflect' needs images of more than {self.padding_pixels} pixels, "
                f"or fewer `padding_pixels`. Received: images.shape={tuple(images.shape)}"
            )

    def get_config(self):
        return {
            **super().get_config(),
            "padding_pixels": self.padding_pixels,
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
        }
