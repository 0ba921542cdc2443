import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes.models import ResNetCIFAR
from kerasrecipes.models.surgery.assembly import assemble
from kerasrecipes.models.surgery.frozen_part import FrozenPart
from kerasrecipes.models.surgery.network_stages import set_trainable_stages


def assembled(network, before=()):
    return assemble((8, 8, 1), list(before), lambda shape: network)


def cifar(trainable, **options):
    network = ResNetCIFAR((8, 8, 1), 3, depth=8, filters=4)
    set_trainable_stages(network, trainable, **options)
    return network


def pixels():
    return np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1)).astype("float32")


@pytest.mark.parametrize(
    ("trainable", "shape"),
    [(0, (None, 16)), (1, (None, 4, 4, 8)), (2, (None, 8, 8, 4)), (3, (None, 8, 8, 4))],
)
def test_the_cut_is_as_late_as_possible(trainable, shape):
    model = assembled(cifar(trainable), [layers.Rescaling(1 / 255)])
    part = FrozenPart.of(model)
    assert part.backbone.output_shape == shape
    assert not part.backbone.trainable_variables
    received, expected = part.head(part.backbone(pixels())), model(pixels())
    np.testing.assert_allclose(
        ops.convert_to_numpy(received), ops.convert_to_numpy(expected), rtol=1e-5, atol=1e-6
    )
    ours, whole = part.head.trainable_variables, model.trainable_variables
    assert [id(v) for v in ours] == [id(v) for v in whole]


def test_nothing_to_keep():
    assert FrozenPart.of(assembled(cifar("all"))) is None
    # Only preprocessing is frozen, which has no weights.
    assert FrozenPart.of(assembled(cifar("all"), [layers.Rescaling(1 / 255)])) is None
    frozen = cifar(0)
    frozen.trainable = False
    assert FrozenPart.of(assembled(frozen)) is None


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(lambda: layers.Dropout(0.5), id="random"),
        pytest.param(lambda: layers.BatchNormalization(center=False, scale=False), id="moving"),
        pytest.param(lambda: layers.ActivityRegularization(0.1), id="penalized"),
        pytest.param(lambda: layers.Dense(4), id="trained"),
    ],
)
def test_what_ends_the_frozen_part(layer):
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(2, 3, name="first", trainable=False)(inputs)
    x = layer()(x)
    x = layers.Conv2D(2, 3, name="second", trainable=False)(x)
    outputs = layers.Dense(3)(layers.Flatten()(x))
    part = FrozenPart.of(assembled(keras.Model(inputs, outputs)))
    assert part.backbone.output_shape == (None, 6, 6, 2)


def test_random_preprocessing_ends_it_too():
    assert FrozenPart.of(assembled(cifar(0), [layers.GaussianNoise(0.1)])) is None
