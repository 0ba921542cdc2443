import warnings

import keras
import numpy as np
import pytest

from kerasrecipes.base.private.calls import is_symbolic_call
from kerasrecipes.layers import FancyPCA, PolicyAugment, RandomPhotometry

COVARIANCE = np.eye(3).tolist()
LAYERS = {
    "RandomPhotometry": lambda value_range: RandomPhotometry(0.1, value_range=value_range),
    "FancyPCA": lambda value_range: FancyPCA(covariance=COVARIANCE, value_range=value_range),
    "PolicyAugment": lambda value_range: PolicyAugment(value_range=value_range),
}


def pixels(low, high, dtype="float32"):
    # The shape of `test_common_behaviour.py`, since JAX compiles each operation for each shape.
    return np.linspace(low, high, 8 * 7 * 9 * 3).reshape(8, 7, 9, 3).astype(dtype)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    ("value_range", "images", "observed"),
    [
        ((0, 255), pixels(0, 1), "0 to 1"),
        ((0, 1), pixels(0, 255), "0 to 255"),
        ((0, 1), pixels(0, 255, "uint8"), "0 to 255"),
        ((0, 1), pixels(-1, 1), "-1 to 1"),
    ],
)
def test_a_range_that_does_not_fit_is_told_once(name, value_range, images, observed):
    layer = LAYERS[name](value_range)
    with pytest.warns(UserWarning, match=f"{name}: .*; observed {observed}[.]"):
        layer(images)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer(images)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    ("value_range", "images"),
    [
        ((0, 255), pixels(0, 255, "uint8")),
        ((0, 255), pixels(0, 0, "uint8")),
        ((0, 255), pixels(0, 20)),
        ((0, 1), pixels(-0.005, 1.005)),
        ((-1, 1), pixels(-1, 1)),
    ],
)
def test_a_range_that_fits_is_not_spoken_of(name, value_range, images):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LAYERS[name](value_range)(images)


@pytest.mark.tensorflow_only
def test_it_is_told_inside_of_tf_data_too():
    import tensorflow as tf

    layer = RandomPhotometry(0.1)
    dataset = tf.data.Dataset.from_tensors(pixels(0, 1)).repeat(3).map(layer)
    with pytest.warns(UserWarning, match="observed 0 to 1") as told:
        list(dataset)
    assert len([w for w in told if "observed" in str(w.message)]) == 1


def test_a_symbolic_call_looks_at_nothing():
    assert RandomPhotometry(0.1)(keras.Input((4, 4, 3), dtype="uint8")).dtype == "uint8"


@pytest.mark.parametrize("name", LAYERS)
def test_what_keras_makes_up_to_learn_shapes_is_not_looked_at(name):
    layer = LAYERS[name]((0, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer(keras.Input((8, 7, 3)))
    with pytest.warns(UserWarning, match="observed 0 to 255"):
        layer(pixels(0, 255))


def test_without_the_private_name_no_call_is_symbolic(monkeypatch):
    monkeypatch.delattr("keras.src.backend.common.symbolic_scope.in_symbolic_scope")
    assert not is_symbolic_call()
