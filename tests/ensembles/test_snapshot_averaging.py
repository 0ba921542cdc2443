import keras
import numpy as np
import pytest
from scipy.special import softmax

from kerasrecipes.callbacks.model_state import state_variables, to_arrays
from kerasrecipes.ensembles import average_snapshots

IMAGES = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def network(units=3):
    inputs = keras.Input((4,))
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
    return keras.Model(inputs, inner(inputs))


def snapshots(model, count=3):
    random = np.random.default_rng(1)
    arrays = to_arrays(state_variables(model))
    return [[random.normal(size=a.shape).astype(a.dtype) for a in arrays] for _ in range(count)]


@pytest.mark.parametrize("last", [None, 2])
def test_probabilities_are_the_mean_of_the_snapshots(last):
    model = network()
    before, taken = model.get_weights(), snapshots(model)
    averaged = average_snapshots(model, taken, last)
    used = taken[-last:] if last else taken
    expected = np.mean([softmax(IMAGES @ kernel + bias, -1) for kernel, bias in used], axis=0)
    found = softmax(averaged.predict(IMAGES, verbose=0), -1)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_does_not_fit_is_told():
    model = network()
    with pytest.raises(ValueError, match="at least 1 snapshots to average. Received: 0"):
        average_snapshots(model, [])
    with pytest.raises(ValueError, match="at least 4 snapshots to average. Received: 3"):
        average_snapshots(model, snapshots(model), last=4)
    with pytest.raises(ValueError, match="must be of this model"):
        average_snapshots(network(units=5), snapshots(model))
