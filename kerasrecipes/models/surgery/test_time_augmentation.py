"""Test-time augmentation: averages over augmented copies of each image."""

import math

import keras
from keras import ops

from kerasrecipes.base.checks import check_choice, check_rank
from kerasrecipes.layers.augmentation.rounding import round_to
from kerasrecipes.models.surgery.output_form import gives_probabilities

# The number of copies that each kind of test-time augmentation makes of an image.
COPIES = {"flip": 2, "shifts": 5, "flip_shifts": 10, "five_crops": 5, "ten_crops": 10}

# The kinds whose first copy is the image as it is.
_WITH_THE_IMAGE = ("flip", "shifts", "flip_shifts")

# A shift moves an image by its size divided by this number.
SHIFT_DIVISOR = 16
# The side of a crop, as a share of the image's: AlexNet's 224 of 256 pixels.
CROP_FRACTION = 7 / 8


def with_test_time_augmentation(
    model: keras.Model, kind: str, from_logits: bool = True
) -> keras.Model:
    """Returns a model that averages the probabilities of augmented copies of each image.

    - `"flip"`: the image and its mirror image.
    - `"shifts"`: the image, and the image shifted left, right, up and down by a sixteenth of its
      size (at least a pixel). Pixels at the edge are repeated.
    - `"flip_shifts"`: these five images and their mirror images.
    - `"five_crops"`: crops of the four corners and of the centre, with 7/8 of each side, enlarged
      to the size of the image.
    - `"ten_crops"`: these five crops and their mirror images.

    Choose a kind that does not change the class of an image: those that mirror are not for digits.

    Args:
        model: A Keras model with one input `(batch, height, width, channels)` and one output
            `(batch, classes)`, or `(batch, 1)` for two classes.
        kind: One of the above.
        from_logits: Whether the model returns logits; otherwise it returns probabilities.

    Returns:
        A `keras.Model` with the same input and output, which is not compiled and shares the
        weights. If the model returns logits, the new ones are logarithms of the mean probabilities.

    Raises:
        ValueError: If there is no such kind, the model has other inputs or outputs, it ends in a
            softmax or sigmoid and `from_logits` is `True`, or crops are asked for and the image
            size of the model is not fixed.

    Example:

    >>> model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(),
    ...                           keras.layers.Dense(3)])
    >>> images = np.random.default_rng(0).normal(size=(4, 8, 8, 1)).astype("float32")
    >>> mirrored = images[:, :, ::-1]
    >>> averaged = ops.softmax(with_test_time_augmentation(model, "flip")(images))
    >>> mean = (ops.softmax(model(images)) + ops.softmax(model(mirrored))) / 2
    >>> bool(ops.all(ops.abs(averaged - mean) < 1e-6))
    True

    Reference:
        Krizhevsky et al., 2012, ImageNet classification with deep convolutional neural networks,
        section 4.1, for the ten crops.
    """
    return _averaging(model, kind, from_logits, others=False)


def with_other_views(model: keras.Model, kind: str) -> tuple[keras.Model, int]:
    """Returns a model that averages over the copies of each image but itself, and their number.

    It is for images whose own logits are known. Crops are no image as it is: all of them count.

    Args:
        model: As in `with_test_time_augmentation`; it returns logits.
        kind: As there, as the errors are.
    """
    others = kind in _WITH_THE_IMAGE
    model = _averaging(model, kind, from_logits=True, others=others)
    return model, COPIES[kind] - others


def _averaging(model: keras.Model, kind: str, from_logits: bool, others: bool) -> keras.Model:
    check_choice("kind", kind, COPIES)
    if len(model.outputs) != 1:
        raise ValueError(
            "`model` must have one output: make a model of one of them, "
            f"keras.Model(model.inputs, model.outputs[0]). Received: {len(model.outputs)} outputs"
        )
    if from_logits and gives_probabilities(model):
        raise ValueError(
            "`from_logits` must be False for a model that ends in a softmax or a sigmoid. "
            "Received: from_logits=True"
        )
    given, classes = model.inputs[0], model.outputs[0].shape
    check_rank("model", given.shape, 4, "(batch, height, width, channels)")
    check_rank("model", classes, 2, "(batch, classes)")
    if "crops" in kind and None in given.shape[1:3]:
        raise ValueError(
            f"{kind!r} needs a model of a fixed image size. Received: {tuple(given.shape)}"
        )
    inputs = keras.Input(given.shape[1:], dtype=given.dtype)
    # A loaded model may return a list of one output.
    (outputs,) = keras.tree.flatten(model(_AugmentedCopies(kind, others)(inputs)))
    average = _AverageOfCopies(COPIES[kind] - others, from_logits)
    return keras.Model(inputs, average(outputs), name=f"{model.name}_{kind}")


@keras.saving.register_keras_serializable(package="kerasrecipes")
class _AugmentedCopies(keras.layers.Layer):
    """Stacks the copies of all images: the first copy of each image, then the second ones.

    With `others`, the images themselves, which come first, are left out.
    """

    def __init__(self, kind, others=False, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.kind = kind
        self.others = others

    def call(self, images):
        own = [] if self.others else [images]
        if self.kind == "flip":
            return ops.concatenate([*own, _mirrored(images)])
        if self.kind == "shifts":
            return ops.concatenate([*own, *_shifts(images)])
        if self.kind == "flip_shifts":
            shifted = ops.concatenate([images, *_shifts(images)])
            copies = ops.concatenate([shifted, _mirrored(shifted)])
            return copies[ops.shape(images)[0] :] if self.others else copies
        crops = ops.concatenate(_five_crops(images))
        return ops.concatenate([crops, _mirrored(crops)]) if self.kind == "ten_crops" else crops

    def compute_output_shape(self, input_shape):
        return (None, *input_shape[1:])

    def get_config(self):
        return {**super().get_config(), "kind": self.kind, "others": self.others}


@keras.saving.register_keras_serializable(package="kerasrecipes")
class _AverageOfCopies(keras.layers.Layer):
    """Averages probabilities over stacked copies."""

    def __init__(self, count, from_logits, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.count = count
        self.from_logits = from_logits

    def call(self, outputs):
        by_copy = ops.reshape(outputs, (self.count, -1, outputs.shape[-1]))
        if not self.from_logits:
            return ops.mean(by_copy, axis=0)
        if outputs.shape[-1] == 1:  # The logarithm of the odds of the mean probability.
            second, first = (ops.logsumexp(ops.log_sigmoid(x), axis=0) for x in (by_copy, -by_copy))
            return second - first
        logarithms = ops.logsumexp(ops.log_softmax(by_copy, axis=-1), axis=0)
        return logarithms - math.log(self.count)

    def compute_output_shape(self, input_shape):
        return (None, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "count": self.count, "from_logits": self.from_logits}


def _mirrored(images):
    return ops.flip(images, axis=2)


def _shifts(images):
    shifted = []
    for axis in (2, 1):
        size = ops.shape(images)[axis]
        positions = ops.arange(size, dtype="int32")
        pixels = ops.maximum(1, ops.cast(size, "int32") // SHIFT_DIVISOR)
        for step in (-pixels, pixels):
            shifted.append(ops.take(images, ops.clip(positions + step, 0, size - 1), axis=axis))
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
