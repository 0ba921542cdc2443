"""Corrupted images: noise, blur, contrast, brightness and small turns, at five strengths."""

from collections.abc import Callable

import keras
import numpy as np

from kerasrecipes.base.checks import check_choice, check_integer, check_rank
from kerasrecipes.data.augment import Augmentation
from kerasrecipes.layers import RandomBlur, RandomGeometry, RandomNoise, RandomPhotometry

STRENGTHS = (1, 2, 3, 4, 5)

# Deviations of the noise, and of the blur in pixels of an image of 32, and factors of the contrast
# are those of CIFAR-10-C.
_MAGNITUDES: dict[str, tuple[float, ...]] = {
    "noise": (0.04, 0.06, 0.08, 0.09, 0.10),
    "blur": (0.4, 0.6, 0.7, 0.8, 1.0),
    "contrast": (0.75, 0.5, 0.4, 0.3, 0.15),
    "brightness": (1.1, 1.2, 1.3, 1.4, 1.6),
    "turn": (3.0, 6.0, 9.0, 12.0, 15.0),
}
_BLUR_SIDE = 32

_LAYERS: dict[str, Callable[[float], keras.layers.Layer]] = {
    "noise": lambda m: RandomNoise(gaussian=(m, m)),
    "blur": lambda m: RandomBlur(sigma_pixels=(m, m)),
    "contrast": lambda m: RandomPhotometry(contrast=(m, m)),
    "brightness": lambda m: RandomPhotometry(brightness=(m, m)),
    "turn": lambda m: RandomGeometry(rotation_degrees=(m, m), fill_mode="edge"),
}
CORRUPTIONS = tuple(_LAYERS)

# Images that are corrupted at once.
_AT_ONCE = 256


def corrupted(
    images: np.ndarray, corruption: str, strength: int = 3, *, seed: int = 0
) -> np.ndarray:
    """Images as they come out of a poor camera: with noise, say, or out of focus.

    Every image is changed by the same magnitude, which belongs to the strengths 1 to 5:

    | corruption | what it is | magnitudes |
    |---|---|---|
    | `noise` | deviation of Gaussian noise, of the value range | 0.04, 0.06, 0.08, 0.09, 0.1 |
    | `blur` | deviation of a Gaussian, in 32nds of the shorter side | 0.4, 0.6, 0.7, 0.8, 1 |
    | `contrast` | factor of the distance to the mean | 0.75, 0.5, 0.4, 0.3, 0.15 |
    | `brightness` | factor of all values | 1.1, 1.2, 1.3, 1.4, 1.6 |
    | `turn` | angle in degrees, counterclockwise | 3, 6, 9, 12, 15 |

    A network that was trained with such an operation is not tested by it: it has seen it.

    Args:
        images: uint8 array `(samples, height, width, channels)`.
        corruption: One of `"noise"`, `"blur"`, `"contrast"`, `"brightness"`, `"turn"`.
        strength: Integer from 1 to 5.
        seed: Non-negative integer: the noise follows from it.

    Returns:
        uint8 array of the shape of `images`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> image = np.full((1, 4, 4, 1), 100, "uint8")
    >>> corrupted(image, "brightness", strength=2).ravel()[:3].tolist()
    [120, 120, 120]

    Reference:
        Hendrycks and Dietterich, 2019, https://arxiv.org/abs/1903.12261. Differs from it in: there
        are noise, contrast and brightness of its fifteen corruptions, Gaussian blur of its four
        further ones, and turns, which it does not have; contrast is around the mean of all
        channels, brightness a factor in the place of what is added to HSV's value, and blur grows
        with the image.
    """
    check_choice("corruption", corruption, CORRUPTIONS)
    check_integer("strength", strength)
    check_choice("strength", strength, STRENGTHS)
    check_integer("seed", seed, at_least=0)
    images = np.asarray(images)
    check_rank("images", images.shape, 4, "(samples, height, width, channels)")
    if images.dtype != np.uint8:
        raise ValueError(
            "`images` must be uint8, from 0 to 255, as pictures in files are. Received: "
            f"images.dtype={images.dtype}"
        )
    magnitude = _MAGNITUDES[corruption][strength - 1]
    if corruption == "blur":
        magnitude *= min(images.shape[1:3]) / _BLUR_SIDE
    change = Augmentation([_LAYERS[corruption](magnitude)])
    found = np.empty_like(images)
    for first in range(0, len(images), _AT_ONCE):
        some = images[first : first + _AT_ONCE]
        key = np.random.SeedSequence((seed, first)).generate_state(2)
        found[first : first + _AT_ONCE] = change.pixels(some, np.zeros(len(some), "int32"), key)[0]
    return found
