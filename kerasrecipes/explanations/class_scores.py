"""Scores of classes: what a model says of each class before a final softmax or sigmoid."""

import contextlib
from collections.abc import Iterator, Sequence

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.checks import check_rank
from kerasrecipes.models.surgery.output_form import gives_probabilities

_ACTIVATIONS = (keras.activations.softmax, keras.activations.sigmoid)


class CannotExplainError(ValueError):
    """A model has nothing that the explanation is made of, or is given what it is not made for."""


@contextlib.contextmanager
def without_final_activation(model: keras.Model) -> Iterator[None]:
    """Makes a model give logits while it is entered, where its last layer ends in probabilities.

    The gradient of a probability near 1 is all but 0, whatever the class is recognized by.
    """
    last = last_operation(model)
    changed = "call" if type(last).__name__ in ("Softmax", "Sigmoid") else "activation"
    if changed == "activation" and getattr(last, "activation", None) not in _ACTIVATIONS:
        yield
        return
    own = vars(last)
    before = own.get(changed)
    # Not by `setattr`: Keras tracks what is set so.
    own[changed] = _identity if changed == "call" else keras.activations.linear
    try:
        yield
    finally:
        own.pop(changed)
        if before is not None:
            own[changed] = before


def last_operation(model: keras.Model):
    """Returns the last layer or operation of a model, or of the last model in it."""
    last = model
    while isinstance(last, keras.Model) and (parts := parts_of(last)):
        last = parts[-1]
    return last


def parts_of(model: keras.Model) -> Sequence:
    """Returns the layers of a model, and the operations between them if it is functional."""
    return getattr(model, "operations", None) or model.layers


def scores_of(logits, classes):
    """Returns the score of a class for each image: its logit.

    With one logit for two classes, the score of class 1 is the logit, and that of class 0 the same
    with the other sign.

    Args:
        logits: Tensor of shape `(images, classes)`, or `(images, 1)`.
        classes: Integer tensor of shape `(images,)`; -1 stands for the class that is predicted.
    """
    logits = ops.cast(logits, "float32")
    if logits.shape[-1] == 1:
        logits = ops.concatenate([-logits, logits], axis=-1)
    chosen = ops.where(classes < 0, ops.cast(ops.argmax(logits, axis=-1), classes.dtype), classes)
    return ops.take_along_axis(logits, chosen[:, None], axis=-1)[:, 0]


def class_probabilities(outputs: np.ndarray, are_probabilities: bool) -> np.ndarray:
    """Returns the probability of each class, of two also where the model has one output.

    Example:

    >>> class_probabilities(np.array([[0.0]]), are_probabilities=False)
    array([[0.5, 0.5]])
    """
    from scipy.special import expit, softmax

    outputs = outputs.astype(np.result_type(outputs.dtype, np.float32))
    if outputs.shape[-1] > 1:
        return outputs if are_probabilities else softmax(outputs, axis=-1)
    of_one = outputs if are_probabilities else expit(outputs)
    return np.concatenate([1 - of_one, of_one], axis=-1)


def is_probabilistic(model: keras.Model) -> bool:
    """Returns whether the outputs of a model are probabilities already."""
    return type(last_operation(model)).__name__ in ("Softmax", "Sigmoid") or gives_probabilities(
        model
    )


def checked_images(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Returns images as an array, after checks of them and of the model's output.

    Raises:
        CannotExplainError: If the model has not one output for each class of each image.
        ValueError: If the images are none.
    """
    images = np.asarray(images)
    check_rank("images", images.shape, 4, "(samples, height, width, channels)")
    if not len(images):
        raise ValueError("`images` must hold an image. Received: none")
    shape = getattr(model, "output_shape", None)
    if shape is not None and (not isinstance(shape, tuple) or len(shape) != 2):
        raise CannotExplainError(
            "The model must classify images: with one output, of shape (batch, classes). "
            f"Received: output_shape={shape}"
        )
    return images


def checked_classes(classes, images: int, outputs: int) -> np.ndarray:
    """Returns the class of each image, -1 for the one that the model predicts.

    Args:
        classes: `None`, an integer, or integers of shape `(images,)`.
        images: The number of images.
        outputs: The number of the model's outputs.

    Raises:
        ValueError: If they are not as described, or the model has no such class.
    """
    if classes is None:
        return np.full(images, -1, "int32")
    chosen = np.asarray(classes)
    if chosen.dtype.kind not in "iu" or chosen.shape not in ((), (images,)):
        raise ValueError(
            f"`classes` must be None, a label, or {images} labels, one for each image. "
            f"Received: classes={classes!r}"
        )
    known = max(outputs, 2)
    if chosen.min() < 0 or chosen.max() >= known:
        raise ValueError(
            f"`classes` must be labels in [0, {known}), the model's classes. "
            f"Received: classes={classes!r}"
        )
    return np.broadcast_to(chosen, (images,)).astype("int32")


def _identity(inputs, *arguments, **keywords):
    return inputs
