"""Keras's own augmentation layers in the pipeline, and the reasons why some are replaced."""

import keras
import numpy as np
import pytest
from scipy import stats

from kerasrecipes.data.augment import Augmentation
from tests.layers.augmentation.batches import random_images, to_numpy

KEY = np.array([1, 2], "uint32")


def run(layer, images):
    changed, _ = Augmentation([layer])(images, np.zeros(len(images), "int32"), KEY)
    return to_numpy(changed)


def test_erasing_draws_a_rectangle_for_each_image():
    images = np.full((400, 16, 16, 3), 100, "uint8")
    erased = run(keras.layers.RandomErasing(factor=(0.5, 0.5), fill_value=7), images)
    assert set(np.unique(erased)) == {7, 100}
    hit = (erased == 7).any((1, 2, 3))
    assert stats.binomtest(int(hit.sum()), 400, 0.5).pvalue > 1e-6
    places = {tuple(np.argwhere(image[..., 0] == 7)[0]) for image in erased[hit]}
    assert len(places) > 50
    for image in erased[hit]:
        pasted = np.argwhere(image[..., 0] == 7)
        assert np.prod(pasted.max(0) - pasted.min(0) + 1) == len(pasted)


def test_brightness_does_not_wrap_around_in_uint8():
    images = random_images((30, 8, 8, 3))
    darker = run(keras.layers.RandomBrightness((-0.2, -0.2)), images)
    np.testing.assert_allclose(darker, np.clip(images.astype("float64") - 51, 0, 255), atol=1e-4)


def test_sharpness_draws_for_each_image_and_darkens_the_border():
    images = np.repeat(random_images((1, 12, 12, 3)), 20, axis=0)
    sharp = run(keras.layers.RandomSharpness((0.0, 1.0)), images)
    assert len({image.tobytes() for image in sharp}) == 20
    # It assumes black pixels outside, which is the reason for `RandomSharpening`.
    flat = run(keras.layers.RandomSharpness((0.0, 0.0)), np.full((1, 8, 8, 3), 200, "uint8"))
    assert flat[0, 4, 4, 0] == pytest.approx(200, abs=1e-3)
    assert flat[0, 0, 0, 0] < 150


def test_gaussian_blur_draws_one_width_for_all_and_darkens_the_border():
    # These are the reasons for `RandomBlur`.
    images = np.repeat(random_images((1, 12, 12, 3)), 20, axis=0)
    layer = keras.layers.RandomGaussianBlur((1.0, 1.0), kernel_size=5, sigma=(0.1, 1.0))
    assert len({image.tobytes() for image in run(layer, images)}) == 1
    flat = run(layer, np.full((1, 8, 8, 3), 200, "uint8"))
    assert flat[0, 0, 0, 0] < 190 < flat[0, 4, 4, 0]


@pytest.mark.tensorflow_only
def test_elastic_transform_draws_one_field_for_a_batch_of_unknown_size():
    # This is the reason for `RandomElasticDistortion`.
    import tensorflow as tf

    images = np.repeat(random_images((1, 12, 12, 3)), 8, axis=0)
    layer = keras.layers.RandomElasticTransform(factor=(1.0, 1.0), scale=(1.0, 1.0), seed=0)

    @tf.function(input_signature=[tf.TensorSpec((None, 12, 12, 3), "uint8")])
    def changed(images):
        drawn = layer.get_random_transformation(images)
        return layer.transform_images(images, drawn)

    results = changed(images).numpy()
    assert (results[0] != images[0]).any()
    assert len({image.tobytes() for image in results}) == 1
