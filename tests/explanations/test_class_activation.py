"""Grad-CAM against its gradient in NumPy, and on a planted cue."""

import keras
import numpy as np
import pytest

from kerasrecipes.explanations import CannotExplainError, grad_cam
from kerasrecipes.explanations.class_activation import activation_maps
from kerasrecipes.models import MLP, ResNetCIFAR
from kerasrecipes.models.surgery.assembly import assemble
from tests.explanations.networks import CUE, DISTRACTION, classifier, cue_classifier, numpy_maps


@pytest.fixture
def images():
    return np.random.default_rng(1).normal(size=(11, 6, 5, 2)).astype("float32")


def test_maps_are_those_of_the_gradient_in_numpy(images):
    model = classifier()
    classes = np.arange(11) % 3  # More images than a batch, and not a multiple of it.
    found, expected = activation_maps(model, images, classes), numpy_maps(model, images, classes)
    assert (expected > 0).any(axis=(1, 2)).sum() > 3
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    predicted = model.predict_on_batch(images).argmax(-1)
    np.testing.assert_allclose(
        activation_maps(model, images), numpy_maps(model, images, predicted), rtol=1e-4, atol=1e-6
    )


def test_a_map_has_the_size_of_the_image(images):
    large = grad_cam(classifier(), images[:2], 1)
    assert (large.shape, large.dtype) == ((2, 6, 5), np.float32)
    assert large.min() >= 0


def test_a_softmax_at_the_end_changes_nothing(images):
    logits, probabilities = classifier(), classifier(activation="softmax")
    probabilities.set_weights(logits.get_weights())
    layer = keras.Sequential([keras.Input((6, 5, 2)), logits, keras.layers.Softmax()])
    operation = keras.Model(logits.inputs[0], keras.ops.softmax(logits.outputs[0]))
    expected = activation_maps(logits, images, 2)
    for model in (probabilities, layer, operation):
        before = model.predict_on_batch(images)
        np.testing.assert_allclose(activation_maps(model, images, 2), expected, rtol=1e-5)
        np.testing.assert_array_equal(model.predict_on_batch(images), before)
        assert before.sum(-1) == pytest.approx(1, abs=1e-5)


def test_a_single_logit_speaks_for_class_1_and_against_class_0(images):
    single, two = classifier(1, "sigmoid"), classifier(2)
    kernel, bias = single.get_layer("scores").get_weights()
    weights = [*single.get_weights()[:-2], np.hstack([-kernel, kernel]), np.hstack([-bias, bias])]
    two.set_weights(weights)
    for label in (0, 1, None):
        np.testing.assert_allclose(
            activation_maps(single, images, label), activation_maps(two, images, label), rtol=1e-5
        )


class Subclassed(keras.Model):
    def __init__(self, inner):
        super().__init__()
        self.scale = keras.layers.Rescaling(0.5)
        self.inner = inner

    def call(self, images):
        return self.inner(self.scale(images))


def test_nested_and_subclassed_models_are_seen_through(images):
    inner = classifier()
    nested = assemble((6, 5, 2), [keras.layers.Rescaling(0.5)], lambda shape: inner)
    twice = keras.Sequential([keras.Input((6, 5, 2)), keras.layers.Rescaling(1.0), nested])
    subclassed = Subclassed(inner)
    subclassed(images)
    expected = numpy_maps(inner, images / 2, [1] * len(images))
    for model in (nested, twice, subclassed):
        found = activation_maps(model, images, 1)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_a_model_stays_as_it_was(images):
    model = classifier(activation="softmax")
    weights, own = model.get_weights(), [set(vars(layer)) for layer in model.layers]
    grad_cam(model, images)
    assert [set(vars(layer)) for layer in model.layers] == own
    assert model.layers[-1].activation is keras.activations.softmax
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_batch_normalization_keeps_its_statistics_and_the_last_map_is_after_the_last_block():
    model = ResNetCIFAR((16, 16, 3), 4, depth=8)
    before = [keras.ops.convert_to_numpy(v) for v in model.non_trainable_variables]
    images = np.random.default_rng(0).uniform(size=(2, 16, 16, 3)).astype("float32")
    assert activation_maps(model, images).shape == (2, 4, 4)
    assert activation_maps(model, images, layer="stage1_block1_conv1").shape == (2, 16, 16)
    for variable, value in zip(model.non_trainable_variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_half_precision_gives_nearly_the_same_map(images):
    full = classifier()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = classifier()
    finally:
        keras.config.set_dtype_policy("float32")
    half.set_weights(full.get_weights())
    expected = activation_maps(full, images, 1)
    assert np.abs(activation_maps(half, images, 1) - expected).max() < 0.05 * expected.max()


def test_what_cannot_be_explained_says_why():
    flat = np.zeros((1, 8, 8, 1), "float32")
    with pytest.raises(CannotExplainError, match="no feature map after a convolution"):
        grad_cam(MLP((8, 8, 1), 3, units=[4]), flat)
    one, other = (classifier(name=name, convolution=f"{name}_map") for name in ("one", "other"))
    inputs = keras.Input((6, 5, 2))
    both = keras.Model(inputs, keras.layers.Average()([one(inputs), other(inputs)]))
    images = np.ones((1, 6, 5, 2), "float32")
    with pytest.raises(CannotExplainError, match="depends on more than that of 'other/other_map'"):
        grad_cam(both, images)
    assert grad_cam(both, images, layer="one_map").shape == (1, 6, 5)
    with pytest.raises(ValueError, match="Did you mean 'one/one_map'"):
        grad_cam(both, images, layer="one_mapp")
    with pytest.raises(ValueError, match=r"labels in \[0, 3\)"):
        grad_cam(one, images, 3)
    with pytest.raises(ValueError, match="must hold an image"):
        grad_cam(one, images[:0])


def test_a_planted_cue_is_found_and_not_what_is_as_striking():
    model, images = cue_classifier()
    maps = grad_cam(model, images, 1)
    cue, distraction = maps[:, *CUE].sum(), maps[:, *DISTRACTION].sum()
    assert cue > 0.5 * maps.sum()
    assert cue > 5 * distraction
