import keras
import numpy as np
import pytest

from kerasrecipes.layers import VanillaDropout
from kerasrecipes.models.surgery.batch_norm_recalibration import (
    BatchNormRecalibration,
    recalibrate_batch_norm,
    trained_batch_norms,
)

RNG = np.random.default_rng(0)
IMAGES = (RNG.normal(3.0, 2.0, (60, 6, 6, 2)) * [1.0, 5.0]).astype("float32")


def model():
    inner = keras.Sequential(
        [
            keras.Input((6, 6, 4)),
            keras.layers.Dropout(0.5),
            keras.layers.BatchNormalization(epsilon=1e-7, name="inner"),
        ]
    )
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.BatchNormalization(name="outer"),
            keras.layers.Conv2D(4, 1),
            inner,
        ]
    )


def test_first_layer_gets_the_exact_statistics_of_all_samples():
    # The batches differ in size and mean, so that the mean of their variances is far off.
    batches = [IMAGES[:50], IMAGES[50:] + 10]
    network = model()
    recalibrate_batch_norm(network, batches)
    pixels = np.concatenate(batches).astype("float64").reshape(-1, 2)
    layer = network.get_layer("outer")
    np.testing.assert_allclose(layer.moving_mean, pixels.mean(0), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, pixels.var(0), rtol=1e-5)


def test_on_one_batch_inference_equals_training_without_dropout():
    network = model()
    recalibrate_batch_norm(network, [(IMAGES, "labels")])
    outputs = keras.ops.convert_to_numpy(network(IMAGES, training=False))
    np.testing.assert_allclose(outputs.mean((0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(outputs.std((0, 1, 2)), 1, atol=1e-2)


def test_options_are_as_they_were_and_frozen_layers_keep_their_statistics():
    network = model()
    network.layers[-1].layers[-1].trainable = False
    recalibrate_batch_norm(network, [IMAGES])
    dropout, frozen = network.layers[-1].layers
    assert (dropout.rate, frozen.momentum, network.layers[0].momentum) == (0.5, 0.99, 0.99)
    np.testing.assert_array_equal(frozen.moving_mean, np.zeros(4))


def test_needs_data():
    with pytest.raises(ValueError, match="at least one batch"):
        recalibrate_batch_norm(model(), [])


def test_dropout_that_scales_in_testing_is_as_in_testing():
    layers = [VanillaDropout(0.75), keras.layers.BatchNormalization(epsilon=1e-7)]
    network = keras.Sequential([keras.Input((6, 6, 2)), *layers])
    recalibrate_batch_norm(network, [IMAGES])
    pixels = 0.25 * IMAGES.astype("float64").reshape(-1, 2)
    np.testing.assert_allclose(layers[1].moving_mean, pixels.mean(0), rtol=1e-5)
    np.testing.assert_allclose(layers[1].moving_variance, pixels.var(0), rtol=1e-5)
    dropped = keras.ops.convert_to_numpy(layers[0](IMAGES, training=True)) == 0
    assert 0.6 < dropped.mean() < 0.9  # Of 4,320 numbers: it drops again.


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_network_that_has_diverged_is_not_warned_of():
    network = keras.Sequential([keras.Input((6, 6, 2)), keras.layers.BatchNormalization()])
    recalibrate_batch_norm(network, [np.full_like(IMAGES, np.inf)])
    assert not np.isfinite(keras.ops.convert_to_numpy(network.layers[0].moving_mean)).any()


class Batches(keras.utils.PyDataset):
    """The images in batches of 25, of which the last is smaller."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        images = IMAGES[25 * index : 25 * (index + 1)]
        return images, np.zeros(len(images))


def test_compiled_statistics_are_those_of_the_pass_whatever_the_weights():
    def statistics(network):
        layers = trained_batch_norms(network)
        return [np.array([layer.moving_mean, layer.moving_variance]) for layer in layers]

    network = model()
    recalibration = BatchNormRecalibration(network)
    for _ in range(2):
        kernel = network.layers[1].kernel
        kernel.assign(RNG.normal(size=kernel.shape))
        recalibrate_batch_norm(network, [IMAGES[:25], IMAGES[25:50], IMAGES[50:]])
        expected = statistics(network)
        recalibration(Batches(), 3)
        for received, wanted in zip(statistics(network), expected, strict=True):
            np.testing.assert_allclose(received, wanted, rtol=1e-5, atol=1e-5)
    assert [layer.momentum for layer in trained_batch_norms(network)] == [0.99, 0.99]
