import math

import keras
import numpy as np
import pytest

from kerasrecipes.models import ResNetCIFAR


def trainable_parameters(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def small(**options):
    return ResNetCIFAR(
        **{"input_shape": (8, 8, 3), "classes": 4, "depth": 8, "filters": 4, **options}
    )


def random_images(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def logits_of(model, images):
    return keras.ops.convert_to_numpy(model(images, training=False))


def randomize(model, seed=0):
    """Gives every weight and moving statistic its own random values."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        values = generator.uniform(0.5, 1.5, weight.shape)
        if len(weight.shape) > 1:
            values *= generator.choice([-1, 1], weight.shape) / math.sqrt(
                math.prod(weight.shape[:-1])
            )
        weight.assign(values)


class Reference:
    """Computes the papers' network with the weights of a model, in NumPy and float64."""

    def __init__(self, model, version, shortcut):
        self.model, self.version, self.shortcut_option = model, version, shortcut

    def weights(self, name):
        return [np.asarray(w, "float64") for w in self.model.get_layer(name).get_weights()]

    def convolution(self, x, name, strides=1):
        (kernel,) = self.weights(name)
        margin = kernel.shape[0] // 2
        x = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
        return np.einsum("nhwcij,ijco->nhwo", windows[:, ::strides, ::strides], kernel)

    def norm(self, x, name):
        gamma, beta, mean, variance = self.weights(name)
        return gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta

    def norm_relu(self, x, name):
        return np.maximum(self.norm(x, name), 0)

    def shortcut(self, x, channels, strides, name):
        if strides == 1:
            return x
        if self.shortcut_option == "pad":
            zeros = np.zeros_like(x[:, ::2, ::2])
            return np.concatenate([x[:, ::2, ::2], zeros], axis=-1)
        x = self.convolution(x, f"{name}_shortcut_conv", strides)
        return self.norm(x, f"{name}_shortcut_norm") if self.version == 1 else x

    def block(self, x, channels, strides, first, name):
        if self.version == 1:
            shortcut = self.shortcut(x, channels, strides, name)
            x = self.norm_relu(self.convolution(x, f"{name}_conv1", strides), f"{name}_norm1")
            x = self.norm(self.convolution(x, f"{name}_conv2"), f"{name}_norm2")
            return np.maximum(shortcut + x, 0)
        activated = self.norm_relu(x, f"{name}_norm1")
        shortcut = self.shortcut(activated if first else x, channels, strides, name)
        x = self.norm_relu(self.convolution(activated, f"{name}_conv1", strides), f"{name}_norm2")
        return shortcut + self.convolution(x, f"{name}_conv2")

    def __call__(self, images, blocks, filters):
        x = self.convolution(images, "stem_conv")
        if self.version == 1:
            x = self.norm_relu(x, "stem_norm")
        for stage in (1, 2, 3):
            for number in range(1, blocks + 1):
                strides = 2 if stage > 1 and number == 1 else 1
                name = f"stage{stage}_block{number}"
                x = self.block(x, filters * 2 ** (stage - 1), strides, number == 1, name)
        if self.version == 2:
            x = self.norm_relu(x, "head_norm")
        kernel, bias = self.weights("logits")
        return x.mean((1, 2)) @ kernel + bias


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("shortcut", ["pad", "projection"])
def test_logits_equal_the_papers_network(version, shortcut):
    # Two halvings of 7 x 10 pixels include odd and even sizes.
    model = small(input_shape=(7, 10, 3), depth=14, version=version, shortcut=shortcut)
    randomize(model)
    images = random_images((3, 7, 10, 3))
    expected = Reference(model, version, shortcut)(images, blocks=2, filters=4)
    atol = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(logits_of(model, images), expected, atol=atol)


@pytest.mark.backend_neutral
@pytest.mark.parametrize("version", [1, 2])
def test_resnet20_has_269722_trainable_parameters(version):
    model = ResNetCIFAR((32, 32, 3), 10, depth=20, version=version, shortcut="pad")
    assert trainable_parameters(model) == 269_722


@pytest.mark.parametrize(
    ("depth", "millions"),
    [
        (32, 0.46),
        pytest.param(44, 0.66, marks=pytest.mark.slow),
        pytest.param(56, 0.85, marks=pytest.mark.slow),
        pytest.param(110, 1.7, marks=pytest.mark.slow),
    ],
)
def test_parameters_as_the_paper_prints_them(depth, millions):
    model = ResNetCIFAR((32, 32, 3), 10, depth=depth)
    digits = len(str(millions).split(".")[1])
    assert round(trainable_parameters(model) / 1e6, digits) == millions


def test_a_projection_adds_its_convolutions_and_norms():
    # There are 1x1 convolutions 16 -> 32 and 32 -> 64; in version 1, each has gamma and beta.
    convolutions, norms = 16 * 32 + 32 * 64, 2 * (32 + 64)
    sizes = [
        trainable_parameters(ResNetCIFAR((8, 8, 3), 10, shortcut="projection", version=version))
        for version in (1, 2)
    ]
    assert sizes == [269_722 + convolutions + norms, 269_722 + convolutions]


def test_without_normalization_convolutions_have_a_bias():
    with_norm, without = small(normalization="batch"), small(normalization="none")
    for layer in without.layers:
        if isinstance(layer, keras.layers.Conv2D):
            assert layer.use_bias
            assert not with_norm.get_layer(layer.name).use_bias


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("normalization", ["batch", "group"])
def test_zero_gamma_makes_each_block_its_shortcut(version, normalization):
    model = small(depth=14, version=version, normalization=normalization, zero_gamma=True)
    first, second = "stage1_block1", "stage1_block2"
    last = "activation2" if version == 1 else "add"
    names = ["stem_activation" if version == 1 else f"{first}_activation1"]
    names += [f"{first}_{last}", f"{second}_{last}"]
    taps = keras.Model(model.input, [model.get_layer(name).output for name in names])
    outputs = taps(random_images((2, 8, 8, 3)), training=False)
    shortcut, after_first, after_second = map(keras.ops.convert_to_numpy, outputs)
    assert shortcut.std() > 0.1
    np.testing.assert_array_equal(after_first, shortcut)
    np.testing.assert_array_equal(after_second, shortcut)


def test_only_the_last_norm_of_a_branch_gets_zero_gamma():
    model = small(shortcut="projection", zero_gamma=True)
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    zero = {layer.name for layer in norms if not np.asarray(layer.gamma).any()}
    assert zero == {f"stage{stage}_block1_norm2" for stage in (1, 2, 3)}


@pytest.mark.backend_neutral
@pytest.mark.parametrize("version", [1, 2])
def test_training_reaches_every_weight(version):
    model = small(version=version, shortcut="projection", activation=keras.layers.PReLU())
    before = model.get_weights()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    model.train_on_batch(random_images((4, 8, 8, 3)), np.arange(4))
    for weight, old in zip(model.weights, before, strict=True):
        assert (np.asarray(weight) != old).any(), weight.path


def test_layers_of_one_shape_start_with_different_weights():
    initializer = keras.initializers.HeNormal(seed=3)
    first, second = (small(kernel_initializer=initializer) for _ in range(2))
    kernels = [first.get_layer(f"stage1_block1_conv{i}").get_weights()[0] for i in (1, 2)]
    assert (kernels[0] != kernels[1]).all()
    for ours, theirs in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_kernel_regularizer_reaches_every_kernel_with_an_object_of_its_own():
    model = small(kernel_regularizer=keras.regularizers.L2(0.01), shortcut="projection")
    layers = [layer for layer in model.layers if hasattr(layer, "kernel")]
    expected = sum(0.01 * (np.asarray(layer.kernel) ** 2).sum() for layer in layers)
    assert sum(float(loss) for loss in model.losses) == pytest.approx(expected, rel=1e-5)
    assert len({id(layer.kernel_regularizer) for layer in layers}) == len(layers)


def test_options_given_as_layers():
    model = small(
        normalization=keras.layers.BatchNormalization(momentum=0.9),
        activation=keras.layers.LeakyReLU(negative_slope=0.2),
    )
    assert model.get_layer("stage2_block1_norm2").momentum == 0.9
    assert model.get_layer("stage3_block1_activation2").negative_slope == pytest.approx(0.2)


@pytest.mark.backend_neutral
@pytest.mark.parametrize(("version", "shortcut"), [(1, "projection"), (2, "pad")])
def test_a_saved_model_loads_without_this_package(version, shortcut, tmp_path):
    model = small(version=version, shortcut=shortcut, normalization="group")
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    images = random_images((2, 8, 8, 3))
    np.testing.assert_array_equal(logits_of(loaded, images), logits_of(model, images))


@pytest.mark.backend_neutral
def test_images_of_any_size():
    model = small(input_shape=(None, None, 1))
    for size in ((4, 4), (5, 9)):
        assert logits_of(model, np.zeros((2, *size, 1))).shape == (2, 4)


def test_logits_are_float32_under_mixed_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = small()
    finally:
        keras.config.set_dtype_policy(policy)
    assert model.output.dtype == "float32"
    assert model.get_layer("stage1_block1_conv1").compute_dtype == "bfloat16"


def test_names():
    assert small().name == "resnet8_v1"
    assert small(name="mine").name == "mine"


@pytest.mark.parametrize(
    ("depth", "nearest"),
    [(-3, "8"), (2, "8"), (7, "8"), (9, "8 or 14"), (18, "14 or 20"), (111, "110 or 116")],
)
def test_an_illegal_depth_names_the_nearest_legal_ones(depth, nearest):
    with pytest.raises(ValueError, match=f"6n \\+ 2.*Nearest: {nearest}. Received: depth={depth}"):
        small(depth=depth)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_shape": (3, 8, 3)}, "at least 4 pixels"),
        ({"input_shape": (3, 32, 32)}, r"must be \(height, width, channels\)"),
        ({"input_shape": (8, 8)}, r"must be \(height, width, channels\)"),
        ({"input_shape": (8, 8, None)}, r"must be \(height, width, channels\)"),
        ({"classes": 1}, "`classes` must be an integer of at least 2"),
        ({"filters": 0}, "`filters` must be an integer of at least 1"),
        ({"version": 3}, "`version` must be one of 1, 2"),
        ({"shortcut": "padding"}, "Did you mean 'pad'"),
        ({"normalization": "batchnorm"}, "Did you mean 'batch'"),
        ({"normalization": "none", "zero_gamma": True}, "needs a normalization with a `gamma`"),
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
