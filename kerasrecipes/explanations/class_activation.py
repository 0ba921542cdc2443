"""Gradient-weighted class activation mapping (Grad-CAM)."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from kerasrecipes.base.differentiation import differentiated
from kerasrecipes.data.filling import filled
from kerasrecipes.explanations import feature_maps
from kerasrecipes.explanations.class_scores import (
    checked_classes,
    checked_images,
    scores_of,
    without_final_activation,
)
from kerasrecipes.explanations.inference import called, state_of

# Images whose feature maps and gradients are in memory at once.
BATCH_SIZE = 8


def grad_cam(
    model: keras.Model,
    images: np.ndarray,
    classes: int | Sequence[int] | None = None,
    *,
    layer: str | None = None,
) -> np.ndarray:
    """Maps of where an image speaks for a class, by Grad-CAM.

    With the last feature map `A`, of channels `k` and places `i, j`, and the score `y` of a class:

        alpha[k] = mean over i, j of dy / dA[i, j, k]
        map[i, j] = relu(sum over k of alpha[k] A[i, j, k])

    The map is enlarged to the size of the image, bilinearly. It is as coarse as the feature map:
    it says where, not what.

    Args:
        model: Any Keras model that classifies images: functional, sequential, subclassed, or with
            models inside of it. It may give logits or probabilities, and for two classes a single
            one. It stays as it is.
        images: Array `(samples, height, width, channels)`, as the model takes them.
        classes: The class to explain, as a label, or a label for each image. Defaults to `None`:
            for each image the class that the model predicts.
        layer: The name of the layer whose output is explained, or its path in nested models.
            Defaults to `None`: the last feature map.

    Returns:
        float32 array `(samples, height, width)`, at least 0, in units of the score. A map that is
        0 everywhere says that the feature map speaks against the class.

    Raises:
        CannotExplainError: If the model has no feature map after a convolution, or the output
            depends on the images by other ways too, as that of an ensemble does.
        ValueError: If there is no such class or layer.

    Example:

    >>> from kerasrecipes.models import ResNetCIFAR
    >>> model = ResNetCIFAR((32, 32, 3), 10, depth=8)
    >>> images = np.random.default_rng(0).uniform(size=(2, 32, 32, 3))
    >>> grad_cam(model, images).shape
    (2, 32, 32)

    Reference:
        Selvaraju et al., 2017, https://arxiv.org/abs/1610.02391. Differs from it in: where a model
        ends in a softmax or sigmoid, the score is taken before it by itself.
    """
    images = checked_images(model, images)
    height, width = images.shape[1:3]
    maps = activation_maps(model, images, classes, layer=layer)
    large = ops.image.resize(maps[..., None], (height, width), data_format="channels_last")
    return ops.convert_to_numpy(large)[..., 0]


def activation_maps(
    model: keras.Model,
    images: np.ndarray,
    classes: int | Sequence[int] | None = None,
    *,
    layer: str | None = None,
) -> np.ndarray:
    """Returns the maps of `grad_cam` in the size of the feature map, `(samples, rows, columns)`."""
    images = checked_images(model, images)
    size = min(len(images), BATCH_SIZE)
    with without_final_activation(model):
        found, outputs = _find(model, images[:size], layer)
        labels = checked_classes(classes, len(images), outputs)
        differentiate = differentiated(_scored(model, found))
        maps = []
        for start in range(0, len(images), size):
            batch, chosen = images[start : start + size], labels[start : start + size]
            maps.append(_maps(model, found, differentiate, filled(batch, size), chosen))
    return np.concatenate(maps)


def _find(model: keras.Model, images: np.ndarray, layer: str | None):
    """Returns the feature map to explain, and the number of the model's outputs."""
    shapes = []

    def run(batch):
        def call(pixels):
            output = called(model, state_of(model), pixels)
            shapes.append(output.shape)
            return output

        if keras.backend.backend() != "jax":
            call(ops.convert_to_tensor(batch))
            return
        import jax  # By shapes alone, because JAX would compile each operation.

        jax.eval_shape(call, ops.convert_to_tensor(batch))

    found = feature_maps.find_feature_map(model, images, run, layer)
    return found, shapes[-1][-1]


def _scored(model: keras.Model, found: feature_maps.FeatureMap):
    """Returns a function for `differentiated`: the sum of scores by what is added to the map."""
    part = feature_maps.part_at(model, found.path)

    def function(tensors, others):
        state, batch, classes = others
        value, call = [], -1

        def add(path, output):
            nonlocal call
            call += 1
            if call != found.call:
                return output
            value.append(output)
            return output + ops.cast(tensors[0], output.dtype)

        with feature_maps.replacing_outputs({found.path: part}, add):
            logits = called(model, state, batch)
        return ops.sum(scores_of(logits, classes)), value[0]

    return function


def _maps(model, found: feature_maps.FeatureMap, differentiate, batch, classes) -> np.ndarray:
    nothing = ops.zeros((len(batch), *found.shape), "float32")
    given = filled(classes, len(batch))
    others = (state_of(model), ops.convert_to_tensor(batch), ops.convert_to_tensor(given))
    _, value, (gradient,) = differentiate([nothing], others)
    value, gradient = (ops.convert_to_numpy(ops.cast(t, "float32")) for t in (value, gradient))
    axis = feature_maps.channels_axis(feature_maps.part_at(model, found.path))
    value, gradient = (np.moveaxis(t, axis + 1 if axis == 0 else -1, -1) for t in (value, gradient))
    alpha = gradient.mean(axis=(1, 2), keepdims=True)
    return np.maximum((alpha * value).sum(axis=-1), 0)[: len(classes)]
