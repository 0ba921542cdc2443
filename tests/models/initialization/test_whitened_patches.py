import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.models.initialization import patch_whitening

rng = np.random.default_rng(0)
# Neighbouring pixels are correlated, and so are channels.
IMAGES = rng.normal(3, 1, (40, 10, 9, 2)).cumsum(1).cumsum(2)[..., [0, 1, 0]] + rng.normal(
    size=(40, 10, 9, 3)
)


def model_of(*layers):
    return keras.Sequential([keras.Input((10, 9, 3)), *layers])


def outputs_of(model):
    outputs = ops.convert_to_numpy(model(IMAGES)).astype("float64")
    return outputs.reshape(-1, outputs.shape[-1])


def patches_of(images, size, step=1):
    """Returns every patch as a row, computed by loops."""
    reach = (size - 1) * step + 1
    rows, columns = images.shape[1] - reach + 1, images.shape[2] - reach + 1
    patches = [
        images[:, r : r + reach : step, c : c + reach : step].reshape(len(images), -1)
        for r in range(rows)
        for c in range(columns)
    ]
    return np.concatenate(patches)


@pytest.mark.parametrize(("size", "step"), [(2, 1), (3, 1), (2, 2)])
def test_outputs_are_white_and_of_both_signs(size, step):
    features = size * size * 3
    stem = keras.layers.Conv2D(2 * features, size, dilation_rate=step, activation="relu")
    model = model_of(stem)
    patch_whitening(model, IMAGES, epsilon=0)
    stem.activation = keras.activations.linear
    outputs = outputs_of(model)
    positive, negative = outputs[:, :features], outputs[:, features:]
    np.testing.assert_allclose(negative, -positive, atol=1e-2)
    np.testing.assert_allclose(np.cov(positive.T, bias=True), np.eye(features), atol=1e-2)
    np.testing.assert_allclose(positive.mean(0), 0, atol=1e-2)


def test_filters_are_the_principal_axes_of_patches_the_largest_first():
    stem = keras.layers.Conv2D(4, 3, use_bias=False)
    patch_whitening(model_of(stem), IMAGES, epsilon=0.5)
    patches = patches_of(IMAGES.astype("float32").astype("float64"), 3)
    variances, axes = np.linalg.eigh(np.cov(patches.T, bias=True))
    expected = axes[:, ::-1][:, :4] / np.sqrt(variances[::-1][:4] + 0.5)
    filters = ops.convert_to_numpy(stem.kernel).reshape(27, 4)
    np.testing.assert_allclose(np.abs(filters), np.abs(expected), rtol=1e-3, atol=1e-5)


def test_only_the_first_convolution_is_changed_and_it_is_frozen():
    stem, second = keras.layers.Conv2D(8, 2, name="stem"), keras.layers.Conv2D(4, 2, name="second")
    model = model_of(keras.layers.Dense(3, name="mix"), stem, second)
    before = ops.convert_to_numpy(second.kernel).copy()
    report = patch_whitening(model, IMAGES)
    assert [(entry.name, entry.skipped) for entry in report] == [
        ("mix", "it is not the first convolution"),
        ("stem", ""),
        ("second", "it is not the first convolution"),
    ]
    np.testing.assert_array_equal(ops.convert_to_numpy(second.kernel), before)
    assert (stem.trainable, second.trainable) == (False, True)
    patch_whitening(model_of(thawed := keras.layers.Conv2D(8, 2)), IMAGES, freeze=False)
    assert thawed.trainable


def test_the_frozen_layer_is_saved_with_the_model(tmp_path):
    model = model_of(keras.layers.Conv2D(8, 2), keras.layers.Conv2D(2, 2))
    patch_whitening(model, IMAGES)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert len(loaded.trainable_variables) == 2
    np.testing.assert_array_equal(outputs_of(loaded), outputs_of(model))


@pytest.mark.backend_neutral
@pytest.mark.parametrize(
    ("layers", "options", "message"),
    [
        ([keras.layers.Dense(3, name="head")], {}, "two-dimensional convolution.*Received: head"),
        ([keras.layers.Conv2D(4, 2, trainable=False)], {}, "neither frozen nor wrapped"),
        ([keras.layers.Conv2D(25, 2)], {}, "at most 24 filters.*filters=25"),
        ([keras.layers.Conv2D(6, 2, groups=3)], {}, "one group.*groups=3"),
        ([keras.layers.Conv2D(6, 2)], {"epsilon": -1}, "`epsilon` must be a number of at least 0"),
        ([keras.layers.Conv2D(6, 2)], {"freeze": 2}, "`freeze` must be one of False, True"),
    ],
)
def test_what_is_refused(layers, options, message):
    with pytest.raises(ValueError, match=message):
        patch_whitening(model_of(*layers), IMAGES, **options)


def test_images_without_variance_are_refused():
    with pytest.raises(ValueError, match="patch_whitening must adapt to samples that differ"):
        patch_whitening(model_of(keras.layers.Conv2D(6, 2)), np.ones((4, 10, 9, 3)))
