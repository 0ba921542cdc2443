import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.layers.augmentation import AugmentationLayer

IMAGES = np.arange(2 * 3 * 3 * 1, dtype="float32").reshape(2, 3, 3, 1)
LABELS = np.array([3, 7])


class AddNoise(AugmentationLayer):
    """Adds one random number to each image."""

    def draw_transformation(self, images, seed):
        return {"noise": keras.random.uniform((ops.shape(images)[0], 1, 1, 1), seed=seed)}

    def augment_images(self, images, transformation):
        return images + transformation["noise"]


class AddToLabels(AddNoise):
    def augment_labels(self, labels, transformation):
        return labels + transformation["noise"][:, 0, 0, 0]


def to_numpy(x):
    return ops.convert_to_numpy(x)


def test_a_call_draws_and_applies():
    called = to_numpy(AddNoise(seed=1)(IMAGES))
    layer = AddNoise(seed=1)
    drawn = layer.get_random_transformation(IMAGES)
    np.testing.assert_array_equal(called, IMAGES + to_numpy(drawn["noise"]))
    np.testing.assert_array_equal(called, to_numpy(layer.transform_images(IMAGES, drawn)))


def test_consecutive_calls_draw_anew():
    layer = AddNoise(seed=1)
    first, second = to_numpy(layer(IMAGES)), to_numpy(layer(IMAGES))
    assert (first != second).all()


def test_without_training_nothing_changes_and_nothing_is_drawn():
    layer = AddToLabels(seed=1)
    before = to_numpy(layer.generator.state)
    assert layer.get_random_transformation(IMAGES, training=False) is None
    assert layer.transform_images(IMAGES, None, training=False) is IMAGES
    assert layer.transform_labels(LABELS, None, training=False) is LABELS
    np.testing.assert_array_equal(to_numpy(layer(IMAGES, training=False)), IMAGES)
    np.testing.assert_array_equal(to_numpy(layer.generator.state), before)


def test_labels_stay_unless_the_subclass_changes_them():
    layer = AddNoise(seed=1)
    drawn = layer.get_random_transformation(IMAGES)
    np.testing.assert_array_equal(to_numpy(layer.transform_labels(LABELS, drawn)), LABELS)
    labels = LABELS.astype("float32")
    changed = to_numpy(AddToLabels().transform_labels(labels, drawn))
    np.testing.assert_array_equal(changed, labels + to_numpy(drawn["noise"])[:, 0, 0, 0])


def test_a_given_seed_replaces_the_layers_own_generator():
    layer = AddNoise(seed=1)
    before = to_numpy(layer.generator.state)
    drawn = layer.get_random_transformation(IMAGES, seed=keras.random.SeedGenerator(5))
    expected = keras.random.uniform((2, 1, 1, 1), seed=keras.random.SeedGenerator(5))
    np.testing.assert_array_equal(to_numpy(drawn["noise"]), to_numpy(expected))
    np.testing.assert_array_equal(to_numpy(layer.generator.state), before)


def test_images_are_not_cast_to_the_compute_dtype():
    images = IMAGES + np.float32(1e-4)  # float16 has no such numbers
    assert (
        keras.backend.standardize_dtype(AddNoise(dtype="mixed_float16")(images).dtype) == "float32"
    )


def test_the_seed_is_in_the_config():
    config = AddNoise(seed=3, name="noise").get_config()
    assert config["seed"] == 3
    assert AddNoise.from_config(config).get_config() == config


def test_one_image_without_a_batch_axis_is_refused():
    with pytest.raises(ValueError, match=r"\(batch, height, width, channels\).*\(3, 3, 1\)"):
        AddNoise()(IMAGES[0])


@pytest.mark.parametrize("method", ["draw_transformation", "augment_images"])
def test_a_subclass_that_lacks_a_method_is_told_so(method):
    with pytest.raises(NotImplementedError, match=f"AugmentationLayer must implement `{method}`"):
        getattr(AugmentationLayer(), method)(IMAGES, None)
