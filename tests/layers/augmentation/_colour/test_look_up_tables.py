import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.layers.augmentation._colour import look_up_tables as module
from kerasrecipes.layers.augmentation._colour.look_up_tables import look_up
from kerasrecipes.layers.augmentation._warp.opencv_calls import reaches_opencv

RNG = np.random.default_rng(0)


def pixels(channels):
    return RNG.integers(0, 256, (4, 5, 7, channels), "uint8")


def reference(pixels, tables):
    tables = np.broadcast_to(tables.reshape(4, -1, 256), (4, pixels.shape[3], 256))
    each = [
        [tables[n, c][pixels[n, :, :, c]] for c in range(pixels.shape[3])]
        for n in range(len(pixels))
    ]
    return np.moveaxis(np.array(each), 1, 3)


CASES = [(1, (4, 256)), (3, (4, 256)), (1, (4, 1, 256)), (3, (4, 3, 256)), (4, (4, 4, 256))]


@pytest.mark.parametrize(("channels", "shape"), CASES)
def test_every_pixel_is_replaced(channels, shape, monkeypatch):
    monkeypatch.setattr(module, "reaches_opencv", lambda *tensors: False)
    images, tables = pixels(channels), RNG.integers(0, 256, shape, "uint8")
    found = ops.convert_to_numpy(look_up(*map(ops.convert_to_tensor, (images, tables))))
    np.testing.assert_array_equal(found, reference(images, tables))
    assert found.dtype == "uint8"


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX looks up on the device, jitted")
@pytest.mark.parametrize(("channels", "shape"), CASES)
def test_opencv_does_the_same_in_a_pipeline(channels, shape):
    pytest.importorskip("cv2", "5", reason="OpenCV 5 is not installed")
    images, tables = pixels(channels), RNG.integers(0, 256, shape, "uint8")

    def function(images, tables):
        assert reaches_opencv(images, tables)
        return look_up(images, tables)

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        dataset = tf.data.Dataset.from_tensors((images, tables)).map(function)
        found = next(dataset.as_numpy_iterator())
    else:
        found = ops.convert_to_numpy(function(*map(ops.convert_to_tensor, (images, tables))))
    np.testing.assert_array_equal(found, reference(images, tables))
