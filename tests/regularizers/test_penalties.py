import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes import use
from kerasrecipes.regularizers import elastic_net, half_l2

W = np.array([[0.5, -2.0], [0.0, 1.5]])


def test_half_l2_is_half_of_the_squares():
    assert float(half_l2(0.3)(W)) == pytest.approx(0.3 / 2 * np.sum(W**2))


def test_a_step_of_descent_shrinks_weights_by_the_strength():
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(2, kernel_regularizer=half_l2(0.3))]
    )
    model.set_weights([W, np.zeros(2)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    # Nothing comes in and nothing is asked for, so that only the penalty has a gradient.
    model.fit(np.zeros((4, 2)), np.zeros((4, 2)), verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], W * (1 - 0.1 * 0.3), rtol=1e-6)


@pytest.mark.parametrize("beta", [0, 0.5, 3])
def test_elastic_net_weighs_squares_by_beta(beta):
    expected = 0.2 * (beta * np.sum(W**2) + np.sum(np.abs(W)))
    assert float(elastic_net(0.2, beta=beta)(W)) == pytest.approx(expected)


def test_they_are_keras_own_and_have_names_in_recipes():
    built = use("half_l2", factor=0.2).build("regularizer")
    assert (type(built), built.l2) == (keras.regularizers.L2, 0.1)
    built = use("elastic_net", factor=0.2, beta=0.5).build("regularizer")
    assert type(built) is keras.regularizers.L1L2
    loaded = keras.regularizers.deserialize(keras.regularizers.serialize(built))
    assert float(loaded(ops.convert_to_tensor(W))) == pytest.approx(float(built(W)))


@pytest.mark.parametrize(
    ("penalty", "name"),
    [
        (lambda: half_l2(-0.1), "factor"),
        (lambda: elastic_net(-0.1), "factor"),
        (lambda: elastic_net(0.1, beta=-1), "beta"),
    ],
)
def test_arguments_out_of_range(penalty, name):
    with pytest.raises(ValueError, match=f"`{name}` must be a number of at least 0"):
        penalty()
