"""Filter response normalization and its thresholded linear unit."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes import Recipe, use
from kerasrecipes.layers import FilterResponseNormalization, ThresholdedLinearUnit
from kerasrecipes.models import VGG, ResNet, ResNetCIFAR
from tests.gradients import gradients
from tests.references import normalization as references

RNG = np.random.default_rng(0)
X = RNG.normal(3.0, 2.0, (4, 5, 6, 3)) * [1.0, 5.0, 0.1]
GAMMA, BETA, TAU = np.array([0.5, 2.0, -1.0]), np.array([1.0, -2.0, 3.0]), np.array([1.0, -0.5, 2])


def output_of(layer, x, **options):
    return ops.convert_to_numpy(ops.cast(layer(x, **options), "float32"))


def built(**options):
    layer = FilterResponseNormalization(**options)
    layer.build(X.shape)
    layer.gamma.assign(GAMMA)
    layer.beta.assign(BETA)
    return layer


def unit(shape=X.shape, **options):
    layer = ThresholdedLinearUnit(**options)
    layer.build(shape)
    layer.tau.assign(TAU)
    return layer


@pytest.mark.parametrize("shape", [(4, 30, 3), (4, 5, 6, 3), (4, 5, 2, 3, 3), (120, 1, 1, 3)])
@pytest.mark.parametrize("epsilon", [1e-6, 0.5])
def test_equals_the_formula(shape, epsilon):
    x = X.reshape(shape)
    expected = references.filter_response_normalization(x, GAMMA, BETA, epsilon)
    np.testing.assert_allclose(output_of(built(epsilon=epsilon), x), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("learned", [1e-4, -0.7])
def test_the_learned_epsilon_is_added_by_its_absolute_value(learned):
    layer = built(learned_epsilon=True, epsilon=0.1)
    assert float(ops.convert_to_numpy(layer.added_epsilon)) == pytest.approx(1e-4)
    assert len(layer.trainable_weights) == 3
    layer.added_epsilon.assign(learned)
    expected = references.filter_response_normalization(X, GAMMA, BETA, 0.1 + abs(learned))
    np.testing.assert_allclose(output_of(layer, X), expected, rtol=1e-5, atol=1e-5)


def test_gradients_equal_the_formula():
    layer, x = built(epsilon=0.01), keras.Variable(X)
    weights = RNG.normal(size=X.shape)

    def loss():
        return ops.sum(ops.cast(weights, "float32") * layer(ops.convert_to_tensor(x)))

    expected = references.filter_response_gradients(X, GAMMA, 0.01, weights)
    for ours, theirs in zip(gradients(loss, [x, layer.gamma, layer.beta]), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


def test_the_scale_of_the_input_does_not_matter_and_its_sign_does():
    layer = built(epsilon=1e-12)
    np.testing.assert_allclose(output_of(layer, 10 * X), output_of(layer, X), rtol=1e-4, atol=1e-5)
    flipped = output_of(layer, -X) - BETA
    np.testing.assert_allclose(flipped, BETA - output_of(layer, X), rtol=1e-4, atol=1e-5)


def test_samples_do_not_meet_and_training_is_as_inference():
    layer = built()
    alone = np.concatenate([output_of(layer, x[None], training=False) for x in X])
    np.testing.assert_allclose(output_of(layer, X, training=True), alone, rtol=1e-5, atol=1e-5)


def test_channels_first():
    first = built(axis=1) if X.shape[1] == 3 else FilterResponseNormalization(axis=1)
    expected = references.filter_response_normalization(X, np.ones(3), np.zeros(3), 1e-6)
    received = output_of(first, np.moveaxis(X, -1, 1))
    np.testing.assert_allclose(received, np.moveaxis(expected, -1, 1), rtol=1e-5, atol=1e-5)
    bent = output_of(unit((4, 3, 5, 6), axis=1), np.moveaxis(X, -1, 1))
    expected = references.thresholded_linear_unit(X, TAU)
    np.testing.assert_allclose(bent, np.moveaxis(expected, -1, 1), rtol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16", "bfloat16"])
def test_statistics_of_half_precision_are_float32(policy):
    # The squares overflow in float16.
    half = policy.split("_")[-1]
    x = ops.cast(400 + 4 * RNG.normal(size=(2, 8, 8, 3)), half)
    layer = FilterResponseNormalization(dtype=policy, learned_epsilon=True)
    outputs = layer(x)
    exact = ops.convert_to_numpy(ops.cast(x, "float32")).astype("float64")
    ones, zeros = np.ones(3), np.zeros(3)
    expected = references.filter_response_normalization(exact, ones, zeros, 1e-6 + 1e-4)
    assert keras.backend.standardize_dtype(outputs.dtype) == half
    assert layer.gamma.dtype == ("float32" if policy.startswith("mixed") else half)
    np.testing.assert_allclose(output_of(layer, x), expected, rtol=1e-2, atol=1e-2)
    bent = unit(dtype=policy)(x)
    assert keras.backend.standardize_dtype(bent.dtype) == half


def test_unknown_batch_and_image_size():
    inputs = keras.Input((None, None, 3))
    layers = FilterResponseNormalization(), ThresholdedLinearUnit()
    model = keras.Model(inputs, layers[1](layers[0](inputs)))
    assert model.output_shape == (None, None, None, 3)
    for shape in [(1, 4, 5, 3), (2, 6, 3, 3)]:
        x = RNG.normal(size=shape)
        normed = references.filter_response_normalization(x, np.ones(3), np.zeros(3), 1e-6)
        np.testing.assert_allclose(output_of(model, x), np.maximum(normed, 0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(40, 3), (4, 5, 6, 3)])
def test_the_unit_equals_the_formula_and_so_do_its_gradients(shape):
    x = 3 * RNG.normal(size=shape)
    layer, variable = unit(shape), keras.Variable(x)
    expected = references.thresholded_linear_unit(x, TAU)
    np.testing.assert_allclose(output_of(layer, x), expected, rtol=1e-6)
    weights = RNG.normal(size=shape)

    def loss():
        return ops.sum(ops.cast(weights, "float32") * layer(ops.convert_to_tensor(variable)))

    expected = references.thresholded_linear_gradients(x, TAU, weights)
    for ours, theirs in zip(gradients(loss, [variable, layer.tau]), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_the_unit_starts_as_relu():
    x = RNG.normal(size=(2, 3, 3, 4))
    np.testing.assert_allclose(output_of(ThresholdedLinearUnit(), x), np.maximum(x, 0), rtol=1e-6)


def test_a_training_step_by_xla_then_saved(tmp_path):
    x, y = X.astype("float32"), RNG.normal(size=X.shape).astype("float32")
    norm = FilterResponseNormalization(learned_epsilon=True, name="norm")
    model = keras.Sequential([keras.Input(X.shape[1:]), norm, ThresholdedLinearUnit(name="unit")])
    before = output_of(model, x)
    # PyTorch's compiler is not XLA and needs a C++ compiler.
    xla = keras.backend.backend() != "torch"
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=xla)
    model.train_on_batch(x, y)
    # By the formulas, with the start's gamma of 1, beta and tau of 0.
    upstream = 2 * (before - y) / y.size
    normed = references.filter_response_normalization(X, np.ones(3), np.zeros(3), 1e-6 + 1e-4)
    into_norm, of_tau = references.thresholded_linear_gradients(normed, np.zeros(3), upstream)
    _, of_gamma, of_beta = references.filter_response_gradients(X, np.ones(3), 1e-4, into_norm)
    for variable, start, gradient in (
        (norm.gamma, 1, of_gamma), (norm.beta, 0, of_beta), (model.layers[-1].tau, 0, of_tau)
    ):  # fmt: skip
        received = ops.convert_to_numpy(variable)
        np.testing.assert_allclose(received, start - 0.1 * gradient, rtol=1e-4, atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(output_of(again, x), output_of(model, x))


def test_the_config_does_not_change_when_the_layer_is_built():
    for layer in (
        FilterResponseNormalization(learned_epsilon=True, gamma_initializer="zeros"),
        ThresholdedLinearUnit(tau_regularizer="l2"),
    ):
        before = layer.get_config()
        layer.build((None, 4, 4, 7))
        assert layer.get_config() == before
        type(layer).from_config(before).build((None, 4, 4, 5))


@pytest.mark.parametrize("layer", [FilterResponseNormalization, ThresholdedLinearUnit])
@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((None, 4, 4, None), {}, "number of channels must be known"),
        ((None, 4, 4, 3), {"axis": 0}, "`axis` must be an axis of the inputs other than the first"),
        ((None, 4, 4, 3), {"axis": 4}, "other than the first"),
    ],
)
def test_shapes_that_have_no_channels(layer, shape, options, message):
    with pytest.raises(ValueError, match=message):
        layer(**options).build(shape)


def test_vectors_and_arguments_out_of_range():
    with pytest.raises(ValueError, match="at least one axis between"):
        FilterResponseNormalization().build((None, 8))
    with pytest.raises(ValueError, match="`learned_epsilon` must be one of False, True"):
        FilterResponseNormalization(learned_epsilon=1e-4)


SMALL = {"filters": 4, "kernel_initializer": "zeros"}
NETWORKS = {
    "VGG": lambda **o: VGG((32, 32, 3), 4, depth=11, classifier_units=(), pooling="average", **o),
    "ResNet": lambda **o: ResNet((8, 8, 3), 4, depth=18, stem="small", zero_gamma=True, **o),
    "ResNetCIFAR": lambda **o: ResNetCIFAR((8, 8, 3), 4, depth=8, shortcut="projection", **o),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_convolutional_network_takes_both(name):
    plain = NETWORKS[name](normalization="batch", **SMALL)
    model = NETWORKS[name](
        normalization="filter_response", activation=ThresholdedLinearUnit(), **SMALL
    )

    def of(network, kind):
        return [layer.name for layer in network.layers if isinstance(layer, kind)]

    norms = of(plain, keras.layers.BatchNormalization)
    assert of(model, FilterResponseNormalization) == norms
    units = of(plain, keras.layers.Activation)
    assert of(model, ThresholdedLinearUnit) == units
    assert not any(c.use_bias for c in model.layers if isinstance(c, keras.layers.Conv2D))


def test_a_recipe_names_both():
    model = use(
        "ResNetCIFAR",
        depth=8,
        normalization=use("FilterResponseNormalization", learned_epsilon=True),
        activation=use("ThresholdedLinearUnit"),
    )
    recipe = Recipe(data="Digits", model=model)
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    built = ResNetCIFAR((8, 8, 1), 10, **recipe.model.arguments("model"))
    assert built.get_layer("stem_norm").learned_epsilon
    assert isinstance(built.get_layer("stem_activation"), ThresholdedLinearUnit)
