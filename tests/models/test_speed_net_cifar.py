"""Network of the speed records: its layers, its start, and its whitened first convolution."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes import Recipe, use
from kerasrecipes.models import SpeedNetCIFAR, patch_whitening


def test_it_is_the_network_of_the_reference():
    model = SpeedNetCIFAR((32, 32, 3), 10)
    shapes = [tuple(w.shape) for w in model.weights if "conv" in w.path]
    assert shapes == [
        (2, 2, 3, 24),
        (24,),
        (3, 3, 24, 64),
        (3, 3, 64, 64),
        (3, 3, 64, 256),
        (3, 3, 256, 256),
        (3, 3, 256, 256),
        (3, 3, 256, 256),
    ]
    sides = [model.get_layer(f"stage{n}_activation2").output.shape[1] for n in (1, 2, 3)]
    assert sides == [15, 7, 3]
    assert not any("gamma" in w.path for w in model.weights)
    assert all(type(layer).__module__.startswith("keras") for layer in model.layers)


def test_first_filters_start_as_the_identity_and_further_ones_drawn():
    kernel = ops.convert_to_numpy(SpeedNetCIFAR((32, 32, 3), 10).get_layer("stage2_conv1").kernel)
    identity = np.zeros((3, 3, 64, 64))
    identity[1, 1] = np.eye(64)
    np.testing.assert_array_equal(kernel[..., :64], identity)
    assert kernel[..., 64:].std() == pytest.approx(np.sqrt(2 / (9 * 64)), rel=0.05)
    first, second = kernel[..., 64], kernel[..., 65]
    assert np.abs(first - second).max() > 0.01


def test_its_first_kernel_is_frozen_and_the_bias_trained():
    model = SpeedNetCIFAR((16, 16, 3), 10)
    images = np.random.default_rng(0).normal(size=(32, 16, 16, 3)).astype("float32")
    patch_whitening(model, images, freeze="kernel")
    names = [w.path for w in model.trainable_variables]
    assert "whiten_conv/kernel" not in names
    assert "whiten_conv/bias" in names
    outputs = ops.convert_to_numpy(model.get_layer("whiten_conv")(images)).reshape(-1, 24)
    np.testing.assert_allclose(np.cov(outputs[:, :12].T), np.eye(12), atol=0.02)
    before = ops.convert_to_numpy(model.get_layer("whiten_conv").kernel)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(images, np.zeros((32, 10)), verbose=0)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(model.get_layer("whiten_conv").kernel), before
    )


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((8, 8, 3), {}, "at least 9 pixels"),
        ((32, 32, 3), {"widths": (64, 64)}, "`widths` must be three"),
        ((32, 32, 3), {"widths": (64, 64, 0)}, r"`widths\[2\]`"),
        ((32, 32, 3), {"batch_norm_momentum": 1.0}, "`batch_norm_momentum` must be"),
        ((32, 32, 3), {"feature_scale": 0.0}, "`feature_scale` must be"),
    ],
)
def test_bad_arguments_are_refused(shape, options, message):
    with pytest.raises(ValueError, match=message):
        SpeedNetCIFAR(shape, 10, **options)


def test_seeds_of_an_initializer_are_mixed_with_names():
    seeded = keras.initializers.HeNormal(seed=1)
    models = [SpeedNetCIFAR((16, 16, 3), 10, kernel_initializer=seeded) for _ in range(2)]
    for first, second in zip(*(m.get_weights() for m in models), strict=True):
        np.testing.assert_array_equal(first, second)
    kernels = [
        ops.convert_to_numpy(models[0].get_layer(f"stage{n}_conv1").kernel)[0, 0, 0, -1]
        for n in (1, 2)
    ]
    assert kernels[0] != kernels[1]


def test_a_recipe_may_name_it():
    Recipe(data="Digits", model=use("SpeedNetCIFAR", widths=[4, 8, 8]))
