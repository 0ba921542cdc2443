import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.layers import InstanceNormalization
from tests.gradients import gradients

RNG = np.random.default_rng(0)
X = RNG.normal(3.0, 2.0, (4, 5, 6, 3)) * [1.0, 5.0, 0.1]
GAMMA, BETA = np.array([0.5, 2.0, -1.0]), np.array([1.0, -2.0, 3.0])


def standardized(x, epsilon=1e-3):
    """Returns normalized values and the deviations, with channels last."""
    axes = tuple(range(1, x.ndim - 1))
    deviation = np.sqrt(x.var(axes, keepdims=True) + epsilon)
    return (x - x.mean(axes, keepdims=True)) / deviation, deviation


def output_of(layer, x, **options):
    return ops.convert_to_numpy(ops.cast(layer(x, **options), "float32"))


def built(**options):
    layer = InstanceNormalization(**options)
    layer.build(X.shape)
    layer.set_weights([GAMMA, BETA])
    return layer


@pytest.mark.parametrize("shape", [(4, 30, 3), (4, 5, 6, 3), (4, 5, 2, 3, 3)])
def test_equals_the_formula(shape):
    x = X.reshape(shape)
    expected = GAMMA * standardized(x)[0] + BETA
    np.testing.assert_allclose(output_of(built(), x), expected, rtol=1e-4, atol=1e-5)


def test_equals_group_normalization_of_one_channel_a_group():
    theirs = keras.layers.GroupNormalization(groups=-1)
    theirs.build(X.shape)
    theirs.set_weights([GAMMA, BETA])
    np.testing.assert_allclose(output_of(built(), X), output_of(theirs, X), rtol=1e-4, atol=1e-5)


def test_gradients_equal_the_formula():
    layer, x = built(), keras.Variable(X)
    weights = RNG.normal(size=X.shape)

    def loss():
        return ops.sum(ops.cast(weights, "float32") * layer(ops.convert_to_tensor(x)))

    normed, deviation = standardized(X)
    upstream = weights * GAMMA
    of_x = upstream - upstream.mean((1, 2), keepdims=True)
    of_x -= normed * (upstream * normed).mean((1, 2), keepdims=True)
    expected = [of_x / deviation, (weights * normed).sum((0, 1, 2)), weights.sum((0, 1, 2))]
    for ours, theirs in zip(gradients(loss, [x, layer.gamma, layer.beta]), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


def test_deviation_as_gamma_and_mean_as_beta_give_the_input_back():
    x = X[:1]
    layer = built()
    layer.set_weights([np.sqrt(x.var((0, 1, 2)) + layer.epsilon), x.mean((0, 1, 2))])
    np.testing.assert_allclose(output_of(layer, x), x, rtol=1e-5, atol=1e-5)


def test_samples_do_not_meet_and_training_is_as_inference():
    layer = built()
    alone = np.concatenate([output_of(layer, x[None], training=False) for x in X])
    np.testing.assert_allclose(output_of(layer, X, training=True), alone, rtol=1e-5, atol=1e-5)


def test_channels_first():
    layer = InstanceNormalization(axis=1, gamma_initializer="ones", beta_initializer="zeros")
    expected = np.moveaxis(standardized(X)[0], -1, 1)
    np.testing.assert_allclose(
        output_of(layer, np.moveaxis(X, -1, 1)), expected, rtol=1e-4, atol=1e-5
    )
    assert layer.gamma.shape == (3,)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16", "bfloat16"])
def test_statistics_of_half_precision_are_float32(policy):
    # The squares overflow in float16, and bfloat16 has only eight bits for a mean of 400.
    half = policy.split("_")[-1]
    x = ops.cast(400 + 4 * RNG.normal(size=(2, 8, 8, 3)), half)
    layer = InstanceNormalization(dtype=policy)
    expected, _ = standardized(ops.convert_to_numpy(ops.cast(x, "float32")).astype("float64"))
    outputs = layer(x)
    assert keras.backend.standardize_dtype(outputs.dtype) == half
    assert layer.gamma.dtype == ("float32" if policy.startswith("mixed") else half)
    np.testing.assert_allclose(output_of(layer, x), expected, rtol=1e-2, atol=1e-2)


def test_unknown_batch_and_image_size():
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, InstanceNormalization()(inputs))
    assert model.output_shape == (None, None, None, 3)
    for shape in [(1, 4, 5, 3), (2, 6, 3, 3)]:
        x = RNG.normal(size=shape)
        np.testing.assert_allclose(output_of(model, x), standardized(x)[0], rtol=1e-3, atol=1e-5)


def test_a_training_step_by_xla_then_saved(tmp_path):
    x, y = X.astype("float32"), RNG.normal(size=(4, 5, 6, 3)).astype("float32")
    model = keras.Sequential([keras.Input(X.shape[1:]), InstanceNormalization(name="norm")])
    # PyTorch's compiler is not XLA and needs a C++ compiler.
    xla = keras.backend.backend() != "torch"
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=xla)
    model.train_on_batch(x, y)
    normed, _ = standardized(X)
    error = 2 * (normed - y) / (4 * 5 * 6 * 3)
    expected = [1 - 0.1 * (error * normed).sum((0, 1, 2)), -0.1 * error.sum((0, 1, 2))]
    for weight, value in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(weight, value, rtol=1e-4, atol=1e-5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(output_of(again, x), output_of(model, x))


def test_the_config_does_not_change_when_the_layer_is_built():
    options = {
        "axis": -1,
        "epsilon": 1e-5,
        "center": False,
        "scale": True,
        "gamma_initializer": "zeros",
        "gamma_regularizer": "l2",
        "gamma_constraint": "non_neg",
        "beta_initializer": "ones",
        "beta_regularizer": "l1",
        "beta_constraint": "unit_norm",
    }
    layer = InstanceNormalization(**options)
    before = layer.get_config()
    layer.build((None, 4, 4, 7))
    assert layer.get_config() == before
    other = InstanceNormalization.from_config(before)
    assert other.get_config() == before
    other.build((None, 4, 4, 5))
    assert [weight.shape for weight in other.weights] == [(5,)]
    np.testing.assert_array_equal(other.gamma, np.zeros(5))
    assert (other.gamma.regularizer, other.gamma.constraint) == (
        other.gamma_regularizer,
        other.gamma_constraint,
    )


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((None, 8), {}, "at least one axis between"),
        ((None, 4, 4, None), {}, "number of channels must be known"),
        ((None, 4, 4, 3), {"axis": 0}, "`axis` must be an axis of the inputs other than the first"),
        ((None, 4, 4, 3), {"axis": -4}, "other than the first"),
        ((None, 4, 4, 3), {"axis": 4}, "other than the first"),
    ],
)
def test_shapes_that_cannot_be_normalized(shape, options, message):
    with pytest.raises(ValueError, match=message):
        InstanceNormalization(**options).build(shape)


@pytest.mark.parametrize("options", [{"epsilon": 0.0}, {"epsilon": -1.0}])
def test_arguments_out_of_range(options):
    with pytest.raises(ValueError, match="`epsilon` must be a number greater than 0"):
        InstanceNormalization(**options)


def test_an_axis_that_is_no_integer():
    with pytest.raises(TypeError, match="`axis` must be an integer"):
        InstanceNormalization(axis=[1, 2])
