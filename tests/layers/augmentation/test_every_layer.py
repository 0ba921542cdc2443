"""What all augmentation layers that see one sample at a time, and those that mix, have in common.

A row for each layer, with a value other than the default for every argument.
"""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes import layers
from kerasrecipes.layers.augmentation.protocol import mixes_labels
from kerasrecipes.recipe import registry
from tests.layers.augmentation.batches import (
    WordsSeed,
    augment,
    compiled,
    random_images,
    random_words,
    to_numpy,
)

CASES = {
    "FancyPCA": {
        "stddev": 1.0, "covariance": [[0.06, 0.05, 0.04], [0.05, 0.06, 0.05], [0.04, 0.05, 0.06]],
        "value_range": (0, 253),
    },
    "MixedSamples": {
        "mixup_alpha": 0.5, "cutmix_alpha": 2.0, "cutmix_probability": 0.3, "probability": 0.9,
        "classes": 4,
    },
    "PolicyAugment": {
        "policy": "randaugment", "operations": 3, "magnitude": 7.0, "value_range": (0, 253),
        "interpolation": "bilinear", "fill_value": 7,
    },
    "RandomApply": {
        "layers": lambda: [keras.layers.RandomFlip(), layers.RandomNoise(gaussian=0.2)],
        "probability": 0.7,
    },
    "RandomBlur": {"sigma_pixels": (0.5, 1.5)},
    "RandomChoice": {
        "layers": lambda: [keras.layers.RandomFlip(), layers.RandomNoise(speckle=0.2)],
        "probabilities": [1, 2],
    },
    "RandomElasticDistortion": {
        "displacement_pixels": (1.0, 2.0), "smoothness_pixels": 2.0, "interpolation": "nearest",
        "fill_mode": "constant", "fill_value": 7.0,
    },
    "RandomNoise": {
        "gaussian": 0.2, "speckle": (0.1, 0.2), "salt_and_pepper": 0.1, "value_range": (0, 254),
    },
    "RandomPhotometry": {
        "brightness": 0.2, "contrast": (0.5, 1.0), "saturation": 0.3, "hue_degrees": 40.0,
        "color_cast": 0.1, "grayscale": 0.2, "inversion": 0.2, "gamma": 1.5, "posterize_bits": 5,
        "solarize": 0.3, "value_range": (0, 253),
    },
    "RandomSharpening": {"amount": (0.5, 1.0), "sigma_pixels": 1.5, "value_range": (0, 254)},
}  # fmt: skip
# One shape for nearly all: JAX compiles each operation anew for another.
SHAPE = (8, 7, 9, 3)
LABELS = np.array([0, 1, 2, 3, 0, 1, 2, 3])


def make(name, **more):
    given = {k: v() if callable(v) else v for k, v in CASES[name].items()}
    return getattr(layers, name)(**given, **more)


@pytest.mark.parametrize("name", CASES)
def test_a_case_covers_every_argument(name):
    arguments = registry.arguments(getattr(layers, name))
    own = list(arguments)[: list(arguments).index("seed")]
    assert list(CASES[name]) == own
    for argument, value in CASES[name].items():
        assert arguments[argument].default != value


@pytest.mark.parametrize("name", CASES)
def test_config_and_reload(name):
    layer = make(name, seed=3)
    config = layer.get_config()
    assert config["seed"] == 3
    plain = [argument for argument, value in CASES[name].items() if not callable(value)]
    assert {argument: config[argument] for argument in plain} == {
        argument: CASES[name][argument] for argument in plain
    }
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    images = random_images(SHAPE)
    np.testing.assert_array_equal(*(augment(each, images) for each in (layer, again)))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_pixels_keep_dtype_shape_and_range_and_the_same_seed_gives_the_same(name, dtype):
    images = random_images(SHAPE, dtype)
    first, again, other = (augment(make(name), images, seed=seed) for seed in (1, 1, 2))
    assert (first.dtype, first.shape) == (dtype, images.shape)
    # Weights that sum to one do so to a rounding.
    assert first.min() >= -1e-3
    assert first.max() <= 255.001
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first != images).any()


@pytest.mark.parametrize("name", CASES)
def test_without_training_nothing_changes(name):
    layer, images = make(name), random_images(SHAPE)
    np.testing.assert_array_equal(to_numpy(layer(images, training=False)), images)
    data = layer({"images": images, "labels": LABELS}, training=False)
    np.testing.assert_array_equal(to_numpy(data["labels"]), LABELS)


@pytest.mark.parametrize("name", CASES)
def test_a_dictionary_of_images_and_labels(name):
    images = random_images(SHAPE)
    data = make(name)({"images": images, "labels": LABELS})
    assert data["images"].shape == images.shape
    labels = to_numpy(data["labels"])
    if mixes_labels(make(name)):
        np.testing.assert_allclose(labels.sum(-1), 1, atol=1e-6)
    else:
        np.testing.assert_array_equal(labels, LABELS)


@pytest.mark.parametrize("name", CASES)
def test_compiled_gives_what_eager_gives(name):
    images, layer = random_images(SHAPE), make(name)

    def run(images, words):
        drawn = layer.get_random_transformation(images, seed=WordsSeed(words))
        return layer.transform_images(images, drawn)

    arguments = ops.convert_to_tensor(images), random_words()
    eager, traced = to_numpy(run(*arguments)), to_numpy(compiled(run)(*arguments))
    # Rounding to whole pixels turns a difference in the last bit into one.
    assert np.abs(eager.astype(int) - traced.astype(int)).max() <= 1
    assert (eager != traced).mean() < 0.01


@pytest.mark.tensorflow_only
@pytest.mark.parametrize("name", CASES)
def test_one_channel(name):
    images = random_images((4, 8, 8, 1))
    assert augment(make(name), images).shape == images.shape


@pytest.mark.tensorflow_only
@pytest.mark.parametrize("name", CASES)
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


@pytest.mark.parametrize("name", CASES)
def test_samples_draw_apart(name):
    # Four copies of each of two images: draws for the whole batch would leave two results. Of eight
    # samples `RandomApply` leaves all as they are with a probability of 0.3**8 = 7e-5.
    images = np.repeat(random_images(SHAPE)[:2], 4, axis=0)
    results = augment(make(name), images)
    assert len({image.tobytes() for image in results}) > 2
