"""MixUp and CutMix: training images that are made of two, with labels to match."""

import keras
from keras import ops

from kerasrecipes.base.checks import check_integer, check_number
from kerasrecipes.base.soft_labels import one_hot
from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from kerasrecipes.layers.augmentation.rounding import round_to


@keras.saving.register_keras_serializable(package="kerasrecipes")
class MixedSamples(AugmentationLayer):
    """Mixes each image and its label with those of another sample of the batch.

    MixUp adds two images `x` and `x'`, CutMix pastes a rectangle of `x'` into `x`; the labels `y`
    and `y'` are mixed by the same share:

        lambda ~ Beta(alpha, alpha)
        MixUp:   x = lambda x + (1 - lambda) x'
        CutMix:  x = M x + (1 - M) x', M = 0 in a rectangle of (1 - lambda) of the image, anywhere
                 lambda = the share of the pixels that are left, once it is cut off at the border
        y = lambda y + (1 - lambda) y'

    Every sample draws its own partner, never itself, its own `lambda` and its own rectangle.
    Integer images are rounded.

    In a recipe nothing else is needed: labels become shares before `augment` runs, and loss and
    metrics read them as well as the integers of validation. Elsewhere call it on a dictionary, as
    Keras's `MixUp`, and train on a loss such as `ClassLoss`.

    Args:
        mixup_alpha: Positive float, or `None` for CutMix alone. The larger it is, the closer
            `lambda` to 1/2; 1 makes all shares equally likely.
        cutmix_alpha: Positive float, or `None` for MixUp alone.
        cutmix_probability: Float in `[0, 1]`, the probability that a sample gets CutMix rather
            than MixUp, where there are both; `None` to alternate through the batch.
        probability: Float in `[0, 1]`, the probability that a sample is mixed at all.
        classes: Positive integer, the number of classes, or `None` where labels are one-hot.
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
        https://arxiv.org/abs/1905.04899. Differs from them in: `lambda` and rectangle are drawn
        once a batch there, and partners by a permutation of the batch, which may give an image to
        itself.
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
        """Returns what each sample is mixed with.

        Returns:
            A dictionary: `partners` `(batch,)`, the index of each sample's partner; `shares`
            `(batch,)`, of the sample itself; `is_cut` `(batch,)`; and `boxes` `(batch, 4)`, first
            and last row and column of the rectangle, the last ones excluded.
        """
        batch, height, width = ops.shape(images)[:3]
        chosen = keras.random.uniform((batch,), seed=seed) < self.probability
        is_cut = ops.logical_and(self._draw_is_cut(batch, seed), chosen)
        boxes = _draw_boxes(self._draw_shares(self.cutmix_alpha, batch, seed), height, width, seed)
        area = (boxes[:, 1] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 2])
        left = 1 - ops.cast(area, "float32") / ops.cast(height * width, "float32")
        shares = self._draw_shares(self.mixup_alpha, batch, seed)
        return {
            "partners": _draw_partners(batch, seed),
            "shares": ops.where(is_cut, left, ops.where(chosen, shares, 1.0)),
            "is_cut": is_cut,
            "boxes": boxes,
        }

    def augment_images(self, images, transformation):
        partners = ops.take(images, transformation["partners"], axis=0)
        is_cut = _per_image(transformation["is_cut"])
        mixed = images
        if self.mixup_alpha is not None:
            shares = _per_image(transformation["shares"])
            mixed = _blend(images, partners, shares)
        if self.cutmix_alpha is not None:
            pasted = ops.where(_inside(transformation["boxes"], images), partners, images)
            mixed = ops.where(is_cut, pasted, mixed)
        return mixed

    def augment_labels(self, labels, transformation):
        labels = self._one_hot(labels)
        shares = ops.cast(ops.expand_dims(transformation["shares"], 1), labels.dtype)
        partners = ops.take(labels, transformation["partners"], axis=0)
        return shares * labels + (1 - shares) * partners

    def _draw_is_cut(self, batch, seed):
        if self.cutmix_alpha is None or self.mixup_alpha is None:
            return ops.full((batch,), self.cutmix_alpha is not None, dtype="bool")
        if self.cutmix_probability is None:
            return ops.equal(ops.arange(batch, dtype="int32") % 2, 1)
        return keras.random.uniform((batch,), seed=seed) < self.cutmix_probability

    def _draw_shares(self, alpha, batch, seed):
        """Draws from Beta(alpha, alpha); 1 for each sample without an alpha.

        Gamma(a) is Gamma(a + 1) U^(1/a), taken in logarithms: for a small alpha, both of the gamma
        variables whose quotient is wanted underflow to 0.
        """
        if alpha is None:
            return ops.ones((batch,))
        logarithms = [
            ops.log(keras.random.gamma((batch,), alpha + 1.0, seed=seed))
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
    """Draws for each sample one of the others; its own index where there is no other."""
    others = ops.cast(batch, "float32") - 1
    ahead = ops.floor(keras.random.uniform((batch,), seed=seed) * others)
    ahead = 1 + ops.cast(ops.clip(ahead, 0, ops.maximum(others - 1, 0)), "int32")
    return ops.mod(ops.arange(batch, dtype="int32") + ahead, batch)


def _draw_boxes(shares, height, width, seed):
    """Draws rectangles of `1 - shares` of the image around any pixel, cut off at its border."""
    sides = ops.sqrt(1 - shares)
    edges = []
    for size in (height, width):
        length = ops.cast(size, "float32")
        centre = ops.floor(keras.random.uniform(ops.shape(shares), seed=seed) * length)
        half = ops.floor(ops.floor(sides * length) / 2)
        edges += [ops.clip(centre - half, 0, length), ops.clip(centre + half, 0, length)]
    return ops.cast(ops.stack(edges, axis=1), "int32")


def _inside(boxes, images):
    """Returns where each image's rectangle is, `(batch, height, width, 1)`."""
    height, width = ops.shape(images)[1:3]
    rows = ops.arange(height, dtype="int32")[None, :, None, None]
    columns = ops.arange(width, dtype="int32")[None, None, :, None]
    top, bottom, left, right = (_per_image(boxes[:, edge]) for edge in range(4))
    return (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)


def _blend(images, partners, shares):
    dtype = keras.backend.result_type(images.dtype, "float32")
    images_, partners = ops.cast(images, dtype), ops.cast(partners, dtype)
    return round_to(shares * images_ + (1 - shares) * partners, images.dtype)


def _per_image(values):
    return ops.reshape(values, (-1, 1, 1, 1))
