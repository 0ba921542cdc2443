"""Images seen through homographies, with one interpolation, by each backend's fastest way."""

import keras
from keras import ops

from kerasrecipes.base.tracing import is_compiled_by_xla
from kerasrecipes.layers.augmentation._warp.opencv_warping import is_faster_by_opencv, warp_opencv
from kerasrecipes.layers.augmentation.rounding import check_holds, round_to

INTERPOLATIONS = ("nearest", "bilinear")
FILL_MODES = ("constant", "reflect", "wrap", "edge")


def warp(images, homography, size, *, interpolation, fill_mode, fill_value=0.0):
    """Returns images of which each pixel shows the place that its homography leads to.

    Outside of the image lies what `fill_mode` says, from the centres of the outermost pixels on:
    interpolation goes over to it within a pixel, as with SciPy's `"grid-constant"`, `"reflect"`,
    `"grid-wrap"` and `"nearest"`.

    The ways agree to within float32's rounding of places, and choose by what is installed and where
    the images are, never by how many workers there are. To install or remove OpenCV, which is used
    where it is there, may change an integer by one, and which of two equally near pixels is taken.

    Args:
        images: `(batch, height, width, channels)`, integer or float.
        homography: `(batch, 3, 3)`, float32, from pixels of the output to pixels of `images`, with
            1 in the last place.
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
    return round_to(warped, dtype, is_within=True)  # As averages of what the images hold.


def _fastest(images, homography, fill_mode):
    backend = keras.backend.backend()
    if is_faster_by_opencv(images, homography):
        return warp_opencv
    if backend == "tensorflow" and fill_mode != "wrap" and not is_compiled_by_xla():
        from kerasrecipes.layers.augmentation._warp.tensorflow_warping import warp_tensorflow

        return warp_tensorflow
    if backend == "torch" and fill_mode != "wrap":
        from kerasrecipes.layers.augmentation._warp.torch_warping import warp_torch

        return warp_torch
    from kerasrecipes.layers.augmentation._warp.gathering import warp_gather

    return warp_gather
