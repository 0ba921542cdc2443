"""Test-time augmentation: a model that looks at each image several times."""

import math

import keras
from keras import ops

from kerasrecipes.base.checks import check_choice, check_rank
from kerasrecipes.layers.augmentation.rounding import round_to

# How many views each has; the first four crops lie in the corners.
VIEWS = {"flip": 2, "shifts": 5, "five_crops": 5, "ten_crops": 10}

SHIFTS_ACROSS = 16
CROP_FRACTION = 7 / 8  # AlexNet's 224 of 256 pixels.


def with_views(model: keras.Model, views: str, from_logits: bool = True) -> keras.Model:
    """Returns a model that averages the probabilities of several views of each image.

    - `"flip"`: the image and its mirror image.
    - `"shifts"`: the image, and moved left, right, up and down by a sixteenth of its size (at
      least a pixel); the edge is repeated.
    - `"five_crops"`: its four corners and its centre, 7/8 of each side, enlarged to the whole.
    - `"ten_crops"`: the same and their mirror images.

    A view must not change what an image shows: digits are no subject for `"flip"`.

    Args:
        model: A Keras model of one input `(batch, height, width, channels)` and one output
            `(batch, classes)`.
        views: One of the above.
        from_logits: Whether the model gives logits; otherwise probabilities.

    Returns:
        A `keras.Model` of the same input and output, not compiled; it shares the weights. Where
        the model gives logits, they are the logarithms of the mean probabilities.

    Raises:
        ValueError: If there are no such views, the model is of another shape, or crops are asked
            for and its image size is not fixed.

    Example:

    >>> model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(),
    ...                           keras.layers.Dense(3)])
    >>> images = np.random.default_rng(0).normal(size=(4, 8, 8, 1)).astype("float32")
    >>> mirrored = images[:, :, ::-1]
    >>> averaged = ops.softmax(with_views(model, "flip")(images))
    >>> mean = (ops.softmax(model(images)) + ops.softmax(model(mirrored))) / 2
    >>> bool(ops.all(ops.abs(averaged - mean) < 1e-6))
    True

    Reference:
        Krizhevsky et al., 2012, ImageNet classification with deep convolutional neural networks,
        section 4.1, for the ten crops.
    """
    check_choice("views", views, VIEWS)
    given, classes = model.inputs[0], model.outputs[0].shape
    check_rank("model", given.shape, 4, "(batch, height, width, channels)")
    check_rank("model", classes, 2, "(batch, classes)")
    if "crops" in views and None in given.shape[1:3]:
        raise ValueError(
            f"{views!r} needs a model of a fixed image size. Received: {tuple(given.shape)}"
        )
    inputs = keras.Input(given.shape[1:], dtype=given.dtype)
    # A model that was loaded may give a list of one output.
    (outputs,) = keras.tree.flatten(model(_Views(views)(inputs)))
    average = _AverageOfViews(VIEWS[views], from_logits)
    return keras.Model(inputs, average(outputs), name=f"{model.name}_{views}")


@keras.saving.register_keras_serializable(package="kerasrecipes")
class _Views(keras.layers.Layer):
    """Stacks the views of all images: the first views of all, then the second ones."""

    def __init__(self, views, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.views = views

    def call(self, images):
        if self.views == "flip":
            return ops.concatenate([images, _mirrored(images)])
        if self.views == "shifts":
            return ops.concatenate(_shifts(images))
        crops = ops.concatenate(_five_crops(images))
        return ops.concatenate([crops, _mirrored(crops)]) if self.views == "ten_crops" else crops

    def compute_output_shape(self, input_shape):
        return (None, *input_shape[1:])

    def get_config(self):
        return {**super().get_config(), "views": self.views}


@keras.saving.register_keras_serializable(package="kerasrecipes")
class _AverageOfViews(keras.layers.Layer):
    """Averages probabilities over stacked views."""

    def __init__(self, count, from_logits, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.count = count
        self.from_logits = from_logits

    def call(self, outputs):
        by_view = ops.reshape(outputs, (self.count, -1, outputs.shape[-1]))
        if not self.from_logits:
            return ops.mean(by_view, axis=0)
        logarithms = ops.logsumexp(ops.log_softmax(by_view, axis=-1), axis=0)
        return logarithms - math.log(self.count)

    def compute_output_shape(self, input_shape):
        return (None, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "count": self.count, "from_logits": self.from_logits}


def _mirrored(images):
    return ops.flip(images, axis=2)


def _shifts(images):
    shifted = [images]
    for axis in (2, 1):
        size = ops.shape(images)[axis]
        places = ops.arange(size, dtype="int32")
        pixels = ops.maximum(1, ops.cast(size, "int32") // SHIFTS_ACROSS)
        for step in (-pixels, pixels):
            shifted.append(ops.take(images, ops.clip(places + step, 0, size - 1), axis=axis))
    return shifted


def _five_crops(images):
    height, width = images.shape[1:3]
    rows, columns = math.ceil(CROP_FRACTION * height), math.ceil(CROP_FRACTION * width)
    below, right = height - rows, width - columns
    corners = [(0, 0), (0, right), (below, 0), (below, right), (below // 2, right // 2)]
    crops = [images[:, y : y + rows, x : x + columns] for y, x in corners]
    sizes = (height, width)
    return [
        round_to(ops.image.resize(ops.cast(crop, "float32"), sizes), images.dtype) for crop in crops
    ]
