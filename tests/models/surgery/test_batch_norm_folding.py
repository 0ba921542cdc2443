import keras
import numpy as np
import pytest
from keras import layers

from kerasrecipes.models import VGG, ResNet, ResNetCIFAR
from kerasrecipes.models.surgery.assembly import assemble, network_of
from kerasrecipes.models.surgery.batch_norm_folding import fold_batch_norm

RNG = np.random.default_rng(0)


def randomized(model):
    """Gives every weight and moving statistic its own random values."""
    for weight in model.weights:
        values = RNG.uniform(0.5, 1.5, weight.shape)
        if len(weight.shape) > 1:
            inputs = np.prod(weight.shape) / weight.shape[-1]
            values *= RNG.choice([-1, 1], weight.shape) / np.sqrt(inputs)
        weight.assign(values)
    return model


def check_equal(model, expected_norms=0):
    """Folds a model, checks that the copy computes the same, and returns it."""
    images = RNG.normal(size=(3, *model.input_shape[1:])).astype("float32")
    before = model.get_weights()
    folded = fold_batch_norm(model)
    expected, outputs = outputs_of(model, images), outputs_of(folded, images)
    for ours, theirs in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5 * np.abs(theirs).max())
    assert len(norms_of(folded)) == expected_norms
    for weight, value in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, value)
    assert not {id(w) for w in model.weights} & {id(w) for w in folded.weights}
    return folded


def outputs_of(model, images):
    outputs = keras.tree.flatten(model(images, training=False))
    return [keras.ops.convert_to_numpy(output) for output in outputs]


def norms_of(model):
    return [x.name for x in model.layers if isinstance(x, layers.BatchNormalization)]


def after_norm(layer, shape=(7, 6, 4), **norm_options):
    """Returns a model of a layer, its normalization and an activation."""
    inputs = keras.Input(shape)
    x = layers.BatchNormalization(**norm_options)(layer(inputs))
    return randomized(keras.Model(inputs, layers.ReLU()(x)))


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (layers.Dense(5), (4,)),
        (layers.Dense(5, use_bias=False), (3, 4)),
        (layers.Conv1D(5, 3), (7, 4)),
        (layers.Conv2D(6, 3, groups=2, strides=2, padding="same"), (7, 6, 4)),
        (layers.Conv3D(5, 2, use_bias=False), (3, 4, 3, 2)),
        (layers.DepthwiseConv1D(3, depth_multiplier=2), (7, 4)),
        (layers.DepthwiseConv2D(3, depth_multiplier=3, use_bias=False), (7, 6, 4)),
        (layers.Conv1DTranspose(5, 3, strides=2), (7, 4)),
        (layers.Conv2DTranspose(5, 3, strides=2, use_bias=False), (7, 6, 4)),
        (layers.Conv3DTranspose(3, 2), (3, 4, 3, 2)),
        (layers.SeparableConv1D(5, 3, depth_multiplier=2, use_bias=False), (7, 4)),
        (layers.SeparableConv2D(5, 3), (7, 6, 4)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_kind_of_layer(layer, shape):
    folded = check_equal(after_norm(layer, shape))
    assert [type(x).__name__ for x in folded.layers][1:] == [type(layer).__name__, "ReLU"]
    assert folded.layers[1].name == layer.name


@pytest.mark.parametrize("options", [{"scale": False}, {"center": False}, {"epsilon": 0.1}])
def test_every_kind_of_normalization(options):
    check_equal(after_norm(layers.Conv2D(5, 3), **options))


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        (layers.Conv2D(6, 3, activation="relu"), {}),
        (layers.Conv2D(6, 3, padding="same"), {"axis": 1}),
        (layers.MaxPooling2D(2), {}),
        (layers.SeparableConv2D(6, 3, activation="relu"), {}),
    ],
)
def test_what_cannot_be_folded_stays(layer, options):
    check_equal(after_norm(layer, **options), expected_norms=1)


def test_a_sequential_model():
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(3),
            layers.BatchNormalization(),
        ],
        name="chain",
    )
    folded = check_equal(randomized(model))
    assert isinstance(folded, keras.Sequential)
    assert folded.name == "chain"


def branching():
    """Builds a graph in which only the layer "only" can be folded."""
    inputs = keras.Input((6, 6, 3))
    only = layers.BatchNormalization(name="norm_of_only")(layers.Conv2D(4, 1, name="only")(inputs))
    both = layers.Conv2D(4, 1, name="both")(inputs)
    first = layers.BatchNormalization(name="norm_of_both")(both)
    second = layers.BatchNormalization(name="second_norm_of_both")(both)
    shared = layers.Conv2D(4, 1, name="shared")
    called_twice = [layers.BatchNormalization(name=f"norm{i}")(shared(x)) for i, x in
                    enumerate((first, second))]  # fmt: skip
    norm = layers.BatchNormalization(name="shared_norm")
    normed = [norm(layers.Conv2D(4, 1, name=f"conv{i}")(only)) for i in (1, 2)]
    seen = layers.Conv2D(4, 1, name="seen")(only)
    of_seen = layers.BatchNormalization(name="norm_of_seen")(seen)
    total = layers.Add()([only, *called_twice, *normed, of_seen])
    return randomized(keras.Model(inputs, {"total": total, "seen": seen}))


def test_branches_and_shared_layers_are_left_alone():
    folded = check_equal(branching(), expected_norms=6)
    assert "norm_of_only" not in norms_of(folded)


def test_a_normalization_at_the_output():
    inputs = keras.Input((6, 6, 3))
    outputs = layers.BatchNormalization()(layers.Conv2D(4, 1)(inputs))
    check_equal(randomized(keras.Model(inputs, outputs)))


@pytest.mark.parametrize(
    ("build", "expected_norms"),
    [
        (lambda: ResNetCIFAR((8, 8, 3), 4, depth=8, filters=4, shortcut="projection"), 0),
        # The first norms of the second and third block, and the last norm, follow an addition.
        (lambda: ResNetCIFAR((8, 8, 3), 4, depth=8, filters=4, version=2), 3),
        pytest.param(lambda: ResNet((16, 16, 3), 4, depth=50, filters=4, stem="small"), 0,
                     marks=pytest.mark.slow),
        (lambda: VGG((32, 32, 3), 4, depth=11, filters=4, classifier_units=(8,),
                     normalization="batch"), 0),
    ],
    ids=["ResNetCIFAR", "version 2", "ResNet", "VGG"],
)  # fmt: skip
def test_our_networks(build, expected_norms):
    check_equal(randomized(build()), expected_norms)


@pytest.mark.slow
def test_mobilenet():
    """Folds a network of depthwise convolutions."""
    network = keras.applications.MobileNetV2((64, 64, 3), weights=None, classes=10, alpha=0.35)
    check_equal(randomized(network))


def test_a_network_inside_a_model():
    def build(shape):
        return ResNetCIFAR(shape, 4, depth=8, filters=4)

    model = randomized(assemble((8, 8, 3), [layers.Rescaling(1 / 255)], build))
    folded = check_equal(model)
    assert not norms_of(network_of(folded))
    assert [layer.name for layer in folded.layers] == [layer.name for layer in model.layers]


@pytest.mark.parametrize("kind", ["functional", "sequential"])
def test_a_compiled_model_can_be_evaluated(kind):
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.ReLU()]
    )
    if kind == "functional":
        model = keras.Model(model.inputs, model.outputs)
    randomized(model).compile(loss="mse", metrics=["mae"])
    x, y = RNG.normal(size=(8, 4)).astype("float32"), np.ones((8, 3))
    folded = fold_batch_norm(model)
    np.testing.assert_allclose(
        folded.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0), rtol=1e-5
    )


def test_half_precision_keeps_its_dtypes():
    policy = "mixed_bfloat16"
    inputs = keras.Input((4,))
    x = layers.Dense(3, dtype=policy)(inputs)
    model = keras.Model(inputs, layers.BatchNormalization(dtype=policy)(x))
    (dense,) = fold_batch_norm(randomized(model)).layers[1:]
    assert (dense.dtype_policy.name, dense.kernel.dtype) == (policy, "float32")


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


@pytest.mark.parametrize("model", [Subclassed(), keras.Sequential([layers.Dense(2)])])
def test_a_model_whose_layers_are_unknown(model):
    with pytest.raises(ValueError, match="must be a functional or sequential model that is built"):
        fold_batch_norm(model)
