import functools
import math
import re

import keras
import numpy as np
import pytest

from kerasrecipes.models import ResNet

# Which layers are joined how is the same on every backend.
neutral = functools.partial(pytest.param, marks=pytest.mark.backend_neutral)


def trainable_parameters(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


# Tests that need no other weights use zeros: JAX compiles a random initializer for every new shape.
def small(**options):
    return ResNet(
        **{
            "input_shape": (8, 8, 3),
            "classes": 4,
            "depth": 18,
            "stem": "small",
            "filters": 4,
            "kernel_initializer": "zeros",
            **options,
        }
    )


def random_images(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def output_of(model, images):
    return keras.ops.convert_to_numpy(model(images, training=False))


def taps(model, names, images):
    outputs = keras.Model(model.input, [model.get_layer(name).output for name in names])
    return [keras.ops.convert_to_numpy(x) for x in outputs(images, training=False)]


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
    """torchvision's network in NumPy and float64, with the weights of a model."""

    def __init__(self, model, blocks, stride_in=None):
        self.model, self.blocks, self.stride_in = model, blocks, stride_in

    def weights(self, name):
        return [np.asarray(w, "float64") for w in self.model.get_layer(name).get_weights()]

    def windows(self, x, size, strides, outside):
        margin = size // 2
        margins = ((0, 0), (margin, margin), (margin, margin), (0, 0))
        x = np.pad(x, margins, constant_values=outside)
        windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
        return windows[:, ::strides, ::strides]

    def convolution(self, x, name, strides):
        (kernel,) = self.weights(name)
        windows = self.windows(x, kernel.shape[0], strides, outside=0)
        return np.tensordot(windows, kernel, axes=((4, 5, 3), (0, 1, 2)))

    def norm(self, x, name):
        gamma, beta, mean, variance = self.weights(name)
        return gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta

    def block(self, x, name, strides, projected):
        bottleneck = self.stride_in is not None
        all_strides = {None: (strides, 1), "1x1": (strides, 1, 1), "3x3": (1, strides, 1)}
        shortcut = x
        if projected:
            shortcut = self.convolution(x, f"{name}_shortcut_conv", strides)
            shortcut = self.norm(shortcut, f"{name}_shortcut_norm")
        for number, step in enumerate(all_strides[self.stride_in], start=1):
            x = self.convolution(x, f"{name}_conv{number}", step)
            x = self.norm(x, f"{name}_norm{number}")
            x = x if number == 2 + bottleneck else np.maximum(x, 0)
        return np.maximum(shortcut + x, 0)

    def __call__(self, images, stem):
        x = self.convolution(images, "conv1_conv", 2 if stem == "imagenet" else 1)
        x = np.maximum(self.norm(x, "conv1_norm"), 0)
        if stem == "imagenet":
            x = self.windows(x, 3, 2, outside=-np.inf).max((4, 5))
        for stage, count in enumerate(self.blocks, start=2):
            for number in range(1, count + 1):
                strides = 2 if stage > 2 and number == 1 else 1
                projected = number == 1 and (stage > 2 or self.stride_in is not None)
                x = self.block(x, f"conv{stage}_block{number}", strides, projected)
        kernel, bias = self.weights("logits")
        return x.mean((1, 2)) @ kernel + bias


@pytest.mark.parametrize(
    ("depth", "blocks", "stride_in", "stem"),
    [
        (18, (2, 2, 2, 2), None, "imagenet"),
        neutral(34, (3, 4, 6, 3), None, "small"),
        neutral(50, (3, 4, 6, 3), "3x3", "imagenet"),
        neutral(50, (3, 4, 6, 3), "1x1", "small"),
    ],
)
def test_logits_equal_the_definition(depth, blocks, stride_in, stem):
    # Halvings of 37 x 44 pixels include odd and even sizes.
    options = {"depth": depth, "stem": stem, "stride_in": stride_in or "3x3"}
    model = small(input_shape=(37, 44, 3), **options)
    randomize(model)
    images = random_images((2, 37, 44, 3))
    expected = Reference(model, blocks, stride_in)(images, stem)
    atol = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(output_of(model, images), expected, atol=atol)


def name_in_keras_applications(name):
    """Returns the name of our layer in `keras.applications.ResNet50`."""
    name = re.sub(r"_shortcut_(conv|norm)$", r"_0_\1", name)
    name = re.sub(r"_(conv|norm)(\d)$", r"_\2_\1", name)
    return {"logits": "predictions"}.get(name, name.replace("norm", "bn"))


def take_weights(model, peer):
    """Gives our ResNet-50 the weights of `keras.applications`: our norms absorb its biases."""
    for layer in model.layers:
        if not layer.weights:
            continue
        theirs = peer.get_layer(name_in_keras_applications(layer.name))
        weights = theirs.get_weights()
        if isinstance(layer, keras.layers.Conv2D):
            weights = weights[:1]
        elif isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = weights
            convolution = peer.get_layer(theirs.name.replace("_bn", "_conv"))
            weights = [gamma, beta, mean - convolution.get_weights()[1], variance]
        layer.set_weights(weights)


@pytest.mark.backend_neutral
def test_resnet50_equals_keras_applications():
    shape = (64, 64, 3)
    peer = keras.applications.ResNet50(
        weights=None, input_shape=shape, classes=10, classifier_activation=None
    )
    randomize(peer)
    normalization = keras.layers.BatchNormalization(epsilon=1.001e-5)
    model = ResNet(
        shape, 10, stride_in="1x1", normalization=normalization, kernel_initializer="zeros"
    )
    take_weights(model, peer)
    images = random_images((2, *shape))
    stages = ["conv2_block3", "conv3_block4", "conv4_block6", "conv5_block3"]
    ours = taps(model, [f"{stage}_output" for stage in stages] + ["logits"], images)
    theirs = taps(peer, [f"{stage}_out" for stage in stages] + ["predictions"], images)
    for our_output, their_output in zip(ours, theirs, strict=True):
        scale = np.abs(their_output).max()
        assert their_output.std() > 0.01 * scale
        np.testing.assert_allclose(our_output / scale, their_output / scale, atol=1e-4)


# The counts of torchvision, which are those of trainable parameters.
@pytest.mark.parametrize(
    ("depth", "trainable", "statistics"),
    [(18, 11_689_512, 9_600), (34, 21_797_672, 17_024), (50, 25_557_032, 53_120)],
)
def test_parameters_as_published(depth, trainable, statistics):
    model = ResNet((224, 224, 3), 1000, depth=depth, kernel_initializer="zeros")
    assert trainable_parameters(model) == trainable
    assert model.count_params() == trainable + statistics


@pytest.mark.parametrize("depth", [18, 34, 50])
@pytest.mark.parametrize("stem", ["imagenet", "small"])
def test_the_last_layer_of_a_stage_by_name_gives_its_output(depth, stem):
    model = small(depth=depth, stem=stem, input_shape=(64, 96, 3))
    expansion = 4 if depth == 50 else 1
    reduction = 4 if stem == "imagenet" else 1
    for stage in (2, 3, 4, 5):
        last = [x for x in model.layers if x.name.startswith(f"conv{stage}_")][-1]
        scale = 2 ** (stage - 2)
        assert last.name.endswith("_output")
        shape = (64 // reduction // scale, 96 // reduction // scale, 4 * scale * expansion)
        assert last.output.shape == (None, *shape)
    assert [x for x in model.layers if x.name.startswith("conv1_")][-1].name == "conv1_activation"


def test_without_normalization_convolutions_have_a_bias():
    with_norm, without = small(normalization="batch"), small(normalization="none")
    for layer in without.layers:
        if isinstance(layer, keras.layers.Conv2D):
            assert layer.use_bias
            assert not with_norm.get_layer(layer.name).use_bias


@pytest.mark.backend_neutral
@pytest.mark.parametrize(("depth", "last_norm"), [(18, 2), (50, 3)])
@pytest.mark.parametrize("normalization", ["batch", "group"])
def test_zero_gamma_makes_each_block_its_shortcut(depth, last_norm, normalization):
    options = {"normalization": normalization, "kernel_initializer": "he_normal"}
    model = small(depth=depth, zero_gamma=True, **options)
    blocks = {x.name.removesuffix("_output") for x in model.layers if x.name.endswith("_output")}
    zero = {x.name for x in model.layers if hasattr(x, "gamma") and not np.asarray(x.gamma).any()}
    assert zero == {f"{block}_norm{last_norm}" for block in blocks}
    # The first two blocks of a stage have different shortcuts: a projection, and `x` itself.
    names = ["conv3_block1_shortcut_norm", "conv3_block1_output", "conv3_block2_output"]
    shortcut, first, second = taps(model, names, random_images((2, 8, 8, 3)))
    assert shortcut.std() > 0.1
    np.testing.assert_array_equal(first, np.maximum(shortcut, 0))
    np.testing.assert_array_equal(second, first)


@pytest.mark.backend_neutral
@pytest.mark.parametrize("depth", [18, 50])
def test_training_reaches_every_weight(depth):
    model = small(depth=depth, activation=keras.layers.LeakyReLU(), input_shape=(16, 16, 3))
    randomize(model)
    before = model.get_weights()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    model.train_on_batch(random_images((4, 16, 16, 3)), np.arange(4))
    for weight, old in zip(model.weights, before, strict=True):
        assert (np.asarray(weight) != old).any(), weight.path


def test_layers_of_one_shape_start_with_different_weights():
    initializer = keras.initializers.HeNormal(seed=3)
    first, second = (small(kernel_initializer=initializer) for _ in range(2))
    kernels = [first.get_layer(f"conv2_block1_conv{i}").get_weights()[0] for i in (1, 2)]
    assert (kernels[0] != kernels[1]).all()
    for ours, theirs in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_kernel_regularizer_reaches_every_kernel():
    model = small(kernel_regularizer=keras.regularizers.L2(0.01))
    randomize(model)
    kernels = [np.asarray(layer.kernel) for layer in model.layers if hasattr(layer, "kernel")]
    expected = sum(0.01 * (kernel**2).sum() for kernel in kernels)
    assert len(kernels) == 18 + 3  # The projections too.
    assert sum(float(keras.ops.convert_to_numpy(loss)) for loss in model.losses) == pytest.approx(
        expected, rel=1e-5
    )


def test_options_given_as_layers():
    model = small(
        normalization=keras.layers.BatchNormalization(momentum=0.9),
        activation=keras.layers.LeakyReLU(negative_slope=0.2),
    )
    assert model.get_layer("conv3_block1_shortcut_norm").momentum == 0.9
    assert model.get_layer("conv5_block2_output").negative_slope == pytest.approx(0.2)


@pytest.mark.backend_neutral
@pytest.mark.parametrize(
    ("depth", "stem", "normalization"), [(18, "imagenet", "layer"), (50, "small", "batch")]
)
def test_a_saved_model_loads_without_this_package(depth, stem, normalization, tmp_path):
    model = small(depth=depth, stem=stem, normalization=normalization, input_shape=(32, 32, 3))
    randomize(model)
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    images = random_images((2, 32, 32, 3))
    np.testing.assert_array_equal(output_of(loaded, images), output_of(model, images))


@pytest.mark.parametrize(("stem", "least"), [("imagenet", 32), ("small", 8)])
def test_images_of_any_size(stem, least):
    model = small(stem=stem, input_shape=(None, None, 1))
    for size in ((least, least), (least + 1, least + 5)):
        assert output_of(model, np.zeros((2, *size, 1))).shape == (2, 4)


def test_logits_are_float32_under_mixed_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = small()
    finally:
        keras.config.set_dtype_policy(policy)
    assert model.output.dtype == "float32"
    assert model.get_layer("conv2_block1_conv1").compute_dtype == "bfloat16"


def test_names():
    assert small().name == "resnet18"
    assert small(name="mine").name == "mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 20}, "`depth` must be one of 18, 34, 50. Nearest: 18. Received: depth=20"),
        ({"depth": 101}, "Nearest: 50"),
        ({"depth": -1}, "Nearest: 18"),
        ({"stem": "cifar"}, "`stem` must be one of 'imagenet', 'small'"),
        (
            {"stem": "imagenet", "input_shape": (64, 28, 1)},
            r"at least 32 pixels \(or None\). For smaller ones: stem='small' from 8 x 8",
        ),
        ({"input_shape": (7, 8, 3)}, "at least 8 pixels .* For smaller ones: ResNetCIFAR"),
        ({"input_shape": (3, 32, 32)}, r"must be \(height, width, channels\)"),
        ({"input_shape": (32, 32)}, r"must be \(height, width, channels\)"),
        ({"input_shape": (32, 32, None)}, r"must be \(height, width, channels\)"),
        ({"input_shape": (32, 32, 0)}, r"`input_shape\[2\]` must be an integer of at least 1"),
        ({"classes": 1}, "`classes` must be an integer of at least 2"),
        ({"filters": 0}, "`filters` must be an integer of at least 1"),
        ({"stride_in": "1x1"}, "`stride_in` must be '3x3' at depth 18 or 34"),
        ({"depth": 50, "stride_in": "2x2"}, "`stride_in` must be one of '3x3', '1x1'"),
        ({"normalization": "batchnorm"}, "Did you mean 'batch'"),
        ({"normalization": "none", "zero_gamma": True}, "needs a normalization with a `gamma`"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)


@pytest.mark.parametrize("options", [{"depth": "18"}, {"input_shape": (8.0, 8, 3)}])
def test_arguments_that_are_no_integers(options):
    with pytest.raises(TypeError, match="must be an integer"):
        small(**options)


def test_channels_first_is_refused():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="set_image_data_format"):
            small()
    finally:
        keras.config.set_image_data_format("channels_last")
