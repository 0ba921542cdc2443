import keras
import numpy as np
import pytest

from kerasrecipes.models import FixupResNetCIFAR


def small(**options):
    return FixupResNetCIFAR(**{"input_shape": (8, 8, 3), "classes": 4, "depth": 8, **options})


def outputs_of(model, images):
    return keras.ops.convert_to_numpy(model(images, training=False))


class Reference:
    """Computes the authors' network with the weights of a model, in NumPy and float64."""

    def __init__(self, model):
        self.model = model

    def weights(self, name):
        return [np.asarray(w, "float64") for w in self.model.get_layer(name).get_weights()]

    def convolution(self, x, name, strides=1):
        (kernel,) = self.weights(name)
        x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
        return np.einsum("nhwcij,ijco->nhwo", windows[:, ::strides, ::strides], kernel)

    def block(self, x, strides, name):
        (bias1a,) = self.weights(f"{name}_bias1")
        (bias1b,) = self.weights(f"{name}_bias2")
        (bias2a,) = self.weights(f"{name}_bias3")
        scale, bias2b = self.weights(f"{name}_scale")
        identity = x
        if strides > 1:
            identity = (x + bias1a)[:, ::2, ::2]
            identity = np.concatenate([identity, np.zeros_like(identity)], axis=-1)
        out = self.convolution(x + bias1a, f"{name}_conv1", strides)
        out = np.maximum(out + bias1b, 0)
        out = self.convolution(out + bias2a, f"{name}_conv2")
        return np.maximum(out * scale + bias2b + identity, 0)

    def __call__(self, images, blocks):
        x = self.convolution(images, "stem_conv") + self.weights("stem_bias")[0]
        x = np.maximum(x, 0)
        for stage in (1, 2, 3):
            for number in range(1, blocks + 1):
                strides = 2 if stage > 1 and number == 1 else 1
                x = self.block(x, strides, f"stage{stage}_block{number}")
        kernel, bias = self.weights("logits")
        return (x.mean((1, 2)) + self.weights("head_bias")[0]) @ kernel + bias


def test_logits_equal_the_authors_network():
    model = small(input_shape=(7, 10, 3), depth=14, filters=4)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    images = rng.normal(size=(3, 7, 10, 3))
    expected = Reference(model)(images, blocks=2)
    atol = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(outputs_of(model, images), expected, atol=atol)


@pytest.mark.backend_neutral
def test_it_starts_as_the_paper_says():
    model = small(depth=20, filters=64, seed=1)
    for layer in model.layers:
        if layer.name.endswith("conv2") or layer.name == "logits":
            assert not np.any(layer.get_weights()[0])
        elif layer.name.endswith("conv1") or layer.name == "stem_conv":
            (kernel,) = layer.get_weights()
            blocks = 1 if layer.name == "stem_conv" else 9
            expected = np.sqrt(2 / (9 * kernel.shape[-1]) / blocks)
            assert kernel.std() == pytest.approx(expected, rel=0.05)
            assert np.abs(kernel).max() > 2.5 * kernel.std()
        elif layer.name.endswith("scale"):
            assert [float(w) for w in layer.get_weights()] == [1, 0]
        elif "bias" in layer.name:
            assert [float(w) for w in layer.get_weights()] == [0]


@pytest.mark.backend_neutral
def test_a_block_starts_as_the_identity():
    model = small(seed=1)
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3))
    before, after = "stem_activation", "stage1_block1_activation2"
    outputs = [model.get_layer(name).output for name in (before, after)]
    first, second = keras.Model(model.input, outputs).predict(images, verbose=0)
    np.testing.assert_array_equal(first, second)
    assert not outputs_of(model, images).any()


def test_it_has_no_normalization_and_the_parameters_of_its_peer():
    """A ResNet-20 has 269,722 parameters, 1,376 of them in norms, which 47 numbers replace here."""
    model = FixupResNetCIFAR((32, 32, 3), 10)
    kinds = {type(layer).__name__ for layer in model.layers}
    assert not {kind for kind in kinds if "Normalization" in kind}
    scalars = [weight for weight in model.weights if weight.shape == ()]
    assert len(scalars) == 9 * 5 + 2
    assert model.count_params() == 269_722 - 2 * 688 + len(scalars)


def test_a_seed_repeats_itself_and_layers_differ():
    first, second, other = (small(seed=seed, depth=14).get_weights() for seed in (1, 1, 2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    kernels = [w for w in first if w.shape == (3, 3, 16, 16) and w.any()]
    assert len(kernels) == 2
    assert not np.array_equal(*kernels)


@pytest.mark.backend_neutral
def test_options_reach_the_layers():
    model = small(
        filters=2, activation="elu", kernel_regularizer=keras.regularizers.L2(0.5), name="net"
    )
    assert model.name == "net"
    assert small().name == "fixup_resnet8"
    assert model.get_layer("stage3_block1_conv1").filters == 8
    kernels = [w for w in model.get_weights() if w.ndim > 1]
    expected = sum(0.5 * (w**2).sum() for w in kernels)
    assert sum(float(loss) for loss in model.losses) == pytest.approx(expected, rel=1e-5)
    images = np.random.default_rng(0).normal(size=(4, 8, 8, 3))
    activated = keras.Model(model.input, model.get_layer("stem_activation").output)
    assert keras.ops.convert_to_numpy(activated(images)).min() < 0


def test_images_of_any_size_and_a_saved_model(tmp_path):
    model = small(input_shape=(None, None, 3), filters=4, seed=1)
    for weight in model.weights:
        weight.assign(np.random.default_rng(0).normal(0, 0.3, weight.shape))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    images = np.random.default_rng(0).normal(size=(2, 9, 5, 3))
    np.testing.assert_array_equal(outputs_of(loaded, images), outputs_of(model, images))


@pytest.mark.slow
def test_resnet20_without_normalization_learns_digits():
    """With He's initialization it stays at chance: see docs/results/initialization_study.csv."""
    from kerasrecipes import Recipe, use
    from kerasrecipes.data.batches import training_batches
    from kerasrecipes.training.building.build import build_recipe

    recipe = Recipe(
        data="Digits",
        model=use("FixupResNetCIFAR", depth=20),
        optimizer=use("SGD", learning_rate=0.05, momentum=0.9),
        epochs=25,
        batch_size=64,
    )
    built = build_recipe(recipe, recipe.data.build("data").load())
    steps = built.length.steps_per_epoch
    batches = training_batches(
        built.dataset.train, batch_size=64, seed=0, steps_per_epoch=steps, epochs=range(25)
    )
    log = built.model.fit(batches, epochs=25, steps_per_epoch=steps, verbose=0)
    assert log.history["loss"][-1] < 0.4
    assert log.history["accuracy"][-1] > 0.9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": 1}, "`classes` must be an integer of at least 2"),
        ({"depth": 10}, "`depth` must be 6n \\+ 2.*Nearest: 8 or 14"),
        ({"filters": 0}, "`filters` must be an integer of at least 1"),
        ({"input_shape": (2, 8, 3)}, "at least 4 pixels"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)
