import keras
import numpy as np
import pytest

from kerasrecipes.layers import InstanceNormalization, WeightNormalization
from kerasrecipes.models import MLP, VGG, ResNet, ResNetCIFAR
from kerasrecipes.models.blocks.normalization import normalize

# No test needs other weights than zeros: JAX compiles a random initializer for every new shape.
SMALL = {"filters": 4, "kernel_initializer": "zeros"}
CONVOLUTIONAL = {
    "VGG": lambda **options: VGG(
        (32, 32, 3), 4, depth=11, classifier_units=(5,), **SMALL, **options
    ),
    "ResNet": lambda **options: ResNet((8, 8, 3), 4, depth=18, stem="small", **SMALL, **options),
    "ResNetCIFAR": lambda **options: ResNetCIFAR(
        (8, 8, 3), 4, depth=8, shortcut="projection", **SMALL, **options
    ),
}


def build(normalization, shape=(4, 5, 6), **options):
    inputs = keras.Input(shape)
    return keras.Model(inputs, normalize(inputs, normalization, "norm", **options))


def output_of(model, x):
    return keras.ops.convert_to_numpy(model(x, training=False))


def standardized(x, axes, epsilon):
    centred = x - x.mean(axes, keepdims=True)
    return centred / np.sqrt(x.var(axes, keepdims=True) + epsilon)


@pytest.mark.parametrize("shape", [(4, 5, 6), (6,)])
def test_layer_takes_statistics_over_the_whole_sample(shape):
    x = np.random.default_rng(0).normal(3.0, 2.0, (7, *shape))
    model = build("layer", shape)
    gamma, beta = np.arange(1.0, 7.0), np.arange(6.0)
    model.set_weights([gamma, beta])
    axes = tuple(range(1, x.ndim))
    expected = gamma * standardized(x, axes, model.get_layer("norm").epsilon) + beta
    np.testing.assert_allclose(output_of(model, x), expected, rtol=1e-5, atol=1e-5)


def test_group_takes_statistics_over_groups_of_channels():
    x = np.random.default_rng(0).normal(3.0, 2.0, (7, 4, 5, 66))
    model = build("group", (4, 5, 66))
    grouped = x.reshape(7, 4, 5, 22, 3)
    expected = standardized(grouped, (1, 2, 4), model.get_layer("norm").epsilon).reshape(x.shape)
    np.testing.assert_allclose(output_of(model, x), expected, rtol=1e-5, atol=1e-5)


def test_instance_takes_statistics_over_each_channel_of_a_sample():
    x = np.random.default_rng(0).normal(3.0, 2.0, (7, 4, 5, 6))
    model = build("instance")
    expected = standardized(x, (1, 2), model.get_layer("norm").epsilon)
    np.testing.assert_allclose(output_of(model, x), expected, rtol=1e-5, atol=1e-5)


def test_instance_takes_no_vectors():
    with pytest.raises(ValueError, match="Normalize vectors by 'layer', 'batch' or 'group'"):
        MLP((6,), 3, normalization="instance")


@pytest.mark.parametrize(
    ("channels", "groups"),
    [(1, 1), (7, 7), (16, 16), (32, 32), (33, 11), (37, 1), (48, 24), (64, 32), (66, 22)],
)
def test_group_takes_the_largest_legal_number_of_groups(channels, groups):
    assert build("group", (2, 2, channels)).get_layer("norm").groups == groups


def test_batch_is_keras_batch_normalization_with_the_momentum_of_pytorch():
    layer = build("batch").get_layer("norm")
    expected = keras.layers.BatchNormalization(name="norm", momentum=0.9).get_config()
    assert type(layer) is keras.layers.BatchNormalization
    assert layer.get_config() == expected


@pytest.mark.parametrize("normalization", ["none", None, "weight"])
def test_none_and_that_of_weights_add_no_layer(normalization):
    inputs = keras.Input((4,))
    assert normalize(inputs, normalization, "norm") is inputs


def test_a_layer_is_copied_and_itself_left_alone():
    template = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)
    layer = build(template).get_layer("norm")
    assert (layer.momentum, layer.epsilon) == (0.9, 1e-5)
    assert layer is not template
    assert not template.built


@pytest.mark.parametrize(
    "normalization", ["batch", "layer", "instance", "group", keras.layers.LayerNormalization()]
)
def test_zero_gamma(normalization):
    weights = build(normalization, zero_gamma=True).get_layer("norm").weights
    gamma = next(np.asarray(w) for w in weights if w.path.endswith("gamma"))
    np.testing.assert_array_equal(gamma, np.zeros_like(gamma))


@pytest.mark.parametrize(
    "normalization",
    [
        "none",
        None,
        "weight",
        keras.layers.BatchNormalization(scale=False),
        keras.layers.UnitNormalization(),
    ],
)
def test_zero_gamma_without_a_gamma(normalization):
    with pytest.raises(ValueError, match="needs a normalization with a `gamma`"):
        build(normalization, zero_gamma=True)


@pytest.mark.parametrize("normalization", ["bach", 3, keras.layers.BatchNormalization])
def test_unknown(normalization):
    with pytest.raises(ValueError, match="must be one of 'batch', 'layer', 'instance', 'group'"):
        build(normalization)


def test_unknown_names_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'batch'"):
        build("bach")


def layers_of(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_every_convolutional_network_takes_instance(name):
    model, batch = (CONVOLUTIONAL[name](normalization=n) for n in ("instance", "batch"))
    norms = layers_of(model, InstanceNormalization)
    expected = layers_of(batch, keras.layers.BatchNormalization)
    assert [layer.name for layer in norms] == [layer.name for layer in expected]
    assert not any(layer.use_bias for layer in layers_of(model, keras.layers.Conv2D))


@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_every_convolutional_network_wraps_its_convolutions(name):
    model = CONVOLUTIONAL[name](normalization="weight", kernel_regularizer="l2")
    plain = CONVOLUTIONAL[name](normalization="none")
    wrapped = layers_of(model, WeightNormalization)
    expected = layers_of(plain, keras.layers.Conv2D)
    assert [layer.name for layer in wrapped] == [layer.name for layer in expected]
    assert all(layer.layer.use_bias for layer in wrapped)
    added = model.count_params() - plain.count_params()
    assert added == sum(layer.filters for layer in expected)
    # The regularized kernels are those of the wrapped layers and of the dense ones.
    dense = layers_of(model, keras.layers.Dense)
    assert len(model.losses) == len(wrapped) + len(dense)


def test_the_multi_layer_perceptron_wraps_its_hidden_layers():
    model = MLP((6,), 3, units=(5, 4), normalization="weight")
    assert [layer.name for layer in layers_of(model, WeightNormalization)] == [
        "hidden1_dense",
        "hidden2_dense",
    ]
    assert model.output_shape == (None, 3)
