"""OpenCV's homographies: on the CPU, several times as fast as TensorFlow's and PyTorch's own."""

import functools

import keras
import numpy as np
from scipy import ndimage

from kerasrecipes._private import is_traced_by_tf_data

_BORDERS = {
    "constant": "BORDER_CONSTANT",
    "reflect": "BORDER_REFLECT",
    "wrap": "BORDER_WRAP",
    "edge": "BORDER_REPLICATE",
}
_FLAGS = {"nearest": "INTER_NEAREST", "bilinear": "INTER_LINEAR"}
_SCIPY_MODES = {
    "constant": "grid-constant",
    "reflect": "reflect",
    "wrap": "grid-wrap",
    "edge": "nearest",
}
# For others it rounds places to 1/32 of a pixel.
_DTYPES = ("uint8", "uint16", "float32")
_CHANNELS = (1, 3, 4)
_FARTHEST = 2.0**15  # Pixels. It walks to farther ones in steps of a picture, or not at all.


def warp_opencv(images, homography, size, interpolation, fill_mode, fill_value):
    """As `warp`, with integers rounded, where `is_faster_by_opencv`.

    Places are float32, and pixels as exact as those of the other ways: an integer that lies halfway
    between two may be rounded to the other one, a float differs by a few millionths of the contrast
    between neighbours for each pixel of the picture's width.

    The first call switches off OpenCV's own threads, in the whole process: those of the pipeline
    keep the CPUs busy.
    """
    function = functools.partial(
        _warped, interpolation=interpolation, fill_mode=fill_mode, fill_value=fill_value
    )
    if keras.backend.backend() == "torch":
        import torch

        return torch.from_numpy(function(images.numpy(), homography.numpy(), size))
    import tensorflow as tf

    pixels = tf.numpy_function(function, [images, homography, size], images.dtype, stateful=False)
    known = [n if isinstance(n, int) else None for n in size]
    return tf.ensure_shape(pixels, (images.shape[0], *known, images.shape[3]))


def is_faster_by_opencv(images, homography) -> bool:
    """Returns whether OpenCV is there, and takes such images from where they are.

    With TensorFlow that is inside of `tf.data` alone: elsewhere, images may be on a GPU, a gradient
    may be taken, and a graph may be saved to run without Python.
    """
    if images.shape[3] not in _CHANNELS:
        return False
    if keras.backend.standardize_dtype(images.dtype) not in _DTYPES:
        return False
    suits = {"tensorflow": _suits_tensorflow, "torch": _suits_torch}.get(keras.backend.backend())
    return suits is not None and suits(images, homography) and _opencv() is not None


def _suits_tensorflow(images, homography):
    return is_traced_by_tf_data()


def _suits_torch(images, homography):
    import torch

    if torch.compiler.is_compiling() or torch.jit.is_tracing():
        return False
    return all(x.device.type == "cpu" and not x.requires_grad for x in (images, homography))


@functools.cache
def _opencv():
    """Returns OpenCV, or `None` where there is none, or one that interpolates by 1/32 pixels."""
    try:
        import cv2
    except ImportError:
        return None
    if int(cv2.__version__.partition(".")[0]) < 5:
        return None
    cv2.setNumThreads(0)
    return cv2


def _warped(images, homographies, size, interpolation, fill_mode, fill_value):
    cv2 = _opencv()
    height, width = map(int, size)
    warped = np.empty((len(images), height, width, images.shape[3]), images.dtype)
    far = _lead_far(homographies, height, width)
    for image, homography, pixels, is_far in zip(images, homographies, warped, far, strict=True):
        if is_far:
            pixels[:] = _sampled(image, homography, pixels, interpolation, fill_mode, fill_value)
            continue
        cv2.warpPerspective(
            image,
            homography,
            (width, height),
            dst=pixels,
            flags=getattr(cv2, _FLAGS[interpolation]) | cv2.WARP_INVERSE_MAP,
            borderMode=getattr(cv2, _BORDERS[fill_mode]),
            borderValue=(fill_value,) * 4,
            hint=cv2.ALGO_HINT_ACCURATE,
        )
    return warped


def _lead_far(homographies, height, width):
    """Returns whether each homography leads far away; if no corner does, no pixel does."""
    right, bottom = width - 1, height - 1
    corners = np.array([[0, right, 0, right], [0, 0, bottom, bottom], [1, 1, 1, 1]])
    mapped = homographies @ corners
    scale = mapped[:, 2]
    is_near = (np.abs(mapped[:, :2]) < _FARTHEST * scale[:, None]).all(axis=(1, 2))
    return ~is_near


def _sampled(image, homography, pixels, interpolation, fill_mode, fill_value):
    """Returns what SciPy makes of an image: slow, and right at any distance."""
    rows, columns = np.indices(pixels.shape[:2])
    points = np.stack([columns, rows, np.ones_like(rows)]).reshape(3, -1)
    with np.errstate(all="ignore"):
        x, y, scale = homography.astype("float64") @ points
        places = np.nan_to_num(np.stack([y, x]) / scale)
    channels = [
        ndimage.map_coordinates(
            channel.astype("float64"),
            np.clip(places, -(2.0**30), 2.0**30),
            order={"nearest": 0, "bilinear": 1}[interpolation],
            mode=_SCIPY_MODES[fill_mode],
            cval=fill_value,
        )
        for channel in np.moveaxis(image, 2, 0)
    ]
    sampled = np.stack(channels, axis=-1).reshape(pixels.shape)
    return np.rint(sampled) if np.issubdtype(pixels.dtype, np.integer) else sampled
