"""Random brightness, contrast, colours and tones in one matrix and one table."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.layers.augmentation._colour.colour_maps import (
    chroma_matrix,
    mean_luma,
    recolour,
)
from kerasrecipes.layers.augmentation._colour.photometric_layer import PhotometricLayer
from kerasrecipes.layers.augmentation._colour.tones import apply_tones
from kerasrecipes.layers.augmentation.magnitude import (
    Magnitude,
    around_one,
    around_zero,
    ratio,
    scaled,
    scaled_logarithm,
)
from kerasrecipes.layers.augmentation.rounding import round_to


@keras.saving.register_keras_serializable(package="kerasrecipes")
class RandomPhotometry(PhotometricLayer):
    """Changes brightness, contrast, colours and tones in one matrix and one table.

    All operations that are drawn for an image are combined, in the order of the arguments, to one
    affine map of its pixels and one function of single values, which is a table for 8-bit images.
    Values are clipped once, between the two. With `x` in `[0, 1]`, luma weights `l` and the image's
    mean luma `m`:

        x = brightness * x
        x = contrast * x + (1 - contrast) * m
        x = l.x + saturation * rotation(hue_degrees) (x - l.x)       # in YIQ's colour plane
        x = x + color_cast
        x = l.x                                                      # greyscale
        x = 1 - x                                                    # inversion
        x = x ** gamma
        x = floor(255 x / 2**(8 - bits)) * 2**(8 - bits) / 255       # posterize
        x = x if x < threshold else 1 - x                            # solarize

    A magnitude is a number or a range `(low, high)`. Each image draws its own, uniformly; that of
    `gamma` is uniform in its logarithm.

    Args:
        brightness: Factor; `0.2` stands for `(0.8, 1.2)`, as for the next two.
        contrast: Factor of the distance to the image's mean luma.
        saturation: Factor of the distance to each pixel's luma.
        hue_degrees: Angle in YIQ's colour plane; `20` stands for `(-20, 20)`.
        color_cast: Number that is added to red, to green and to blue, drawn for each of them, as a
            fraction of the value range; `0.1` stands for `(-0.1, 0.1)`.
        grayscale: Float in `[0, 1]`. Probability to turn colours into grey.
        inversion: Float in `[0, 1]`. Probability to invert all values.
        gamma: Exponent; `1.5` stands for `(1 / 1.5, 1.5)`.
        posterize_bits: Integer in `[1, 8]`. Smallest number of bits to keep. The number is drawn
            from those up to 8, each equally likely.
        solarize: Float in `[0, 1]`. Probability to invert values from a threshold on, which is
            drawn from the whole value range.
        value_range: `(low, high)` of the pixels.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        images: `(batch, height, width, channels)`, integer or float. Operations on colours change
            an image with a single channel by the luma of the result.
        training: Whether to augment. Defaults to `True`.

    Returns:
        Images of the same shape and dtype, integers rounded, within `value_range`. With
        `training=False`, or if no operation is given, the `images` themselves.

    Raises:
        ValueError: If an argument is out of range, or images have neither 1 nor 3 channels.

    Example:

    >>> image = np.array([10, 20, 30], "uint8").reshape(1, 1, 1, 3)
    >>> print(ops.convert_to_numpy(RandomPhotometry(inversion=1.0)(image)).ravel())
    [245 235 225]

    Reference:
        Wu et al., 2015, https://arxiv.org/abs/1501.02876, section 3.2, for colour casts. Differs
        from it in: every channel is changed, where the paper changes each with probability 1/2.
    """

    def __init__(
        self,
        brightness: Magnitude = 0.0,
        contrast: Magnitude = 0.0,
        saturation: Magnitude = 0.0,
        hue_degrees: Magnitude = 0.0,
        color_cast: Magnitude = 0.0,
        grayscale: float = 0.0,
        inversion: float = 0.0,
        gamma: Magnitude = 1.0,
        posterize_bits: int = 8,
        solarize: float = 0.0,
        value_range: tuple[float, float] = (0, 255),
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(value_range, seed=seed, **kwargs)
        for name, chance in {
            "grayscale": grayscale,
            "inversion": inversion,
            "solarize": solarize,
        }.items():
            check_number(name, chance, at_least=0, at_most=1)
        check_integer("posterize_bits", posterize_bits, at_least=1)
        check_number("posterize_bits", posterize_bits, at_most=8)
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.hue_degrees = hue_degrees
        self.color_cast = color_cast
        self.grayscale = grayscale
        self.inversion = inversion
        self.gamma = gamma
        self.posterize_bits = posterize_bits
        self.solarize = solarize
        self._brightness = around_one("brightness", brightness)
        self._contrast = around_one("contrast", contrast)
        self._saturation = around_one("saturation", saturation)
        self._hue = around_zero("hue_degrees", hue_degrees)
        self._cast = around_zero("color_cast", color_cast)
        self._gamma = ratio("gamma", gamma)
        self._has_map = (
            {self._brightness, self._contrast, self._saturation} != {(1.0, 1.0)}
            or {self._hue, self._cast} != {(0.0, 0.0)}
            or bool(grayscale or inversion)
        )
        self._has_tones = self._gamma != (1.0, 1.0) or posterize_bits < 8 or bool(solarize)

    def draw_transformation(self, images, seed):
        """Returns the affine map (`matrix`, `offset`, `mean_luma_factor`) and the table's numbers.

        These are `gamma`, `step` and `threshold`.
        """
        # A column for each operation, so that one magnitude does not change the draws of another.
        batch = ops.shape(images)[0]
        unit = ops.unstack(keras.random.uniform((batch, 13), seed=seed), num=13, axis=1)
        return {**self._draw_map(*unit[:9]), **self._draw_tones(*unit[9:])}

    def augment_images(self, images, transformation):
        self.watch(images)
        pixels = images
        if self._has_map:
            offset = transformation["offset"]
            if self._contrast != (1.0, 1.0):
                shift = transformation["mean_luma_factor"] * mean_luma(images, self.value_range)
                offset = offset + ops.expand_dims(shift, 1)
            pixels = recolour(images, transformation["matrix"], offset, self.value_range)
        if self._has_tones:
            tones = [transformation[name] for name in ("gamma", "step", "threshold")]
            return apply_tones(pixels, tones, self.value_range, images.dtype)
        return round_to(pixels, keras.backend.standardize_dtype(images.dtype))

    def _draw_map(self, brightness, contrast, saturation, hue, *others):
        *cast, gray, inverted = others
        bright = scaled(brightness, self._brightness)
        contrasted = scaled(contrast, self._contrast)
        chroma = chroma_matrix(scaled(saturation, self._saturation), scaled(hue, self._hue))
        # The operations below map grey values, and with them the mean luma, to themselves, except
        # for the inversion.
        matrix = ops.reshape(bright * contrasted, (-1, 1, 1)) * chroma
        offset = scaled(ops.stack(cast, axis=1), self._cast)
        if self.grayscale:
            is_gray = gray < self.grayscale
            to_gray = chroma_matrix(ops.where(is_gray, 0.0, 1.0))
            matrix, offset = to_gray @ matrix, (to_gray @ offset[:, :, None])[:, :, 0]
        sign = ops.where(inverted < self.inversion, -1.0, 1.0)
        return {
            "matrix": ops.reshape(sign, (-1, 1, 1)) * matrix,
            "offset": ops.expand_dims((1 - sign) / 2, 1) + ops.expand_dims(sign, 1) * offset,
            "mean_luma_factor": sign * bright * (1 - contrasted),
        }

    def _draw_tones(self, gamma, bits, solarized, threshold):
        dropped = ops.floor(bits * (9 - self.posterize_bits))
        return {
            "gamma": ops.exp(scaled_logarithm(gamma, self._gamma)),
            "step": 2**dropped,
            "threshold": ops.where(solarized < self.solarize, threshold, 2.0),
        }

    def get_config(self):
        return {
            **super().get_config(),
            "brightness": self.brightness,
            "contrast": self.contrast,
            "saturation": self.saturation,
            "hue_degrees": self.hue_degrees,
            "color_cast": self.color_cast,
            "grayscale": self.grayscale,
            "inversion": self.inversion,
            "gamma": self.gamma,
            "posterize_bits": self.posterize_bits,
            "solarize": self.solarize,
        }
