"""Images within a distance of given ones: directions, projections and random points."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_choice, check_number

# The largest difference of a pixel, and the root of the sum of squared differences of an image.
NORMS = ("inf", 2)


@dataclass(frozen=True)
class NormBall:
    """The images that differ from a given one by at most `epsilon`, and that are images.

    Args:
        epsilon: Float of at least 0, in units of a pixel's value.
        norm: `"inf"`: no value of a pixel differs by more than `epsilon`. `2`: the root of the sum
            of squared differences over all pixels and channels is at most `epsilon`.
        value_range: `(lowest, highest)` value of a pixel.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> ball = NormBall(2.0, value_range=(0, 10))
    >>> print(ball.projected(ops.convert_to_tensor([[9.0, 1.0]]), ops.ones((1, 2)) * 9).numpy())
    [[9. 7.]]
    """

    epsilon: float
    norm: str | int = "inf"
    value_range: Sequence[float] = (0, 255)

    def __post_init__(self):
        check_choice("norm", self.norm, NORMS)
        if len(self.value_range) != 2 or not self.value_range[0] < self.value_range[1]:
            raise ValueError(
                "`value_range` must be (lowest, highest), with the lowest below the highest. "
                f"Received: value_range={self.value_range!r}"
            )
        low, high = self.value_range
        check_number("epsilon", self.epsilon, at_least=0)
        if self.norm == "inf" and self.epsilon > high - low:
            raise ValueError(
                f"`epsilon` must be at most {high - low:g}, the width of `value_range`: no two "
                f"pixels differ by more. Received: epsilon={self.epsilon!r}, "
                f"value_range={tuple(self.value_range)!r}"
            )

    def direction(self, gradients):
        """Returns the step of norm 1 along which a loss with these gradients rises most.

        It is 0 for an image whose gradient is 0.
        """
        if self.norm == "inf":
            return ops.sign(gradients)
        # Squares of small gradients would be 0.
        size = _over_pixels(ops.max, ops.abs(gradients))
        gradients = gradients / ops.where(size > 0, size, 1.0)
        norm = ops.sqrt(_over_pixels(ops.sum, ops.square(gradients)))
        return gradients / ops.where(norm > 0, norm, 1.0)

    def projected(self, images, centers, epsilon=None):
        """Returns images clipped to the value range, then moved towards `centers` into the ball.

        Rounding may leave them outside by the last digit; see `exact`.

        Args:
            images: Tensor `(images, ...)`.
            centers: Tensor of the same shape.
            epsilon: Tensor in the place of the ball's own, so that a compiled program serves all.
        """
        epsilon = self.epsilon if epsilon is None else epsilon
        images = ops.clip(images, *self.value_range)
        if self.norm == "inf":
            return ops.clip(images, centers - epsilon, centers + epsilon)
        change = images - centers
        norm = ops.sqrt(_over_pixels(ops.sum, ops.square(change)))
        factor = ops.where(norm > epsilon, epsilon / ops.where(norm > 0, norm, 1.0), 1.0)
        return centers + change * factor

    def random_points(self, centers, seed: keras.random.SeedGenerator):
        """Returns a point of each image's ball, drawn uniformly and clipped to the value range."""
        shape = ops.shape(centers)
        if self.norm == "inf":
            change = keras.random.uniform(shape, -self.epsilon, self.epsilon, seed=seed)
        else:
            pixels = float(np.prod(centers.shape[1:]))
            direction = self.direction(keras.random.normal(shape, seed=seed))
            radius = keras.random.uniform(
                (shape[0], *[1] * (len(shape) - 1)), seed=seed, dtype="float32"
            )
            change = direction * self.epsilon * radius ** (1 / pixels)
        return self.projected(centers + ops.cast(change, centers.dtype), centers)

    def exact(self, images: np.ndarray, centers: np.ndarray) -> np.ndarray:
        """Returns float32 images that are within range and `epsilon` without any rounding error."""
        middle = np.asarray(centers, "float64")
        low, high = self.value_range
        change = np.clip(np.asarray(images, "float64"), low, high) - middle
        if self.norm == "inf":
            change = np.clip(change, -self.epsilon, self.epsilon)
        else:
            norm = np.linalg.norm(change.reshape(len(change), -1), axis=1)
            factor = np.where(norm > self.epsilon, self.epsilon / np.maximum(norm, 1e-300), 1.0)
            change *= factor.reshape(-1, *[1] * (change.ndim - 1))
        rounded = (middle + change).astype("float32")
        farther = np.abs(rounded - middle) > np.abs(change)
        return np.where(farther, np.nextafter(rounded, middle.astype("float32")), rounded)


def _over_pixels(reduce, images):
    return reduce(images, axis=tuple(range(1, len(images.shape))), keepdims=True)
