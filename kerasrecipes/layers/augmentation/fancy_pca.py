"""Random shifts along the principal components of colours, after AlexNet."""

from collections.abc import Iterable, Sequence

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_number
from kerasrecipes.layers.augmentation._colour.colour_maps import recolour
from kerasrecipes.layers.augmentation._colour.photometric_layer import PhotometricLayer
from kerasrecipes.layers.augmentation.rounding import round_to


@keras.saving.register_keras_serializable(package="kerasrecipes")
class FancyPCA(PhotometricLayer):
    """Shifts colours along the directions in which those of the training set vary.

    One shift is drawn for each image and added to all of its pixels, on the scale of `[0, 1]`:

        [p1, p2, p3] [a1 l1, a2 l2, a3 l3]^T

    `p` and `l` are the eigenvectors and eigenvalues of the covariance of red, green and blue in the
    training set. `a` is drawn from a normal distribution.

    Args:
        stddev: Float of at least 0. Standard deviation of `a`.
        covariance: 3x3 nested lists: the covariance of red, green and blue on the scale of `[0,
            1]`; or `None` if `adapt` is going to compute it. A recipe adapts the layer to its
            training split.
        value_range: `(low, high)` of the pixels.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        images: `(batch, height, width, channels)`, integer or float. A single channel is shifted by
            the luma of the shift.
        training: Whether to augment. Defaults to `True`.

    Returns:
        Images of the same shape and dtype, integers rounded, clipped to `value_range`. With
        `training=False`, `images` themselves.

    Raises:
        ValueError: If an argument is out of range, or `covariance` is no covariance; in a call, if
            there is no covariance.

    Example:

    >>> layer = FancyPCA(seed=0)
    >>> layer.adapt(np.random.default_rng(0).integers(0, 256, (10, 8, 8, 3)))
    >>> tuple(layer(np.zeros((2, 8, 8, 3), "uint8")).shape)
    (2, 8, 8, 3)

    Reference:
        Krizhevsky et al., 2012, section 4.1. The paper does not say how pixels are scaled, which
        matters because eigenvalues are squares of intensities: on the scale of `[0, 255]`, shifts
        would be 255 times as large a fraction of the range. Here the scale is `[0, 1]` for any
        `value_range`.
    """

    def __init__(
        self,
        stddev: float = 0.1,
        covariance: Sequence[Sequence[float]] | None = None,
        value_range: tuple[float, float] = (0, 255),
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(value_range, seed=seed, **kwargs)
        check_number("stddev", stddev, at_least=0)
        self.stddev = stddev
        self.covariance = covariance
        self.components = self.add_weight(
            shape=(3, 3), initializer="zeros", trainable=False, dtype="float32", name="components"
        )
        self._is_adapted = False
        if covariance is not None:
            self._set_covariance(_checked(covariance))

    @property
    def must_adapt(self) -> bool:
        """Whether `adapt` must be called before the layer is used."""
        return not self._is_adapted

    def adapt(self, data) -> None:
        """Computes the covariance of colours in the training data.

        Args:
            data: Images, `(samples, height, width, 3)`, in `value_range`, or an iterable of such
                batches.
        """
        batches = [data] if hasattr(data, "shape") else data
        self._set_covariance(_covariance(batches, self.value_range))

    def draw_transformation(self, images, seed):
        """Returns `shift`, `(batch, 3)`, in fractions of the value range."""
        if self.must_adapt:
            raise ValueError(
                "FancyPCA needs `covariance`, or `adapt(images)` before it is used. "
                "Received: covariance=None"
            )
        shape = (ops.shape(images)[0], 3)
        draws = keras.random.normal(shape, stddev=self.stddev, dtype="float32", seed=seed)
        components = ops.convert_to_tensor(self.components)
        return {"shift": ops.sum(components * ops.expand_dims(draws, 1), axis=2)}

    def augment_images(self, images, transformation):
        self.watch(images)
        pixels = recolour(images, None, transformation["shift"], self.value_range)
        return round_to(pixels, keras.backend.standardize_dtype(images.dtype))

    def load_own_variables(self, store):
        super().load_own_variables(store)
        self._is_adapted = True

    def _set_covariance(self, covariance):
        eigenvalues, eigenvectors = np.linalg.eigh(covariance)
        self.components.assign((eigenvectors * np.maximum(eigenvalues, 0)).astype("float32"))
        self._is_adapted = True

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev, "covariance": self.covariance}


def _checked(covariance):
    matrix = np.asarray(covariance, "float64")
    is_symmetric = matrix.shape == (3, 3) and np.allclose(matrix, matrix.T)
    if not is_symmetric or np.linalg.eigvalsh(matrix).min() < -1e-6:
        raise ValueError(
            "`covariance` must be a symmetric 3x3 matrix without negative eigenvalues. "
            f"Received: covariance={covariance!r}"
        )
    return matrix


def _covariance(batches: Iterable, value_range) -> np.ndarray:
    low, high = value_range
    count, total, products = 0, np.zeros(3), np.zeros((3, 3))
    for images in batches:
        pixels = np.asarray(ops.convert_to_numpy(images), "float64")
        if pixels.ndim != 4 or pixels.shape[-1] != 3:
            raise ValueError(
                "`data` must be images of shape (samples, height, width, 3). "
                f"Received: shape={pixels.shape}"
            )
        pixels = (pixels.reshape(-1, 3) - low) / (high - low)
        count += len(pixels)
        total += pixels.sum(0)
        products += pixels.T @ pixels
    if not count:
        raise ValueError("`data` must hold at least one image. Received: none")
    mean = total / count
    return products / count - np.outer(mean, mean)
