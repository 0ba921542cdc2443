import sys
import time

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.data.augment import Augmentation
from kerasrecipes.layers import RandomGeometry
from kerasrecipes.layers.augmentation._warp import opencv_calls
from kerasrecipes.layers.augmentation._warp.opencv_warping import (
    _lead_far,
    _sampled,
    is_faster_by_opencv,
)
from kerasrecipes.layers.augmentation._warp.warping import FILL_MODES, INTERPOLATIONS, warp
from tests.layers.augmentation.geometry import sample

cv2 = pytest.importorskip("cv2", "5", reason="OpenCV 5 is not installed")
pytestmark = pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="JAX warps on the device, jitted"
)

SIZE = (9, 12)
# Affine, with perspective, half outside, and stretched.
HOMOGRAPHIES = np.array(
    [
        [[0.8311, -0.3129, 2.1713], [0.2917, 0.9137, -1.4319], [0, 0, 1]],
        [[1.0711, 0.1213, -1.3127], [0.0519, 0.9329, 0.7717], [0.0131, -0.0171, 1]],
        [[2.7113, 0.3319, -9.313], [-0.4117, 2.9329, -5.7123], [0, 0, 1]],
        [[0.3719, 0, 3.2113], [0, 0.5327, 1.7929], [0, 0, 1]],
    ],
    "float32",
)


def pictures(dtype, channels=3):
    most = 60_000 if dtype == "uint16" else 255
    rng = np.random.default_rng(0)
    return rng.integers(0, most, (4, *SIZE, channels), endpoint=True).astype(dtype)


def in_pipeline(function, *arrays):
    """Calls a function as a pipeline would."""
    if keras.backend.backend() != "tensorflow":
        return ops.convert_to_numpy(function(*map(ops.convert_to_tensor, arrays)))
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensors(arrays).map(function)
    return next(dataset.as_numpy_iterator())


def warped(images, homographies=HOMOGRAPHIES, size=SIZE, **options):
    options = {"interpolation": "bilinear", "fill_mode": "constant", "fill_value": 7, **options}

    def function(images, homographies):
        assert is_faster_by_opencv(images, homographies)
        return warp(images, homographies, size, **options)

    return in_pipeline(function, images, homographies)


def reference(images, size, interpolation, fill_mode, homographies=HOMOGRAPHIES):
    pairs = zip(images, homographies, strict=True)
    return np.stack([sample(x, h, size, interpolation, fill_mode, 7) for x, h in pairs])


@pytest.mark.parametrize("fill_mode", FILL_MODES)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_pixels_equal_scipy_s_in_float64(dtype, channels, interpolation, fill_mode):
    if dtype == "uint16" and keras.backend.backend() == "torch":
        pytest.skip("Keras makes int32 of it on PyTorch")
    size = (7, 13)
    images = pictures(dtype, channels)
    received = warped(images, size=size, interpolation=interpolation, fill_mode=fill_mode)
    assert received.shape == (4, 7, 13, channels)
    assert received.dtype == dtype
    expected = reference(images, size, interpolation, fill_mode)
    # Places are rounded to 2e-6 pixels, and neighbouring pixels differ by up to 255 or 60,000.
    atol = {"uint8": 0.503, "uint16": 1.2, "float32": 3e-3}[dtype]
    np.testing.assert_allclose(received, expected, atol=atol)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_whole_pixels_are_moved_without_a_change_of_a_bit(dtype, interpolation):
    images = np.random.default_rng(1).uniform(0, 255, (5, 37, 37, 3)).astype(dtype)
    homographies = np.stack([np.eye(3)] * 5).astype("float32")
    homographies[1, 0] = [-1, 0, 36]
    homographies[2, 1] = [0, -1, 36]
    homographies[3, :2] = [[0, -1, 36], [1, 0, 0]]
    homographies[4, :2, 2] = [3, -5]
    received = warped(images, homographies, (37, 37), interpolation=interpolation)
    first, across, down, turned, moved = images
    filled = np.full_like(moved, 7)
    filled[5:, :-3] = moved[:-5, 3:]
    expected = np.stack([first, across[:, ::-1], down[::-1], np.rot90(turned), filled])
    np.testing.assert_array_equal(received, expected)


@pytest.mark.parametrize("fill_mode", FILL_MODES)
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_places_at_any_distance_end_and_are_right(interpolation, fill_mode):
    homographies = np.repeat(HOMOGRAPHIES[:1], 4, axis=0)
    homographies[0, :2, 2] = 2.0**20, -(2.0**19)
    homographies[1, :2, 2] = 2.0**60
    homographies[2, 2] = -0.25, 0, 1  # Divides by zero in column 4, by less beyond.
    images = pictures("float32")
    start = time.process_time()
    received = warped(images, homographies, interpolation=interpolation, fill_mode=fill_mode)
    # OpenCV would take seconds to reach such places, or never reach them.
    assert time.process_time() - start < 5
    assert 0 <= received.min() <= received.max() <= 255
    chosen = [0, 3]
    expected = reference(
        images[chosen], SIZE, interpolation, fill_mode, homographies=homographies[chosen]
    )
    np.testing.assert_allclose(received[chosen], expected, atol=3e-3)


@pytest.mark.parametrize(("dtype", "channels"), [("uint8", 2), ("float32", 5), ("float16", 3)])
def test_what_opencv_rounds_goes_another_way(dtype, channels):
    images = pictures(dtype, channels)

    def function(images, homographies):
        assert not is_faster_by_opencv(images, homographies)
        return warp(images, homographies, SIZE, interpolation="bilinear", fill_mode="edge")

    received = in_pipeline(function, images, HOMOGRAPHIES)
    expected = reference(images, SIZE, "bilinear", "edge")
    np.testing.assert_allclose(received, expected, atol=0.51)


@pytest.mark.parametrize("version", [None, "4.12.0"])
def test_without_opencv_5_pixels_are_the_same_within_a_rounding(monkeypatch, version):
    layer = RandomGeometry(rotation_degrees=30, scale=1.5, horizontal_flip=0.5, fill_mode="reflect")
    augmentation = Augmentation([layer])
    images = pictures("uint8")

    def function(images, key):
        return augmentation(images, np.zeros(4, "int32"), key)[0]

    key = np.array([1, 2], "uint32")
    installed = in_pipeline(function, images, key)
    if version is None:
        monkeypatch.setitem(sys.modules, "cv2", None)
    else:
        monkeypatch.setattr(cv2, "__version__", version)
    monkeypatch.setattr(opencv_calls, "opencv", opencv_calls.opencv.__wrapped__)
    assert opencv_calls.opencv() is None
    missing = in_pipeline(function, images, key)
    assert np.abs(installed.astype(int) - missing).max() <= 1


def test_opencv_starts_no_threads_of_its_own():
    warped(pictures("uint8"))
    assert cv2.getNumThreads() == 1


@pytest.mark.tensorflow_only
def test_sizes_are_kept_where_they_are_known():
    import tensorflow as tf

    def shape(known, **options):
        signature = tf.TensorSpec(known, "uint8")
        dataset = tf.data.Dataset.from_generator(list, output_signature=signature)
        augmentation = Augmentation([RandomGeometry(horizontal_flip=0.5, **options)])

        def function(images):
            return augmentation(images, tf.zeros(tf.shape(images)[0]), tf.constant([1, 2]))[0]

        return tuple(dataset.map(function).element_spec.shape)

    assert shape((None, 8, 6, 3)) == (None, 8, 6, 3)
    assert shape((None, None, None, 3)) == (None, None, None, 3)
    assert shape((4, None, None, 1), size=(5, 7)) == (4, 5, 7, 1)


@pytest.mark.tensorflow_only
@pytest.mark.parametrize("workers", [2, 4])
def test_pictures_do_not_depend_on_the_number_of_workers(workers):
    import tensorflow as tf

    augmentation = Augmentation([RandomGeometry(rotation_degrees=30, scale=1.5)])
    images = pictures("uint8")

    def function(step):
        key = tf.stack([step, 3])
        return augmentation(images, np.zeros(4, "int32"), key)[0]

    def batches(**options):
        dataset = tf.data.Dataset.range(12).map(function, **options)
        return np.stack(list(dataset.as_numpy_iterator()))

    np.testing.assert_array_equal(batches(), batches(num_parallel_calls=workers))


def test_gradients_of_pixels_are_not_lost():
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        images = tf.Variable(pictures("float32"))
        with tf.GradientTape() as tape:
            moved = warp(images, HOMOGRAPHIES, SIZE, interpolation="bilinear", fill_mode="edge")
        gradient = tape.gradient(moved, images).numpy()
    else:
        import torch

        images = torch.tensor(pictures("float32"), requires_grad=True)
        homographies = torch.tensor(HOMOGRAPHIES)
        warp(
            images, homographies, SIZE, interpolation="bilinear", fill_mode="edge"
        ).sum().backward()
        gradient = images.grad.numpy()
    # Each output pixel's weights sum to one.
    np.testing.assert_allclose(gradient.sum(), 4 * np.prod(SIZE) * 3, rtol=1e-4)


def test_corners_of_the_image_decide_whether_it_leads_far():
    height, width = SIZE
    homographies = np.stack([np.eye(3)] * 6)
    for row, end in ((0, width - 1), (1, height - 1)):
        for number, factor in enumerate((0.999, 1.001, -1.001)):
            homographies[3 * row + number, row, row] = factor * 2.0**15 / end
    assert _lead_far(homographies, height, width).tolist() == [False, True, True] * 2


@pytest.mark.parametrize("away", [1000.0, -1000.0])
def test_places_far_away_are_reflected_as_often_as_it_takes(away):
    image = pictures("uint8")[0]
    shift = np.array([[1, 0, away], [0, 1, away], [0, 0, 1]])
    rows, columns = (np.pad(np.arange(n), 1100, "symmetric") for n in SIZE)
    start = 1100 + int(away)
    expected = image[rows[start : start + SIZE[0]]][:, columns[start : start + SIZE[1]]]
    received = _sampled(image, shift, np.empty_like(image), "nearest", "reflect", 0)
    np.testing.assert_array_equal(received, expected)
