"""Batches of images, and ways to augment them: for tests of augmentation layers."""

import keras
import numpy as np
from keras import ops


def to_numpy(x):
    return ops.convert_to_numpy(x)


def random_images(shape, dtype="uint8", seed=0):
    """Returns images with values from 0 to 255."""
    images = np.random.default_rng(seed).integers(0, 256, shape, dtype="uint8")
    return images.astype(dtype)


def augment(layer, images, labels=None, seed=0):
    """Returns augmented images, or augmented images and labels, as NumPy arrays."""
    drawn = layer.get_random_transformation(images, seed=keras.random.SeedGenerator(seed))
    changed = to_numpy(layer.transform_images(images, drawn))
    return changed if labels is None else (changed, to_numpy(layer.transform_labels(labels, drawn)))


def random_key():
    dtype = "int64" if keras.backend.backend() == "torch" else "uint32"
    return ops.array([1, 2], dtype=dtype)


def compiled(function):
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    return function
