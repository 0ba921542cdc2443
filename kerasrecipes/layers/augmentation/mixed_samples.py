"""MixUp and CutMix: training images that are mixed of two, and soft labels to match."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.base.private.random_numbers import gamma
from kerasrecipes.base.soft_labels import one_hot
from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from kerasrecipes.layers.augmentation.rounding import round_to


@keras.saving.register_keras_serializable(package="kerasrecipes")
class MixedSamples(AugmentationLayer):
    """Mixes each image and its label with those of another sample of the batch.

    MixUp averages two images `x` and `x'`. CutMix pastes a rectangle of `x'` into `x`. The labels
    `y` and `y'` are averaged with the same weights:

        lambda ~ Beta(alpha, alpha)
        MixUp:   x = lambda x + (1 - lambda) x'
        CutMix:  x = M x + (1 - M) x', with M = 0 in a rectangle, and 1 elsewhere
                 the rectangle has an area of (1 - lambda) and its centre anywhere in the image;
                 it is cut off at the border, and lambda set to the mean of M
        y = lambda y + (1 - lambda) y'

    For every sample another one of the batch is drawn as its partner, with a `lambda` and a
    rectangle of its own. Integer images are rounded.

    In a recipe nothing else is needed: labels are made one-hot before `augment` is applied, and the
    recipe's loss and metrics take soft labels as well as the integers of the validation split.
    Elsewhere, call the layer on a dictionary, like Keras's `MixUp`, and use a loss for soft labels
    such as `ClassLoss`.

    Args:
        mixup_alpha: Positive float, or `None` for CutMix alone. The larger it is, the closer is
            `lambda` to 1/2. With 1, all values of `lambda` are equally likely.
        cutmix_alpha: Positive float, or `None` for MixUp alone.
        cutmix_probability: Float in `[0, 1]`: if both are given, the probability that CutMix and
            not MixUp is applied to a sample. `None` for each on every other sample.
        probability: Float in `[0, 1]`, the probability that a sample is mixed at all.
        classes: Integer of at least 2, the number of classes, or `None` if labels are one-hot.
        seed: Integer, or `None` for a random one.
        **kwargs: As `keras.layers.Layer`.

    Call arguments:
        data: Dictionary of `"images"`, `(batch, height, width, channels)`, integer or float, and
            `"labels"`: integers `(batch,)`, or one-hot `(batch, classes)`.
        training: Whether to mix. Defaults to `True`.

    Returns:
        The dictionary with images of the same shape and dtype and float labels `(batch, classes)`
        that sum to one. With `training=False`, what came in.

    Raises:
        ValueError: If an argument is out of range, both alphas are `None`, labels are missing, or
            they are integers and `classes` is `None`.

    Example:

    >>> layer = MixedSamples(mixup_alpha=None, cutmix_alpha=1.0, classes=3, seed=1)
    >>> images = np.repeat([0, 128, 255], 16).reshape(3, 4, 4, 1).astype("uint8")
    >>> mixed = layer({"images": images, "labels": np.array([0, 1, 2])})
    >>> ops.convert_to_numpy(mixed["labels"]).sum(axis=-1).tolist()
    [1.0, 1.0, 1.0]

    Reference:
        Zhang et al., 2018, https://arxiv.org/abs/1710.09412; Yun et al., 2019,
        https://arxiv.org/abs/1905.04899. Differs from them in: there, `lambda` and the rectangle
        are drawn once for the batch, and partners by a permutation of the batch, by which an image
        may be its own partner.
    """

    mixes_labels = True

    def __init__(
        self,
        mixup_alpha: float | None = 0.2,
        cutmix_alpha: float | None = 1.0,
        cutmix_probability: float | None = 0.5,
        probability: float = 1.0,
        classes: int | None = None,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        for name, alpha in (("mixup_alpha", mixup_alpha), ("cutmix_alpha", cutmix_alpha)):
            if alpha is not None:
                check_number(name, alpha, above=0)
        if mixup_alpha is None and cutmix_alpha is None:
            raise ValueError(
                "`mixup_alpha` or `cutmix_alpha` must be a positive number. "
                "Received: mixup_alpha=None, cutmix_alpha=None"
            )
        if cutmix_probability is not None:
            check_number("cutmix_probability", cutmix_probability, at_least=0, at_most=1)
        check_number("probability", probability, at_least=0, at_most=1)
        if classes is not None:
            check_integer("classes", classes, at_least=2)
        self.mixup_alpha = mixup_alpha
        self.cutmix_alpha = cutmix_alpha
        self.cutmix_probability = cutmix_probability
        self.probability = probability
        self.classes = classes

    def draw_transformation(self, images, seed):
        """Returns for each sample its partner and how to mix them.

        Returns:
            A dictionary: `partners`, `(batch,)`, the index of each sample's partner; `mix_weights`,
            `(batch,)`, the sample's `lambda`; `is_cut`, `(batch,)`, whether CutMix is applied; and
            `boxes`, `(batch, 4)`, the rectangle's first row, last row, first column and last
            column, the last ones excluded.
        """
        batch, height, width = ops.shape(images)[:3]
        chosen = keras.random.uniform((batch,), seed=seed) < self.probability
        is_cut = ops.logical_and(self._draw_is_cut(batch, seed), chosen)
        boxes = _draw_boxes(self._draw_weights(self.cutmix_alpha, batch, seed), height, width, seed)
        area = (boxes[:, 1] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 2])
        uncut = 1 - ops.cast(area, "float32") / ops.cast(height * width, "float32")
        weights = self._draw_weights(self.mixup_alpha, batch, seed)
        return {
            "partners": _draw_partners(batch, seed),
            "mix_weights": ops.where(is_cut, uncut, ops.where(chosen, weights, 1.0)),
            "is_cut": is_cut,
            "boxes": boxes,
        }

    def augment_images(self, images, transformation):
        partners = ops.take(images, transformation["partners"], axis=0)
        is_cut = _per_image(transformation["is_cut"])
        mixed = images
        if self.mixup_alpha is not None:
            mixed = _blend(images, partners, _per_image(transformation["mix_weights"]))
        if self.cutmix_alpha is not None:
            pasted = ops.where(_inside(transformation["boxes"], images), partners, images)
            mixed = ops.where(is_cut, pasted, mixed)
        return mixed

    def augment_labels(self, labels, transformation):
        labels = self._one_hot(labels)
        weights = ops.cast(ops.expand_dims(transformation["mix_weights"], 1), labels.dtype)
        partners = ops.take(labels, transformation["partners"], axis=0)
        return weights * labels + (1 - weights) * partners

    def _draw_is_cut(self, batch, seed):
        if self.cutmix_alpha is None or self.mixup_alpha is None:
            return ops.full((batch,), self.cutmix_alpha is not None, dtype="bool")
        if self.cutmix_probability is None:
            return ops.equal(ops.arange(batch, dtype="int32") % 2, 1)
        return keras.random.uniform((batch,), seed=seed) < self.cutmix_probability

    def _draw_weights(self, alpha, batch, seed):
        """Draws from Beta(alpha, alpha) for each sample; without an alpha, returns 1.

        A beta variable is a quotient of gamma variables, which underflow to 0 if alpha is small.
        Their logarithms do not: Gamma(a) has the distribution of Gamma(a + 1) U^(1/a).
        """
        if alpha is None:
            return ops.ones((batch,))
        logarithms = [
            ops.log(gamma((batch,), alpha + 1.0, seed))
            + ops.log(1 - keras.random.uniform((batch,), seed=seed)) / alpha
            for _ in range(2)
        ]
        return ops.sigmoid(logarithms[0] - logarithms[1])

    def _one_hot(self, labels):
        is_float = keras.backend.is_float_dtype(keras.backend.standardize_dtype(labels.dtype))
        if len(labels.shape) == 2 and labels.shape[-1] != 1:
            return labels if is_float else ops.cast(labels, "float32")
        if self.classes is None:
            raise ValueError(
                "`labels` must be one-hot, (batch, classes), or `classes` be given. "
                f"Received: labels.shape={tuple(labels.shape)}, classes=None"
            )
        return one_hot(labels, self.classes)

    def get_config(self):
        return {
            **super().get_config(),
            "mixup_alpha": self.mixup_alpha,
            "cutmix_alpha": self.cutmix_alpha,
            "cutmix_probability": self.cutmix_probability,
            "probability": self.probability,
            "classes": self.classes,
        }


def _draw_partners(batch, seed):
    """Draws for each sample the index of another one, or its own if there is no other."""
    others = ops.cast(batch, "float32") - 1
    ahead = ops.floor(keras.random.uniform((batch,), seed=seed) * others)
    ahead = 1 + ops.cast(ops.clip(ahead, 0, ops.maximum(others - 1, 0)), "int32")
    return ops.mod(ops.arange(batch, dtype="int32") + ahead, batch)


def _draw_boxes(weights, height, width, seed):
    """Draws rectangles with an area of `1 - weights`, cut off at the border of the image."""
    sides = ops.sqrt(1 - weights)
    edges = []
    for size in (height, width):
        length = ops.cast(size, "float32")
        centre = ops.floor(keras.random.uniform(ops.shape(weights), seed=seed) * length)
        half = ops.floor(ops.floor(sides * length) / 2)
        edges += [ops.clip(centre - half, 0, length), ops.clip(centre + half, 0, length)]
    return ops.cast(ops.stack(edges, axis=1), "int32")


def _inside(boxes, images):
    """Returns a mask of each image's rectangle, `(batch, height, width, 1)`."""
    height, width = ops.shape(images)[1:3]
    rows = ops.arange(height, dtype="int32")[None, :, None, None]
    columns = ops.arange(width, dtype="int32")[None, None, :, None]
    top, bottom, left, right = (_per_image(boxes[:, edge]) for edge in range(4))
    return (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)


def _blend(images, partners, weights):
    dtype = keras.backend.result_type(images.dtype, "float32")
    first, second = ops.cast(images, dtype), ops.cast(partners, dtype)
    return round_to(weights * first + (1 - weights) * second, images.dtype)


def _per_image(values):
    return ops.reshape(values, (-1, 1, 1, 1))
