"""Layers inside of `tf.data` pipelines, on every backend."""

import keras
import numpy as np
import pytest

from kerasrecipes.layers import Centering
from kerasrecipes.layers.augmentation.augmentation_layer import AugmentationLayer
from tests.layers.cases import make, rows_of

tf = pytest.importorskip("tensorflow")

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype("uint8")
LABELS = np.eye(4, dtype="float32")


def mapped(function, data):
    (batch,) = tf.data.Dataset.from_tensor_slices(data).batch(4).map(function)
    return keras.tree.map_structure(lambda tensor: tensor.numpy(), batch)


@pytest.mark.parametrize("name", rows_of(AugmentationLayer))
def test_every_augmentation_layer_runs_in_tf_data(name):
    layer = make(name)
    found = mapped(layer, {"images": IMAGES, "labels": LABELS})
    assert found["images"].dtype == IMAGES.dtype
    assert len(found["images"]) == 4
    assert found["labels"].shape == LABELS.shape


def test_what_is_computed_is_what_the_layer_computes():
    layer = Centering()
    layer.adapt(IMAGES)
    np.testing.assert_allclose(mapped(layer, IMAGES), layer(IMAGES), rtol=1e-6)
    off = make("RandomPadCrop", seed=1)
    np.testing.assert_array_equal(mapped(lambda x: off(x, training=False), IMAGES), IMAGES)


def test_shapes_are_known_and_batches_differ():
    layer = make("RandomResizedCrop", size=(6, 5), seed=1)
    dataset = tf.data.Dataset.from_tensor_slices(IMAGES).batch(4).repeat(2).map(layer)
    assert dataset.element_spec.shape.as_list()[1:] == [6, 5, 3]
    first, second = (batch.numpy() for batch in dataset)
    assert (first != second).any()
