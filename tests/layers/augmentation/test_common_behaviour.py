"""Augmentation layers that keep pixels in their places or mix samples: what they have in common."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.base.keyed_seeds import KeyedSeedGenerator
from kerasrecipes.layers.augmentation import AugmentationLayer
from kerasrecipes.layers.augmentation._warp.geometric_layer import GeometricLayer
from kerasrecipes.layers.augmentation.protocol import mixes_labels
from tests.layers.augmentation.batches import (
    augment,
    compiled,
    random_images,
    random_key,
    to_numpy,
)
from tests.layers.cases import make, rows_of

LAYERS = rows_of(AugmentationLayer, but=GeometricLayer)
# One shape for nearly all tests, since JAX compiles each operation for each shape.
SHAPE = (8, 7, 9, 3)
LABELS = np.array([0, 1, 2, 3, 0, 1, 2, 3])


@pytest.mark.parametrize("name", LAYERS)
def test_a_copy_from_the_config_draws_the_same(name):
    layer = make(name, seed=3)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    images = random_images(SHAPE)
    np.testing.assert_array_equal(*(augment(each, images) for each in (layer, again)))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("name", LAYERS)
def test_pixels_keep_dtype_shape_and_range_and_the_same_seed_gives_the_same(name, dtype):
    images = random_images(SHAPE, dtype)
    first, again, other = (augment(make(name), images, seed=seed) for seed in (1, 1, 2))
    assert (first.dtype, first.shape) == (dtype, images.shape)
    # Weights sum to one up to rounding.
    assert first.min() >= -1e-3
    assert first.max() <= 255.001
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first != images).any()


@pytest.mark.parametrize("name", LAYERS)
def test_without_training_nothing_changes(name):
    layer, images = make(name), random_images(SHAPE)
    np.testing.assert_array_equal(to_numpy(layer(images, training=False)), images)
    data = layer({"images": images, "labels": LABELS}, training=False)
    np.testing.assert_array_equal(to_numpy(data["labels"]), LABELS)


@pytest.mark.parametrize("name", LAYERS)
def test_a_dictionary_of_images_and_labels(name):
    images = random_images(SHAPE)
    data = make(name)({"images": images, "labels": LABELS})
    assert data["images"].shape == images.shape
    labels = to_numpy(data["labels"])
    if mixes_labels(make(name)):
        np.testing.assert_allclose(labels.sum(-1), 1, atol=1e-6)
    else:
        np.testing.assert_array_equal(labels, LABELS)


@pytest.mark.parametrize("name", LAYERS)
def test_compiled_gives_what_eager_gives(name):
    images, layer = random_images(SHAPE), make(name)

    def run(images, key):
        drawn = layer.get_random_transformation(images, seed=KeyedSeedGenerator(key))
        return layer.transform_images(images, drawn)

    arguments = ops.convert_to_tensor(images), random_key()
    eager, traced = to_numpy(run(*arguments)), to_numpy(compiled(run)(*arguments))
    # Rounding to whole pixels turns a difference in the last bit into one.
    assert np.abs(eager.astype(int) - traced.astype(int)).max() <= 1
    assert (eager != traced).mean() < 0.01


@pytest.mark.tensorflow_only
@pytest.mark.parametrize("name", LAYERS)
def test_one_channel(name):
    images = random_images((4, 8, 8, 1))
    assert augment(make(name), images).shape == images.shape


@pytest.mark.tensorflow_only
@pytest.mark.parametrize("name", LAYERS)
def test_tf_data_with_unknown_batch_and_image_sizes(name):
    import tensorflow as tf

    layer = make(name, seed=0)
    images = random_images((6, 9, 7, 3))
    dataset = tf.data.Dataset.from_tensor_slices((images, LABELS[:6])).batch(4)

    def run(images, labels):
        images = tf.raw_ops.PlaceholderWithDefault(input=images, shape=[None, None, None, 3])
        return layer({"images": images, "labels": labels})

    received = [batch["images"].shape for batch in dataset.map(run)]
    assert [tuple(shape) for shape in received] == [(4, 9, 7, 3), (2, 9, 7, 3)]


@pytest.mark.parametrize("name", LAYERS)
def test_each_sample_draws_its_own(name):
    # Of four copies each of two images, draws for the whole batch would make two results. With a
    # probability of 0.3**8 = 7e-5 `RandomApply` changes none of the eight.
    images = np.repeat(random_images(SHAPE)[:2], 4, axis=0)
    results = augment(make(name), images)
    assert len({image.tobytes() for image in results}) > 2
