import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.models.initialization import lsuv

IMAGES = np.random.default_rng(0).normal(1, 2, (32, 9, 9, 4)).astype("float32")

# Layers, each with a function from its kernel to a matrix with orthogonal columns or rows.
LAYERS = {
    "Dense": (lambda: keras.layers.Dense(6), lambda w: w.T),
    "Conv2D": (lambda: keras.layers.Conv2D(6, 3), lambda w: w.reshape(36, 6)),
    "wide": (lambda: keras.layers.Conv2D(50, 3), lambda w: w.reshape(36, 50).T),
    "grouped": (lambda: keras.layers.Conv2D(6, 3, groups=2), lambda w: w.reshape(18, 6)),
    "Conv2DTranspose": (
        lambda: keras.layers.Conv2DTranspose(6, 3),
        lambda w: np.moveaxis(w, 2, 3).reshape(36, 6),
    ),
    "DepthwiseConv2D": (
        lambda: keras.layers.DepthwiseConv2D(3, depth_multiplier=2),
        lambda w: w[:, :, 1].reshape(9, 2),
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_kernels_are_orthogonal_in_keras_s_layout_and_outputs_have_unit_variance(name):
    make, as_matrix = LAYERS[name]
    layer = make()
    model = keras.Sequential([keras.Input((9, 9, 4)), layer])
    (entry,) = lsuv(model, IMAGES, tolerance=1e-5)
    outputs = ops.convert_to_numpy(model(IMAGES)).astype("float64")
    assert outputs.var() == pytest.approx(1, rel=1e-4)
    assert entry.after == pytest.approx(outputs.std(), rel=1e-5)
    matrix = as_matrix(ops.convert_to_numpy(layer.kernel).astype("float64"))
    gram = matrix.T @ matrix
    # Before scaling, the columns had length 1 and the outputs had the deviation `before`.
    np.testing.assert_allclose(gram * entry.before**2, np.eye(len(gram)), atol=1e-4)


def test_the_variance_is_that_before_the_activation_and_later_layers_see_scaled_outputs():
    first, second = (keras.layers.Dense(64, activation="relu") for _ in range(2))
    model = keras.Sequential([keras.Input((16,)), first, second])
    x = np.random.default_rng(0).normal(0, 5, (128, 16))
    lsuv(model, x, tolerance=1e-5)
    z = x @ ops.convert_to_numpy(first.kernel)
    assert z.std() == pytest.approx(1, rel=1e-4)
    z = np.maximum(z, 0) @ ops.convert_to_numpy(second.kernel)
    assert z.std() == pytest.approx(1, rel=1e-4)


def test_without_orthonormal_the_directions_stay():
    layer = keras.layers.Dense(5)
    model = keras.Sequential([keras.Input((16,)), layer])
    before = ops.convert_to_numpy(layer.kernel).copy()
    x = np.random.default_rng(0).normal(0, 5, (128, 16))
    lsuv(model, x, orthonormal=False)
    ratio = ops.convert_to_numpy(layer.kernel) / before
    np.testing.assert_allclose(ratio, 1 / (x @ before).std(), rtol=1e-4)


def test_a_variance_within_the_tolerance_is_left():
    layer = keras.layers.Dense(5)
    model = keras.Sequential([keras.Input((16,)), layer])
    x = np.random.default_rng(0).normal(size=(128, 16))
    (exact,) = lsuv(model, x, orthonormal=False, tolerance=1e-6)
    layer.kernel.assign(1.2 * ops.convert_to_numpy(layer.kernel))
    (entry,) = lsuv(model, x, orthonormal=False, tolerance=0.5)
    assert (exact.after, entry.before) == pytest.approx((1.0, 1.2), rel=1e-3)
    assert entry.after == entry.before
    (entry,) = lsuv(model, x, orthonormal=False, tolerance=0.4)
    assert entry.after == pytest.approx(1, rel=1e-3)


def test_it_stops_after_max_iterations():
    """A bias that differs between channels is not scaled: one division does not reach 1."""
    layer = keras.layers.Dense(2)
    deviations = []
    for iterations in (1, 2, 30):
        model = keras.Sequential([keras.Input((4,)), layer])
        layer.bias.assign([0.0, 1.0])
        x = np.random.default_rng(0).normal(size=(64, 4))
        (entry,) = lsuv(model, x, tolerance=1e-4, max_iterations=iterations, seed=0)
        deviations.append(entry.after)
    errors = np.abs(np.square(deviations) - 1)
    assert errors[0] > errors[1] > 1e-4 > errors[2]


def test_a_seed_repeats_itself():
    kernels = []
    for seed in (1, 1, 2):
        model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(5), keras.layers.Dense(5)])
        lsuv(model, np.random.default_rng(0).normal(size=(32, 16)), seed=seed)
        kernels.append([ops.convert_to_numpy(layer.kernel) for layer in model.layers])
    np.testing.assert_array_equal(kernels[0][0], kernels[1][0])
    assert not np.allclose(kernels[0][0], kernels[2][0])


def test_without_a_seed_it_follows_keras_s():
    kernels = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(5)])
        lsuv(model, np.random.default_rng(0).normal(size=(32, 16)))
        kernels.append(ops.convert_to_numpy(model.layers[0].kernel))
    np.testing.assert_array_equal(*kernels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerance": 0}, "`tolerance` must be a number greater than 0"),
        ({"max_iterations": 0}, "`max_iterations` must be an integer of at least 1"),
        ({"orthonormal": "no"}, "`orthonormal` must be one of False, True"),
    ],
)
def test_arguments_out_of_range(options, message):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match=message):
        lsuv(model, np.ones((2, 2)), **options)
