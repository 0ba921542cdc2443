"""Base class of layers that move pixels, by one homography and one interpolation."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_choice, check_integer, check_number
from kerasrecipes.layers.augmentation._warp.homography import centred, identity, normalize
from kerasrecipes.layers.augmentation._warp.warping import FILL_MODES, INTERPOLATIONS, warp
from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer, with_images


class GeometricLayer(AugmentationLayer):
    """Base class of layers that move pixels, each image by a homography of its own.

    A subclass writes `draw_homography(batch, size, seed)`. It returns matrices, `(batch, 3, 3)`,
    that map places in the output to places in the input, both relative to the centre of the image
    (see `homography.py`). A pipeline multiplies the matrices of successive layers that fill alike,
    and interpolates once.

    Args:
        size: `(height, width)` of the output, in pixels, or `None` for that of the input.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: How to fill pixels from outside of the image: `"constant"` (`fill_value`),
            `"reflect"` (`d c b a | a b c d | d c b a`), `"wrap"` (`a b c d | a b c d | a b c d`) or
            `"edge"` (`a a a a | a b c d | d d d d`).
        fill_value: Float, in units of a pixel. Used by `fill_mode="constant"`.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.
    """

    is_affine = True

    def __init__(self, size, interpolation, fill_mode, fill_value, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        for pixels in _checked_size(size):
            check_integer("size", pixels, at_least=1)
        check_choice("interpolation", interpolation, INTERPOLATIONS)
        check_choice("fill_mode", fill_mode, FILL_MODES)
        check_number("fill_value", fill_value)
        self.size = size
        self.interpolation = interpolation
        self.fill_mode = fill_mode
        self.fill_value = fill_value

    def draw_transformation(self, images, seed):
        """Returns `homography`, `(batch, 3, 3)`, which maps output pixels to input pixels."""
        batch, *size, _ = ops.shape(images)
        return {"homography": normalize(self.draw_pixel_homography(batch, size, seed))}

    def augment_images(self, images, transformation):
        return warp(
            images,
            transformation["homography"],
            self.output_size(ops.shape(images)[1:3]),
            interpolation=self.interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
        )

    def draw_homography(self, batch, size, seed):
        raise NotImplementedError(f"{type(self).__name__} must implement `draw_homography`.")

    def draw_pixel_homography(self, batch, size, seed):
        """Returns the homographies of `draw_homography`, but with places relative to pixel 0."""
        return centred(self.draw_homography(batch, size, seed), size, self.output_size(size))

    def output_size(self, size):
        """Returns `(height, width)` of the output for that of the input."""
        return tuple(size) if self.size is None else tuple(self.size)

    def call(self, data, training=True):
        if training or self.size is None:
            return super().call(data, training=training)
        return with_images(data, self._resized)

    def compute_output_spec(self, data, training=True):
        return with_images(data, self._spec)

    def _resized(self, images):
        # Without training, too, the output must have the size for which the model was built.
        batch, *size, _ = ops.shape(images)
        unmoved = normalize(centred(identity(batch), size, self.size))
        return self.augment_images(ops.convert_to_tensor(images), {"homography": unmoved})

    def _spec(self, images):
        batch, *size, channels = images.shape
        shape = (batch, *self.output_size(size), channels)
        return keras.KerasTensor(shape, dtype=images.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "interpolation": self.interpolation,
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
        }


def _checked_size(size):
    if size is None:
        return ()
    if not isinstance(size, (tuple, list)) or len(size) != 2:
        raise ValueError(f"`size` must be (height, width) or None. Received: size={size!r}")
    return size
