"""Calls of OpenCV, where it is installed and images lie in the CPU's memory."""

import functools

import keras

from kerasrecipes.base.private.tracing import is_traced_by_tf_data


def reaches_opencv(*tensors) -> bool:
    """Returns whether OpenCV is installed and can be given the values of tensors.

    With TensorFlow it can only inside of `tf.data`. Elsewhere images may lie on a GPU, gradients
    may be needed, and a graph may be saved to run without Python.
    """
    suits = {"tensorflow": _suits_tensorflow, "torch": _suits_torch}.get(keras.backend.backend())
    return suits is not None and suits(tensors) and opencv() is not None


@functools.cache
def opencv():
    """Returns the module `cv2`, or `None` if it is not installed or older than version 5.

    Older versions round places to 1/32 of a pixel. The first call turns off OpenCV's own threads in
    the whole process, since the threads of the pipeline already keep the CPUs busy.
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
    """Applies a function of NumPy arrays to tensors, and returns a tensor.

    Args:
        function: Takes an array for each tensor and returns an array.
        tensors: The tensors.
        dtype: The backend's dtype of the result.
        shape: Shape of the result, with `None` for sizes that are not known.
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
