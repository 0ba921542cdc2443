"""Geometric layers: what they have in common, and how they are fused."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes import layers
from kerasrecipes.base.keyed_seeds import KeyedSeedGenerator
from kerasrecipes.data.augment import Augmentation
from kerasrecipes.layers import RandomGeometry, RandomPadCrop, RandomResizedCrop
from kerasrecipes.layers.augmentation._warp.fusion import fuse
from kerasrecipes.layers.augmentation._warp.geometric_layer import GeometricLayer
from kerasrecipes.layers.augmentation._warp.homography import translation
from tests.layers.augmentation.batches import (
    augment,
    compiled,
    random_images,
    random_key,
    to_numpy,
)
from tests.layers.augmentation.geometry import sample
from tests.layers.cases import make, rows_of

LAYERS = rows_of(GeometricLayer)
# One shape for nearly all tests, since JAX compiles each operation for each shape.
SHAPE = (8, 9, 8, 3)


@pytest.mark.parametrize("name", LAYERS)
def test_a_saved_layer_draws_the_same(name, tmp_path):
    layer = make(name, seed=3)
    inputs = keras.Input((9, 8, 3))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True).layers[-1]
    images = random_images(SHAPE)
    np.testing.assert_array_equal(*(augment(each, images) for each in (layer, loaded)))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize(
    ("name", "interpolation"),
    # Without the nearest pixels of resized crops: for whole pixels, two are often equally near.
    [
        ("RandomGeometry", "nearest"),
        ("RandomGeometry", "bilinear"),
        ("RandomResizedCrop", "bilinear"),
    ],
)
def test_a_picture_equals_the_reference(name, interpolation, dtype):
    layer, images = make(name, interpolation=interpolation), random_images(SHAPE, dtype)
    drawn = layer.get_random_transformation(images, seed=keras.random.SeedGenerator(0))
    received = to_numpy(layer.transform_images(images, drawn))
    expected = [
        sample(image, matrix, layer.size, interpolation, layer.fill_mode, 3.0)
        for image, matrix in zip(images, to_numpy(drawn["homography"]), strict=True)
    ]
    assert received.dtype == dtype
    tolerance = 0.51 if dtype == "uint8" else 3e-3
    np.testing.assert_allclose(received, np.stack(expected), rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", LAYERS)
def test_the_same_seed_gives_the_same_and_samples_draw_apart(name):
    images = np.repeat(random_images((1, 9, 8, 3)), 8, axis=0)
    first, again, other = (augment(make(name), images, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert len({image.tobytes() for image in first}) > 4


@pytest.mark.parametrize("name", LAYERS)
def test_compiled_gives_what_eager_gives(name):
    images, layer = random_images(SHAPE), make(name, interpolation="bilinear")

    def run(images, key):
        drawn = layer.get_random_transformation(images, seed=KeyedSeedGenerator(key))
        return layer.transform_images(images, drawn)

    arguments = ops.convert_to_tensor(images), random_key()
    eager, traced = to_numpy(run(*arguments)), to_numpy(compiled(run)(*arguments))
    assert np.abs(eager.astype(int) - traced.astype(int)).max() <= 1


@pytest.mark.tensorflow_only
@pytest.mark.parametrize("size", [None, (5, 6)])
@pytest.mark.parametrize("name", LAYERS)
def test_tf_data_with_unknown_batch_and_image_sizes(name, size):
    import tensorflow as tf

    layer, images = make(name, size=size), random_images((6, 9, 7, 3))

    def run(images):
        return layer(tf.raw_ops.PlaceholderWithDefault(input=images, shape=[None, None, None, 3]))

    dataset = tf.data.Dataset.from_tensor_slices(images).batch(4).map(run)
    rows, columns = size or (9, 7)
    assert [tuple(x.shape) for x in dataset] == [(4, rows, columns, 3), (2, rows, columns, 3)]


@pytest.mark.tensorflow_only
def test_in_a_training_step_that_xla_compiles():
    inputs = keras.Input((9, 8, 3))
    x = make("RandomGeometry", interpolation="bilinear")(inputs)
    model = keras.Model(inputs, keras.layers.Flatten()(x))
    model.compile(loss="mse", jit_compile=True)
    images = random_images((4, 9, 8, 3), "float32")
    losses = {float(model.train_on_batch(images, np.zeros((4, 210)))) for _ in range(2)}
    assert len(losses) == 2


@pytest.mark.parametrize("name", LAYERS)
def test_inactive_it_resizes_and_no_more(name):
    images = random_images(SHAPE)
    inputs = keras.Input((9, 8, 3), dtype="uint8")
    layer = make(name, interpolation="bilinear")
    assert layer(inputs).shape == (None, *layer.size, 3)
    assert layer(inputs).dtype == "uint8"
    model = keras.Model(inputs, layer(inputs))
    resized = to_numpy(model(images, training=False)).astype(int)
    expected = to_numpy(ops.image.resize(images.astype("float32"), layer.size))
    # The layer rounds, and blends the outermost half pixel with the filling.
    assert np.abs(resized - expected)[:, 1:-1, 1:-1].max() <= 0.51
    unsized = make(name, size=None)
    np.testing.assert_array_equal(to_numpy(unsized(images, training=False)), images)
    data = unsized({"images": images, "labels": np.arange(8)}, training=False)
    np.testing.assert_array_equal(to_numpy(data["images"]), images)


def test_adjacent_layers_that_fill_alike_are_fused():
    flip, crop = RandomGeometry(horizontal_flip=0.5), RandomPadCrop(2)
    other_filling = RandomResizedCrop()
    jitter = layers.RandomPhotometry(0.1)
    kinds = [type(layer).__name__ for layer in fuse([flip, crop, jitter, flip, other_filling])]
    assert kinds == ["_Fused", "RandomPhotometry", "RandomGeometry", "RandomResizedCrop"]
    for left_alone in (
        [RandomGeometry(perspective=0.1), flip],
        [crop, RandomPadCrop(1)],
        [flip, RandomGeometry(interpolation="nearest")],
        [RandomPadCrop(2, fill_mode="reflect"), RandomGeometry(fill_mode="reflect")],
    ):
        assert fuse(left_alone) == left_alone


def pipeline(*members):
    """Returns images as a fused pipeline gives them, and as its layers do one after another."""
    images, key = random_images(SHAPE), np.array([3, 4], "uint32")
    augmentation = Augmentation(members)
    assert len(augmentation.layers) == 1
    fused, _ = augmentation(images, np.zeros(8, "int32"), key)
    augmentation.layers = list(members)
    sequence, _ = augmentation(images, np.zeros(8, "int32"), key)
    return images, to_numpy(fused), to_numpy(sequence)


def test_fused_whole_pixels_equal_the_sequence_of_layers():
    crop, flip = RandomPadCrop(2), RandomGeometry(horizontal_flip=0.5, vertical_flip=0.5)
    images, fused, sequence = pipeline(crop, flip)
    np.testing.assert_array_equal(fused, sequence)
    assert (fused != images).any()


class Shift(GeometricLayer):
    """Moves images by a number of columns."""

    def __init__(self, columns, size=None):
        super().__init__(size, "bilinear", "edge", 0.0)
        self.columns = columns

    def draw_homography(self, batch, size, seed):
        return translation(ops.full((batch,), self.columns), 0)


def test_fused_layers_interpolate_once():
    images, fused, sequence = pipeline(Shift(0.5), Shift(-0.5))
    np.testing.assert_array_equal(fused, images)
    assert (sequence != images).any()  # Blurred twice.


def test_fused_layers_may_change_the_size():
    _, fused, sequence = pipeline(Shift(1.0, size=(18, 16)), Shift(0.0, size=(9, 8)))
    assert fused.shape == sequence.shape == SHAPE


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 32}, r"`size` must be \(height, width\)"),
        ({"size": (0, 5)}, "`size` must be an integer of at least 1"),
        ({"interpolation": "bicubic"}, "`interpolation` must be one of"),
        ({"fill_mode": "edges"}, "Did you mean 'edge'"),
        ({"fill_value": float("nan")}, "`fill_value` must be a number"),
    ],
)
@pytest.mark.parametrize("name", LAYERS)
def test_arguments_out_of_range(name, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        getattr(layers, name)(**options)


@pytest.mark.parametrize("shape", [(8, 8), (1, 2, 8, 8, 3)])
def test_images_of_another_rank(shape):
    with pytest.raises(ValueError, match=r"\(batch, height, width, channels\)"):
        RandomGeometry(0.5)(np.zeros(shape))
