import time

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.data import batches as module
from kerasrecipes.data.augment import Augmentation
from kerasrecipes.data.batches import Order, evaluation_batches, training_batches
from kerasrecipes.data.split import ArraySplit
from kerasrecipes.layers import RandomApply


@pytest.fixture
def split():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50, 8, 8, 3), dtype="uint8")
    return ArraySplit(images, np.arange(50, dtype="int32"))


def arrays(batches):
    """Returns all batches as NumPy arrays."""
    return [tuple(np.asarray(ops.convert_to_numpy(x)) for x in batch) for batch in batches]


def assert_equal(left, right):
    assert len(left) == len(right)
    for (images, labels), (other_images, other_labels) in zip(left, right, strict=True):
        np.testing.assert_array_equal(images, other_images)
        np.testing.assert_array_equal(labels, other_labels)


def test_every_pass_takes_every_sample_once_in_an_order_of_its_own():
    order = Order(size=50, batch_size=16, seed=3)
    passes = [np.concatenate([order.indices(p * 4 + b) for b in range(4)]) for p in range(3)]
    for one in passes:
        np.testing.assert_array_equal(np.sort(one), np.arange(50))
    assert not np.array_equal(passes[0], passes[1])
    assert len(order.indices(3)) == 2


def test_order_depends_on_seed_and_step_alone():
    steps = [9, 0, 5, 9]
    first = [Order(50, 16, 3).indices(s) for s in steps]
    np.testing.assert_array_equal(first[0], first[3])
    np.testing.assert_array_equal(first[2], Order(50, 16, 3).indices(5))
    assert not np.array_equal(first[0], Order(50, 16, 4).indices(9))


def test_keys_differ_from_step_to_step():
    order = Order(50, 16, 3)
    keys = {tuple(order.key(step)) for step in range(1000)}
    assert len(keys) == 1000


@pytest.mark.parametrize("steps_per_epoch", [2, 4, 7])
def test_a_resumed_run_gets_the_batches_it_would_have_got(split, steps_per_epoch):
    def batches(epochs):
        made = training_batches(
            split,
            batch_size=16,
            seed=1,
            steps_per_epoch=steps_per_epoch,
            epochs=epochs,
            augment=[keras.layers.RandomFlip(), keras.layers.RandomBrightness(0.3)],
        )
        return arrays(made)

    whole = batches(range(4))
    assert_equal(whole[2 * steps_per_epoch :], batches(range(2, 4)))
    assert_equal(whole, batches(range(4)))
    assert not np.array_equal(whole[0][0], whole[steps_per_epoch][0])


def test_batches_hold_the_split_s_images_with_their_labels(split):
    batches = training_batches(split, batch_size=16, seed=1, steps_per_epoch=4, epochs=range(1))
    for images, labels in arrays(batches):
        np.testing.assert_array_equal(images, split.images[labels])


@pytest.mark.tensorflow_only
@pytest.mark.parametrize("steps_per_epoch", [3, 4, 7])
def test_how_many_batches_are_read_at_a_time_changes_none(split, steps_per_epoch, monkeypatch):
    batch_bytes = 16 * 8 * 8 * 3
    found = []
    for group_bytes in (batch_bytes, 3 * batch_bytes, 2**20):
        monkeypatch.setattr(module, "GROUP_BYTES", group_bytes)
        batches = training_batches(
            split, batch_size=16, seed=1, steps_per_epoch=steps_per_epoch, epochs=range(2, 5)
        )
        assert batches.cardinality() == 3 * steps_per_epoch
        found.append(arrays(batches))
    assert_equal(found[1], found[0])
    assert_equal(found[2], found[0])
    order = Order(50, 16, seed=1)
    for step, (_, labels) in enumerate(found[0], start=2 * steps_per_epoch):
        np.testing.assert_array_equal(labels, order.indices(step))


@pytest.mark.tensorflow_only
@pytest.mark.parametrize("augment", [[], [keras.layers.RandomBrightness(0.3)]])
def test_no_thread_tunes_how_much_is_read_ahead(split, augment, monkeypatch):
    """The end of `fit` would wait for it: see `_read_ahead`."""
    options = {"batch_size": 16, "seed": 1, "steps_per_epoch": 3, "epochs": range(2)}
    made = [training_batches(split, augment=augment, **options), evaluation_batches(split, 16)]
    monkeypatch.setattr(module, "GROUP_BYTES", 0)
    made.append(evaluation_batches(split, 16))
    assert [batches.options().autotune.enabled for batches in made] == [False] * 3


def test_evaluation_takes_the_data_in_order_each_time(split):
    batches = evaluation_batches(split, 16)
    for _ in range(2):
        taken = arrays(batches)
        labels = np.concatenate([labels for _, labels in taken])
        np.testing.assert_array_equal(labels, np.arange(50))


@pytest.mark.parametrize(
    "layer",
    [
        lambda: keras.layers.RandomFlip(),
        lambda: keras.layers.RandomRotation(0.1),
        lambda: keras.layers.RandomContrast(0.5),
        lambda: keras.layers.GaussianNoise(0.5),
        lambda: keras.layers.Dropout(0.3, seed=1),
        lambda: keras.layers.Dropout(0.3),
    ],
)
def test_augmentation_is_a_pure_function_of_its_key(split, layer):
    augmentation = Augmentation([layer(), layer()])
    keys = [np.array([1, 2], "uint32"), np.array([1, 3], "uint32")]
    images = split.images.astype("float32")
    draws = [augmentation(images, split.labels, key) for key in [*keys, keys[0]]]
    draws = [(ops.convert_to_numpy(i), ops.convert_to_numpy(y)) for i, y in draws]
    np.testing.assert_array_equal(draws[0][0], draws[2][0])
    assert not np.array_equal(draws[0][0], draws[1][0])
    np.testing.assert_array_equal(draws[0][1], split.labels)


def test_pixels_are_rounded_and_clipped():
    key, labels = np.array([1, 2], "uint32"), np.arange(4, dtype="int32")
    images = np.array([-9.4, 99.5, 100.5, 300.0], "float32").reshape(4, 1, 1, 1)
    pixels, kept = Augmentation([keras.layers.RandomFlip()]).pixels(images, labels, key)
    assert (pixels.dtype, pixels.ravel().tolist()) == (np.uint8, [0, 100, 100, 255])
    np.testing.assert_array_equal(kept, labels)
    mixed = Augmentation([keras.layers.MixUp()], classes=4, class_weight=dict.fromkeys(range(4), 2))
    soft = mixed.pixels(images, labels, key)[1]
    np.testing.assert_allclose(soft.sum(-1), 1, atol=1e-6)


def test_a_layer_that_stands_twice_draws_twice():
    noise = [keras.layers.GaussianNoise(1.0), keras.layers.GaussianNoise(1.0)]
    zeros, labels = np.zeros((4, 8, 8, 3), "float32"), np.zeros(4, "int32")
    key = np.array([5, 6], "uint32")
    once, _ = Augmentation(noise[:1])(zeros, labels, key)
    twice, _ = Augmentation(noise)(zeros, labels, key)
    once, twice = ops.convert_to_numpy(once), ops.convert_to_numpy(twice)
    # The second draw would double the first one if both came from the same seed.
    assert abs(np.corrcoef(once.ravel(), (twice - once).ravel())[0, 1]) < 0.2


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="JAX and TensorFlow have none")
@pytest.mark.parametrize(
    "layers",
    [
        [keras.layers.MixUp()],
        [keras.layers.CutMix()],
        [keras.layers.GaussianNoise(1.0), keras.layers.Dropout(0.3)],
        [RandomApply(keras.layers.MixUp())],
    ],
)
def test_what_draws_from_the_global_generator_is_applied_by_the_thread_that_trains(split, layers):
    import torch

    found = []
    for seed in range(2):
        batches = training_batches(
            split,
            batch_size=16,
            seed=1,
            steps_per_epoch=2,
            epochs=range(2),
            augment=layers,
            classes=50,
        )
        assert batches.workers == 1
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        found.append(arrays(batches))
        assert torch.equal(torch.get_rng_state(), before)
    assert_equal(*found)


def unbuilt_model():
    """Returns a model that Keras has yet to build, for which it reads a batch beforehand."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(50),
        ]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


class Slow(ArraySplit):
    """A split that waits before it reads, and notes what it has read."""

    def __init__(self, images, labels):
        super().__init__(images, labels)
        self.seen = []

    def read(self, indices):
        time.sleep(0.002)
        self.seen.append(tuple(indices.tolist()))
        return super().read(indices)


def test_every_backend_trains_on_the_batches_of_the_order_from_the_first_step_on(split):
    watched, order = Slow(split.images, split.labels), Order(50, 4, seed=1)
    batches = training_batches(
        watched,
        batch_size=4,
        seed=1,
        steps_per_epoch=5,
        epochs=range(2, 5),
        augment=[keras.layers.RandomFlip()],  # Otherwise TensorFlow reads several at a time.
    )
    unbuilt_model().fit(batches, epochs=3, steps_per_epoch=5, verbose=0)
    expected = {tuple(order.indices(step).tolist()) for step in range(10, 25)}
    assert set(watched.seen) == expected


def test_three_equal_trainings_are_equal_to_the_last_digit(split):
    def losses():
        batches = training_batches(
            split, batch_size=4, seed=1, steps_per_epoch=13, epochs=range(3), augment=[flip]
        )
        return unbuilt_model().fit(batches, epochs=3, steps_per_epoch=13, verbose=0).history["loss"]

    flip = keras.layers.RandomFlip()
    first = losses()
    assert np.isfinite(first).all()
    assert losses() == first
    assert losses() == first


def test_an_unbuilt_model_is_scored_on_every_sample_once(split):
    model = unbuilt_model()
    score = model.evaluate(evaluation_batches(split, 4), verbose=0)
    assert score == pytest.approx(model.evaluate(split.images, split.labels, verbose=0), rel=1e-5)
