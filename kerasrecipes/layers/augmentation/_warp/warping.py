"""Warps of images by homographies, with the fastest implementation for each backend."""

import keras
from keras import ops

from kerasrecipes.base.private.tracing import is_compiled_by_xla
from kerasrecipes.layers.augmentation._warp.gathering import warp_gather
from kerasrecipes.layers.augmentation._warp.opencv_warping import is_faster_by_opencv, warp_opencv
from kerasrecipes.layers.augmentation._warp.torch_warping import warp_torch
from kerasrecipes.layers.augmentation.rounding import check_holds, round_to

INTERPOLATIONS = ("nearest", "bilinear")
FILL_MODES = ("constant", "reflect", "wrap", "edge")
_TENSORFLOW_FILL_MODES = {"constant": "CONSTANT", "reflect": "REFLECT", "edge": "NEAREST"}


def warp(images, homography, size, *, interpolation, fill_mode, fill_value=0.0):
    """Returns images each pixel of which shows the place that its homography maps it to.

    `fill_mode` determines what lies outside of the image. Beyond the centres of the outermost
    pixels, these are interpolated with the filling over the length of one pixel, as with SciPy's
    modes `"grid-constant"`, `"reflect"`, `"grid-wrap"` and `"nearest"`.

    All implementations agree to within float32's rounding of places. Which one is used depends on
    what is installed and where the images are, but never on the number of workers. OpenCV is used
    if it is installed. Whether it is may change an integer by one, and which of two equally near
    pixels is shown.

    Args:
        images: `(batch, height, width, channels)`, integer or float.
        homography: `(batch, 3, 3)`, float32, which maps pixels of the output to pixels of `images`,
            with 1 as its last entry.
        size: `(height, width)` of the output.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: `"constant"`, `"reflect"`, `"wrap"` or `"edge"`.
        fill_value: Float, in units of a pixel.

    Returns:
        `(batch, *size, channels)`, in the dtype of `images`; integers are rounded.
    """
    images = ops.convert_to_tensor(images)
    dtype = keras.backend.standardize_dtype(images.dtype)
    if fill_mode == "constant":
        check_holds("fill_value", fill_value, dtype)
    function = _fastest(images, homography, fill_mode)
    warped = function(images, homography, size, interpolation, fill_mode, fill_value)
    # Averages of pixels cannot leave their range.
    return round_to(warped, dtype, is_within=True)


def _fastest(images, homography, fill_mode):
    backend = keras.backend.backend()
    if is_faster_by_opencv(images, homography):
        return warp_opencv
    if backend == "tensorflow" and fill_mode != "wrap" and not is_compiled_by_xla():
        return warp_tensorflow
    if backend == "torch" and fill_mode != "wrap":
        return warp_torch
    return warp_gather


def warp_tensorflow(images, homography, size, interpolation, fill_mode, fill_value):
    """Does what `warp` does, but bilinear interpolation of integers returns float32.

    TensorFlow's own operation is fast on CPUs. XLA cannot compile it.
    """
    import tensorflow as tf

    if interpolation == "bilinear" and not images.dtype.is_floating:
        images = tf.cast(images, "float32")  # It would truncate results for integers.
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.reshape(homography, (-1, 9))[:, :8],
        output_shape=size,
        fill_value=fill_value,
        interpolation=interpolation.upper(),
        fill_mode=_TENSORFLOW_FILL_MODES[fill_mode],
    )
