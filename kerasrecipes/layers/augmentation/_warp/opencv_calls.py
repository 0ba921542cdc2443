"""OpenCV, where it is installed and images lie in the CPU's memory: a pipeline's quick hands."""

import functools

import keras

from kerasrecipes.base.tracing import is_traced_by_tf_data


def reaches_opencv(*tensors) -> bool:
    """Returns whether OpenCV is there, and may be handed some tensors' values.

    With TensorFlow that is inside of `tf.data` alone: elsewhere, images may be on a GPU, a gradient
    may be taken, and a graph may be saved to run without Python.
    """
    suits = {"tensorflow": _suits_tensorflow, "torch": _suits_torch}.get(keras.backend.backend())
    return suits is not None and suits(tensors) and opencv() is not None


@functools.cache
def opencv():
    """Returns OpenCV, or `None` where there is none, or one that interpolates by 1/32 pixels.

    The first call switches off OpenCV's own threads, in the whole process: those of the pipeline
    keep the CPUs busy.
    """
    try:
        import cv2
    except ImportError:
        return None
    if int(cv2.__version__.partition(".")[0]) < 5:
        return None
    cv2.setNumThreads(0)
    return cv2


def call_with_arrays(function, tensors, dtype, shape):
    """Returns what a function of NumPy arrays makes of tensors, as a tensor.

    Args:
        function: Takes an array for each tensor and returns one.
        tensors: The tensors.
        dtype: The backend's dtype of the result.
        shape: What is known of its shape: integers, and `None` for the rest.
    """
    if keras.backend.backend() == "torch":
        import torch

        return torch.from_numpy(function(*(x.numpy() for x in tensors)))
    import tensorflow as tf

    result = tf.numpy_function(function, tensors, dtype, stateful=False)
    return tf.ensure_shape(result, shape)


def _suits_tensorflow(tensors):
    return is_traced_by_tf_data()


def _suits_torch(tensors):
    import torch

    if torch.compiler.is_compiling() or torch.jit.is_tracing():
        return False
    return all(x.device.type == "cpu" and not x.requires_grad for x in tensors)
