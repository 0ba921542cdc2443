"""Warps by OpenCV: on CPUs, several times as fast as those of TensorFlow and PyTorch."""

import functools

import keras
import numpy as np
from keras import ops
from scipy import ndimage

from kerasrecipes.layers.augmentation._warp.opencv_calls import (
    call_with_arrays,
    opencv,
    reaches_opencv,
)

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
# For other dtypes and numbers of channels OpenCV rounds places to 1/32 of a pixel.
_DTYPES = ("uint8", "uint16", "float32")
_CHANNELS = (1, 3, 4)
# Pixels. OpenCV reaches farther places in steps of the image's size, or not at all.
_FARTHEST = 2.0**15


def warp_opencv(images, homography, size, interpolation, fill_mode, fill_value):
    """Does what `warp` does, where `is_faster_by_opencv`. Integers are rounded.

    Places are float32, and results as exact as those of the other implementations. Integers that
    lie halfway between two may be rounded the other way. Floats differ by a few millionths of the
    contrast between neighbours for each pixel of the image's width.
    """
    function = functools.partial(
        _warped, interpolation=interpolation, fill_mode=fill_mode, fill_value=fill_value
    )
    arrays = [images, homography, ops.convert_to_tensor(size)]
    known = [n if isinstance(n, int) else None for n in size]
    shape = (images.shape[0], *known, images.shape[3])
    return call_with_arrays(function, arrays, images.dtype, shape)


def is_faster_by_opencv(images, homography) -> bool:
    """Returns whether OpenCV can be used for these images."""
    if images.shape[3] not in _CHANNELS:
        return False
    if keras.backend.standardize_dtype(images.dtype) not in _DTYPES:
        return False
    return reaches_opencv(images, homography)


def _warped(images, homographies, size, interpolation, fill_mode, fill_value):
    cv2 = opencv()
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
    """Returns whether each homography maps a corner far away. If none is, no other pixel is."""
    right, bottom = width - 1, height - 1
    corners = np.array([[0, right, 0, right], [0, 0, bottom, bottom], [1, 1, 1, 1]])
    mapped = homographies @ corners
    scale = mapped[:, 2]
    is_near = (np.abs(mapped[:, :2]) < _FARTHEST * scale[:, None]).all(axis=(1, 2))
    return ~is_near


def _sampled(image, homography, pixels, interpolation, fill_mode, fill_value):
    """Returns a warped image, by SciPy: slowly, and right at any distance."""
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
