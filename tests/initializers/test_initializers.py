import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes import initializers
from kerasrecipes.initializers import DeltaOrthogonal, Dirac, RandomWalk
from kerasrecipes.recipe import registry, signatures

# A row for each class, with another value than the default for every argument.
CASES = {
    "DeltaOrthogonal": {"gain": 1.5, "seed": 3},
    "Dirac": {"gain": 1.5, "groups": 2, "others": "ones"},
    "RandomWalk": {"activation": "linear", "seed": 3},
}


def to_numpy(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def convolve(initializer, x, filters, size, groups=1):
    rank = x.ndim - 2
    layer = getattr(keras.layers, f"Conv{rank}D")(
        filters, size, padding="same", groups=groups, kernel_initializer=initializer
    )
    return to_numpy(layer(x))


@pytest.mark.parametrize("name", initializers.__all__)
def test_every_argument_survives_a_saved_layer(name):
    initializer = registry.resolve(name, "initializer")(**CASES[name])
    assert set(CASES[name]) == set(signatures.options(type(initializer)))
    layer = keras.layers.Conv2D(4, 3, kernel_initializer=initializer)
    again = keras.layers.Conv2D.from_config(layer.get_config())
    for layer_ in (layer, again):
        layer_.build((None, 5, 5, 4))
    assert again.kernel_initializer.get_config() == CASES[name]
    assert {n: getattr(again.kernel_initializer, n) for n in CASES[name]} == CASES[name]
    np.testing.assert_array_equal(to_numpy(layer.kernel), to_numpy(again.kernel))


@pytest.mark.parametrize("name", initializers.__all__)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_kernels_have_the_dtype_that_is_asked_for(name, dtype):
    initializer = registry.resolve(name, "initializer")(**CASES[name])
    kernel = initializer((3, 3, 4, 8), dtype=dtype)
    assert keras.backend.standardize_dtype(kernel.dtype) == dtype
    full = to_numpy(initializer((3, 3, 4, 8)))
    if name == "RandomWalk":  # JAX draws different numbers for each dtype.
        assert to_numpy(kernel).std() == pytest.approx(full.std(), rel=0.2)
    else:
        np.testing.assert_allclose(to_numpy(kernel), full, atol=0.01)


@pytest.mark.parametrize("name", ["DeltaOrthogonal", "RandomWalk"])
def test_without_a_seed_two_initializers_differ_and_one_repeats_itself(name):
    initializer, other = initializers.__dict__[name](), initializers.__dict__[name]()
    first = to_numpy(initializer((3, 3, 4, 8)))
    np.testing.assert_array_equal(to_numpy(initializer((3, 3, 4, 8))), first)
    assert not np.array_equal(to_numpy(other((3, 3, 4, 8))), first)


# Dirac


@pytest.mark.parametrize("shape", [(2, 9, 3), (2, 6, 5, 3), (2, 4, 5, 4, 3)])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_dirac_is_the_identity_of_a_convolution(shape, size):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    np.testing.assert_allclose(convolve(Dirac(), x, 3, size), x, atol=1e-6)


def test_dirac_leaves_further_filters_at_zero_and_ignores_further_channels():
    x = np.random.default_rng(0).normal(size=(2, 5, 5, 3)).astype("float32")
    more = convolve(Dirac(gain=2.0), x, 5, 3)
    np.testing.assert_allclose(more, np.concatenate([2 * x, 0 * x[..., :2]], -1), atol=1e-6)
    np.testing.assert_allclose(convolve(Dirac(), x, 2, 3), x[..., :2], atol=1e-6)


def test_dirac_of_groups_is_the_identity_in_each():
    kernel = to_numpy(Dirac(groups=2)((3, 3, 2, 6)))
    expected = np.zeros((3, 3, 2, 6))
    expected[1, 1, 0, [0, 3]] = expected[1, 1, 1, [1, 4]] = 1
    np.testing.assert_array_equal(kernel, expected)


def test_further_filters_of_dirac_are_those_of_another_initializer():
    others = keras.initializers.HeNormal(seed=1)
    drawn = to_numpy(keras.initializers.HeNormal(seed=1)((3, 3, 2, 5)))
    kernel = to_numpy(Dirac(others=others)((3, 3, 2, 5)))
    np.testing.assert_array_equal(kernel[..., 2:], drawn[..., 2:])
    np.testing.assert_array_equal(kernel[..., :2], to_numpy(Dirac()((3, 3, 2, 2))))
    copy = Dirac.from_config(Dirac(others=others).get_config())
    np.testing.assert_array_equal(to_numpy(copy((3, 3, 2, 5))), kernel)


# DeltaOrthogonal


@pytest.mark.parametrize("filters", [4, 6])
def test_delta_orthogonal_keeps_the_length_of_inputs(filters):
    x = np.random.default_rng(0).normal(size=(3, 7, 7, 4)).astype("float32")
    y = convolve(DeltaOrthogonal(gain=3.0, seed=1), x, filters, 3)
    lengths = [np.linalg.norm(v.reshape(3, -1), axis=1) for v in (x, y)]
    np.testing.assert_allclose(lengths[1], 3 * lengths[0], rtol=1e-5)


def test_delta_orthogonal_has_orthonormal_columns_where_filters_are_fewer():
    kernel = to_numpy(DeltaOrthogonal(seed=1)((3, 6, 2)))
    np.testing.assert_allclose(kernel[1].T @ kernel[1], np.eye(2), atol=1e-6)
    assert not kernel[[0, 2]].any()


# RandomWalk


def test_random_walk_scales_equal_the_paper_s():
    n = np.array([6, 20, 100, 1000])
    relu = np.sqrt(2) * np.exp(1.2 / (n - 2.4))
    np.testing.assert_allclose([RandomWalk().scale(k) for k in n], relu)
    np.testing.assert_allclose([RandomWalk("linear").scale(k) for k in n], np.exp(0.5 / n))
    assert RandomWalk().scale(2) == RandomWalk().scale(6)


@pytest.mark.parametrize("shape", [(100, 3000), (5, 5, 4, 3000)])
def test_random_walk_draws_untruncated_normal_weights_of_its_scale(shape):
    kernel = to_numpy(RandomWalk(seed=1)(shape)) * 10
    assert kernel.std() == pytest.approx(RandomWalk().scale(100), rel=0.01)
    assert np.abs(kernel).max() > 4 * kernel.std()


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_gradients_walk_without_a_drift(activation):
    """In 100 layers of 20 units, He's scale would lose 100 * 1.36 / 20 = 6.8 of the logarithm."""
    rng = np.random.default_rng(0)
    scale = RandomWalk(activation).scale(20)
    gradient = rng.normal(size=(400, 20))
    start = np.log(np.linalg.norm(gradient, axis=1))
    for _ in range(100):
        kernels = rng.normal(0, scale / np.sqrt(20), (400, 20, 20))
        gradient = np.einsum("nij,nj->ni", kernels, gradient)
        gradient *= rng.random((400, 20)) < 0.5 if activation == "relu" else 1
    drift = np.log(np.linalg.norm(gradient, axis=1)) - start
    assert abs(drift.mean()) < 4 * drift.std() / np.sqrt(400)
    he = -100 * (np.log(scale) - np.log(np.sqrt(2)))
    assert activation == "linear" or abs(drift.mean() + he) > 20 * drift.std() / np.sqrt(400)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dirac()((3, 4)), r"\(\*kernel_size, input_channels, filters\)"),
        (lambda: DeltaOrthogonal()((3, 4)), r"DeltaOrthogonal.*must have shape"),
        (lambda: Dirac(groups=2)((3, 3, 4, 5)), "`groups` must divide the number of filters, 5"),
        (lambda: Dirac(groups=0), "`groups` must be an integer of at least 1"),
        (lambda: RandomWalk("tanh"), "`activation` must be one of 'relu', 'linear'"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_recipe_s_model_takes_them():
    from kerasrecipes import Recipe, use

    recipe = Recipe(
        data="Digits",
        model=use("ResNetCIFAR", depth=8, kernel_initializer=use("DeltaOrthogonal", gain=1.4)),
    )
    with pytest.raises(ValueError, match="Did you mean 'gain'"):
        recipe.replace({"model.kernel_initializer.gian": 2})
