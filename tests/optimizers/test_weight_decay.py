import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.base.kernels import is_kernel
from kerasrecipes.optimizers import (
    AdaptiveGradientClipping,
    DecayKernelsOnly,
    GradientCentralization,
    LayerwiseLearningRates,
    Lookahead,
    RAdam,
)
from tests.optimizers.cases import OURS

KERAS = [
    lambda: keras.optimizers.SGD(0.5, weight_decay=0.25),
    lambda: keras.optimizers.AdamW(0.5, weight_decay=0.25),
    lambda: keras.optimizers.Lion(0.5, weight_decay=0.25),
]
KERNEL, OTHER = 1 - 0.5 * 0.25, 1.0


def through_its_config(optimizer):
    return keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))


def without_gradient(optimizer, names=("kernel", "bias", "gamma")):
    """Returns the means of weights that were 1 after a step with gradients of 0."""
    shapes = {"kernel": (2, 2), "bias": (2,), "gamma": (2,)}
    weights = [keras.Variable(np.ones(shapes[name]), dtype="float32", name=name) for name in names]
    optimizer.apply([ops.zeros(w.shape) for w in weights], weights)
    return [float(ops.convert_to_numpy(w).mean()) for w in weights]


@pytest.mark.parametrize("copied", [False, True])
@pytest.mark.parametrize("cls", OURS)
def test_ours_decay_kernels_only_by_default_and_from_a_config_too(cls, copied):
    copy = through_its_config if copied else lambda optimizer: optimizer
    received = without_gradient(copy(cls(0.5, weight_decay=0.25)))
    assert received == pytest.approx([KERNEL, OTHER, OTHER])
    everything = copy(cls(0.5, weight_decay=0.25, decay_kernels_only=False))
    assert without_gradient(everything) == pytest.approx([KERNEL] * 3)


@pytest.mark.parametrize("copied", [False, True])
@pytest.mark.parametrize("make", KERAS)
def test_the_wrapper_does_so_for_keras_optimizers(make, copied):
    copy = through_its_config if copied else lambda optimizer: optimizer
    assert without_gradient(make()) == pytest.approx([KERNEL] * 3)
    received = without_gradient(copy(DecayKernelsOnly(make())))
    assert received == pytest.approx([KERNEL, OTHER, OTHER])


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: DecayKernelsOnly(Lookahead(inner)),
        lambda inner: Lookahead(DecayKernelsOnly(inner)),
        lambda inner: DecayKernelsOnly(GradientCentralization(Lookahead(inner))),
        lambda inner: DecayKernelsOnly(LayerwiseLearningRates(inner, {"": 1.0})),
        lambda inner: DecayKernelsOnly(AdaptiveGradientClipping(inner)),
    ],
)
def test_the_wrapper_works_around_and_inside_others(wrap):
    optimizer = through_its_config(wrap(KERAS[1]()))
    assert without_gradient(optimizer) == pytest.approx([KERNEL, OTHER, OTHER])


@pytest.mark.parametrize(
    "wrap", [AdaptiveGradientClipping, lambda o: LayerwiseLearningRates(o, [1.0] * 3)]
)
def test_wrappers_that_decay_keep_to_what_the_inner_optimizer_excludes(wrap):
    received = without_gradient(wrap(RAdam(0.5, weight_decay=0.25)))
    assert received == pytest.approx([KERNEL, OTHER, OTHER])
    told = keras.optimizers.AdamW(0.5, weight_decay=0.25)
    told.exclude_from_weight_decay(var_names=["gamma"])
    assert without_gradient(wrap(told)) == pytest.approx([KERNEL, KERNEL, OTHER])


def test_what_keras_was_told_to_exclude_stays_excluded():
    optimizer = RAdam(0.5, weight_decay=0.25)
    optimizer.exclude_from_weight_decay(var_names=["kernel"])
    assert without_gradient(optimizer) == pytest.approx([OTHER] * 3)


def test_an_optimizer_that_is_built_cannot_be_told_any_more():
    optimizer = keras.optimizers.AdamW()
    without_gradient(optimizer)
    with pytest.raises(ValueError, match="`optimizer` must not be built yet"):
        DecayKernelsOnly(optimizer)


@pytest.mark.parametrize(
    ("layer", "shape", "kernels"),
    [
        (layers.Dense(3), (4,), {"kernel"}),
        (layers.Conv2D(3, 2), (4, 4, 1), {"kernel"}),
        (layers.DepthwiseConv2D(2), (4, 4, 1), {"kernel"}),
        (layers.SeparableConv2D(3, 2), (4, 4, 1), {"depthwise_kernel", "pointwise_kernel"}),
        (layers.BatchNormalization(), (4,), set()),
        (layers.LayerNormalization(axis=(1, 2)), (4, 4), set()),
        (layers.GroupNormalization(2), (4,), set()),
        (layers.RMSNormalization(axis=(1, 2)), (4, 4), set()),
        (layers.PReLU(), (4, 4), set()),
        (layers.Embedding(5, 3), (), {"embeddings"}),
        (layers.GRU(3), (4, 2), {"kernel", "recurrent_kernel"}),
    ],
)
def test_kernels_are_told_from_what_else_layers_have(layer, shape, kernels):
    layer.build((None, *shape))
    assert {w.name for w in layer.trainable_variables if is_kernel(w)} == kernels


def test_the_biases_of_attention_are_no_kernels():
    layer = layers.MultiHeadAttention(2, 3)
    layer.build((None, 4, 6), (None, 4, 6))
    names = [w.path.split("/")[-1] for w in layer.trainable_variables if is_kernel(w)]
    assert names == ["kernel"] * 4
