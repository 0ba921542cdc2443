import math

import keras
import numpy as np
import pytest

from kerasrecipes.models import VGG


def trainable_parameters(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


# Tests that need no other weights use zeros: JAX compiles a random initializer for every new shape.
def small(**options):
    return VGG(
        **{
            "input_shape": (32, 32, 3),
            "classes": 4,
            "depth": 11,
            "filters": 4,
            "kernel_initializer": "zeros",
            "classifier_units": (8,),
            **options,
        }
    )


def random_images(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def output_of(model, images):
    return keras.ops.convert_to_numpy(model(images, training=False))


def randomize(model, seed=0):
    """Gives every weight and moving statistic its own random values."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        values = generator.uniform(0.1, 1.0, weight.shape)
        if len(weight.shape) > 1:
            values = generator.normal(0, math.sqrt(2 / math.prod(weight.shape[:-1])), weight.shape)
        weight.assign(values)


@pytest.mark.backend_neutral
def test_vgg16_equals_keras_applications():
    shape = (64, 64, 3)
    peer = keras.applications.VGG16(
        weights=None, input_shape=shape, classes=10, classifier_activation=None
    )
    randomize(peer)
    model = VGG(shape, 10, depth=16, kernel_initializer="zeros")
    names = [layer.name for layer in model.layers if layer.weights]
    theirs = {"head_dense1": "fc1", "head_dense2": "fc2", "logits": "predictions"}
    for name in names:
        peer_layer = peer.get_layer(theirs.get(name, name))
        model.get_layer(name).set_weights(peer_layer.get_weights())
    images = random_images((2, *shape))
    expected = output_of(peer, images)
    scale = np.abs(expected).max()
    assert expected.std() > 0.01 * scale
    np.testing.assert_allclose(output_of(model, images) / scale, expected / scale, atol=1e-4)


class Reference:
    """Computes the paper's network with norms, in NumPy and float64."""

    def __init__(self, model):
        self.model = model

    def weights(self, name):
        return [np.asarray(w, "float64") for w in self.model.get_layer(name).get_weights()]

    def convolution_norm_relu(self, x, block, number):
        (kernel,) = self.weights(f"block{block}_conv{number}")
        gamma, beta, mean, variance = self.weights(f"block{block}_norm{number}")
        x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
        x = np.tensordot(windows, kernel, axes=((4, 5, 3), (0, 1, 2)))
        return np.maximum(gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta, 0)

    def __call__(self, images, convolutions, pooling):
        x = images
        for block, count in enumerate(convolutions, start=1):
            for number in range(1, count + 1):
                x = self.convolution_norm_relu(x, block, number)
            # Pooling leaves out the last row or column of an odd size.
            x = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
            n, height, width, channels = x.shape
            x = x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4))
        x = x.mean((1, 2)) if pooling == "average" else x.reshape(len(x), -1)
        kernel, bias = self.weights("head_dense1")
        x = np.maximum(x @ kernel + bias, 0)
        kernel, bias = self.weights("logits")
        return x @ kernel + bias


@pytest.mark.parametrize(
    ("depth", "convolutions", "pooling"),
    [(11, (1, 1, 2, 2, 2), "flatten"), (19, (2, 2, 4, 4, 4), "average")],
)
def test_logits_with_norms_equal_the_definition(depth, convolutions, pooling):
    shape = (37, 70, 3)
    model = small(input_shape=shape, depth=depth, pooling=pooling, normalization="batch")
    randomize(model)
    images = random_images((2, *shape))
    expected = Reference(model)(images, convolutions, pooling)
    atol = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(output_of(model, images), expected, atol=atol)


@pytest.fixture(scope="module")
def vgg16():
    return VGG((224, 224, 3), 1000, depth=16, kernel_initializer="zeros")


def test_vgg16_has_138357544_parameters_all_trainable(vgg16):
    assert trainable_parameters(vgg16) == vgg16.count_params() == 138_357_544


def test_123642856_of_them_are_in_dense_layers(vgg16):
    dense = [layer for layer in vgg16.layers if isinstance(layer, keras.layers.Dense)]
    assert sum(layer.count_params() for layer in dense) == 123_642_856


# The totals of torchvision minus those of its classifier, 123,642,856.
@pytest.mark.parametrize(
    ("depth", "total"), [(11, 132_863_336), (13, 133_047_848), (19, 143_667_240)]
)
def test_parameters_of_the_convolutions_as_published(depth, total):
    options = {"pooling": "average", "classifier_units": (), "kernel_initializer": "zeros"}
    model = VGG((224, 224, 3), 2, depth=depth, **options)
    assert model.count_params() - (2 * 512 + 2) == total - 123_642_856


def test_a_norm_replaces_the_bias_of_its_convolution():
    with_norm, without = small(normalization="batch"), small(normalization="none")
    convolutions = [x for x in without.layers if isinstance(x, keras.layers.Conv2D)]
    assert len(convolutions) == 8
    for layer in convolutions:
        assert layer.use_bias
        assert not with_norm.get_layer(layer.name).use_bias
        assert with_norm.get_layer(layer.name.replace("conv", "norm")).axis == -1
    assert with_norm.get_layer("head_dense1").use_bias


def test_the_last_layer_of_a_block_by_name_gives_its_output():
    model = small(input_shape=(64, 96, 3), normalization="batch")
    for block, channels in enumerate((4, 8, 16, 32, 32), start=1):
        last = [x for x in model.layers if x.name.startswith(f"block{block}_")][-1]
        assert last.name == f"block{block}_pool"
        assert last.output.shape == (None, 64 // 2**block, 96 // 2**block, channels)


def test_the_head_in_its_order():
    model = small(classifier_units=(8, 6), dropout_rate=0.3)
    names = [layer.name for layer in model.layers]
    assert names[names.index("block5_pool") + 1 :] == [
        "head_flatten",
        "head_dense1",
        "head_activation1",
        "head_dropout1",
        "head_dense2",
        "head_activation2",
        "head_dropout2",
        "logits",
    ]
    assert model.get_layer("head_dense2").units == 6
    assert model.get_layer("head_dropout2").rate == 0.3


def test_a_small_head():
    model = small(pooling="average", classifier_units=(), input_shape=(64, 64, 3))
    names = [layer.name for layer in model.layers]
    assert names[-2:] == ["head_average", "logits"]
    assert model.get_layer("logits").count_params() == 32 * 4 + 4


def test_no_dropout_layer_at_rate_zero():
    assert not any("dropout" in layer.name for layer in small(dropout_rate=0.0).layers)


@pytest.mark.backend_neutral
def test_training_reaches_every_weight():
    model = small(normalization="batch", activation=keras.layers.LeakyReLU(), dropout_rate=0.0)
    randomize(model)
    before = model.get_weights()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    model.train_on_batch(random_images((4, 32, 32, 3)), np.arange(4))
    for weight, old in zip(model.weights, before, strict=True):
        assert (np.asarray(weight) != old).any(), weight.path


@pytest.mark.backend_neutral
def test_layers_of_one_shape_start_with_different_weights():
    initializer = keras.initializers.HeNormal(seed=3)
    options = {"kernel_initializer": initializer, "classifier_units": (32, 32)}
    first, second = small(**options), small(**options)
    for names in (("block5_conv1", "block5_conv2"), ("head_dense1", "head_dense2")):
        kernels = [first.get_layer(name).get_weights()[0] for name in names]
        assert (kernels[0] != kernels[1]).all()
    for ours, theirs in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_kernel_regularizer_reaches_every_kernel():
    model = small(kernel_regularizer=keras.regularizers.L2(0.01))
    randomize(model)
    kernels = [np.asarray(layer.kernel) for layer in model.layers if hasattr(layer, "kernel")]
    expected = sum(0.01 * (kernel**2).sum() for kernel in kernels)
    assert len(kernels) == 8 + 2
    assert sum(float(keras.ops.convert_to_numpy(loss)) for loss in model.losses) == pytest.approx(
        expected, rel=1e-5
    )


def test_options_given_as_layers():
    model = small(
        normalization=keras.layers.BatchNormalization(momentum=0.9),
        activation=keras.layers.LeakyReLU(negative_slope=0.2),
    )
    assert model.get_layer("block3_norm2").momentum == 0.9
    assert model.get_layer("block5_activation2").negative_slope == pytest.approx(0.2)
    assert model.get_layer("head_activation1").negative_slope == pytest.approx(0.2)


@pytest.mark.backend_neutral
@pytest.mark.parametrize(
    ("pooling", "normalization"), [("flatten", "none"), ("average", "batch"), ("average", "layer")]
)
def test_a_saved_model_loads_without_this_package(pooling, normalization, tmp_path):
    model = small(pooling=pooling, normalization=normalization)
    randomize(model)
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    images = random_images((2, 32, 32, 3))
    np.testing.assert_array_equal(output_of(loaded, images), output_of(model, images))


def test_images_of_any_size():
    model = small(input_shape=(None, None, 1), pooling="average")
    for size in ((32, 32), (33, 47)):
        assert output_of(model, np.zeros((2, *size, 1))).shape == (2, 4)


def test_logits_are_float32_under_mixed_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = small()
    finally:
        keras.config.set_dtype_policy(policy)
    assert model.output.dtype == "float32"
    assert model.get_layer("head_dense1").compute_dtype == "bfloat16"


def test_names():
    assert small().name == "vgg11"
    assert small(name="mine").name == "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 12}, "`depth` must be one of 11, 13, 16, 19. Nearest: 11. Received: depth=12"),
        ({"depth": 18}, "Nearest: 19"),
        (
            {"input_shape": (28, 64, 1)},
            r"at least 32 pixels \(or None\). Enlarge smaller ones first, for example by "
            "keras.layers.Resiz",
        ),
        ({"input_shape": (32,)}, r"must be \(height, width, channels\)"),
        ({"input_shape": (None, 32, 3)}, "`pooling` must be 'average' for images of any size"),
        ({"pooling": "averge"}, "Did you mean 'average'"),
        ({"classes": 1}, "`classes` must be an integer of at least 2"),
        ({"filters": 0}, "`filters` must be an integer of at least 1"),
        ({"classifier_units": (8, 0)}, r"`classifier_units\[1\]` must be an integer of at least 1"),
        ({"dropout_rate": 1.0}, r"`dropout_rate` must be a number in \[0, 1\)"),
        ({"normalization": "batchnorm"}, "Did you mean 'batch'"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)


def test_channels_first_is_refused():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="set_image_data_format"):
            small()
    finally:
        keras.config.set_image_data_format("channels_last")
