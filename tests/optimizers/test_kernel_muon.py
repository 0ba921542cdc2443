"""Muon for kernels: which weights it takes, its numbers on every shape, and bad input."""

import re

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerasrecipes import use
from kerasrecipes.optimizers import KernelMuon
from kerasrecipes.optimizers._base.orthogonalization import QUINTIC, orthogonalized
from tests.optimizers.problems import BACKEND, path_of, precision, relative_error
from tests.references.optimizers import kernel_muon, newton_schulz

# Tall, wide, square, a little tall, one input, one output to each input; of ranks 2 to 5.
SHAPES = [(7, 3), (3, 7), (4, 4), (5, 4), (1, 4), (3, 3, 2, 4), (3, 2, 4), (2, 1, 2, 3, 2)]


def steps_of(shape, seed=0):
    return np.random.default_rng(seed).normal(size=(12, *shape)).astype("float32")


def orthogonalized_one(matrix, steps=5):
    return ops.convert_to_numpy(
        orthogonalized(ops.convert_to_tensor(matrix[None]), QUINTIC, steps)
    )[0]


@pytest.mark.parametrize("options", [{}, {"cautious": True}, {"normalize_kernels": True}])
@pytest.mark.parametrize("shape", SHAPES)
def test_kernels_of_every_shape_decay_and_move_as_the_reference(shape, options):
    inner = keras.optimizers.SGD(0.125, weight_decay=0.25)
    optimizer = KernelMuon(inner, exclude_head=False, **options)
    steps = steps_of(shape)
    given = {"exclude_head": False, "weight_decay": 0.25, "start": 1.0, **options}
    expected = kernel_muon(steps, np.full(12, 0.125), **given)
    with precision("float64"):
        received = path_of(optimizer, steps, "float64", start=1.0)
    assert relative_error(received - 1, expected - 1) < 1e-6  # The rate is of float32.


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 7])
@pytest.mark.parametrize("shape", [(576, 64), (64, 576), (48, 48), (40, 32)])
def test_the_small_form_equals_the_polynomial_of_the_singular_values(shape, steps):
    matrix = np.random.default_rng(1).normal(size=shape).astype("float32")
    expected = newton_schulz(matrix.astype("float64"), QUINTIC, steps)
    error = np.abs(orthogonalized_one(matrix, steps) - expected).max() / np.abs(expected).max()
    assert error < 5e-5


def test_singular_values_are_about_one_afterwards():
    matrix = np.random.default_rng(1).normal(size=(576, 64)).astype("float32")
    values = np.linalg.svd(orthogonalized_one(matrix), compute_uv=False)
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_directions_without_a_gradient_stay_without_one():
    rng = np.random.default_rng(1)
    matrix = (rng.normal(size=(90, 5)) @ rng.normal(size=(5, 12))).astype("float32")
    values = np.linalg.svd(orthogonalized_one(matrix), compute_uv=False)
    assert (values[:5] > 0.5).all()
    assert (values[5:] < 1e-3).all()


def applied(optimizer, kernels, gradients):
    """Returns kernels after a step."""
    variables = [keras.Variable(k, dtype="float32", name="kernel") for k in kernels]
    optimizer.apply([ops.convert_to_tensor(g, "float32") for g in gradients], variables)
    return [ops.convert_to_numpy(variable) for variable in variables]


def test_zero_gradients_change_nothing():
    ones = np.ones((3, 3, 2, 4))
    optimizer = KernelMuon("sgd", exclude_head=False)
    np.testing.assert_array_equal(applied(optimizer, [ones], [0 * ones])[0], ones)


def test_normalization_leaves_a_kernel_of_zeros_alone():
    zeros = np.zeros((3, 3, 2, 4))
    optimizer = KernelMuon("sgd", exclude_head=False, normalize_kernels=True)
    np.testing.assert_array_equal(applied(optimizer, [zeros], [zeros])[0], zeros)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_spoils_its_own_kernel_and_no_other(bad):
    kernels = [np.ones((3, 3, 2, 4))] * 3
    gradients = [*steps_of((3, 3, 2, 4))[:3]]
    optimizer = KernelMuon("sgd", exclude_head=False)
    expected = applied(KernelMuon("sgd", exclude_head=False), kernels, gradients)
    gradients[1][0, 0, 0, 0] = bad
    received = applied(optimizer, kernels, gradients)
    assert not np.isfinite(received[1]).any()
    for index in (0, 2):
        np.testing.assert_allclose(received[index], expected[index], rtol=1e-6)


def test_kernels_of_a_shape_make_one_batch(monkeypatch):
    from kerasrecipes.optimizers import kernel_muon as module

    batches = []

    def recorded(matrices, *arguments):
        batches.append(tuple(matrices.shape))
        return orthogonalized(matrices, *arguments)

    monkeypatch.setattr(module, "orthogonalized", recorded)
    shapes = [(3, 3, 2, 4), (18, 4), (3, 3, 2, 4), (1, 1, 2, 4)]
    optimizer = KernelMuon("sgd", exclude_head=False)
    together = applied(optimizer, map(np.ones, shapes), [steps_of(s)[0] for s in shapes])
    assert sorted(batches) == [(1, 2, 4), (3, 18, 4)]
    for shape, received in zip(shapes, together, strict=True):
        alone = applied(
            KernelMuon("sgd", exclude_head=False), [np.ones(shape)], [steps_of(shape)[0]]
        )
        np.testing.assert_allclose(received, alone[0], rtol=1e-5, atol=1e-7)


def network():
    images = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, name="stem")(images)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.DepthwiseConv2D(3, name="spatial")(x)
    x = layers.SeparableConv2D(4, 3, name="separable")(x)
    x = layers.Dense(6, name="hidden")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(images, layers.Dense(2, name="head")(x))


def moved_by_muon(model, **options):
    """Returns names of weights that Muon has trained: they have a velocity."""
    optimizer = KernelMuon("sgd", **options)
    optimizer.build(model.trainable_variables)
    gradients = [ops.ones(v.shape) for v in model.trainable_variables]
    optimizer.apply(gradients, model.trainable_variables)
    names = [v.path.replace("/", "_") for v in optimizer.variables if "velocity" in v.path]
    return {re.sub(r"^kernel_muon(_\d+)?_|_velocity$", "", name) for name in names}


def test_kernels_that_mix_channels_are_taken_and_no_other():
    taken = moved_by_muon(network())
    assert taken == {
        "stem_kernel",
        "separable_pointwise_kernel",
        "hidden_kernel",
    }


def test_layers_can_be_excluded_and_the_head_included():
    taken = moved_by_muon(network(), exclude=["stem", "hidden"], exclude_head=False)
    assert taken == {
        "separable_pointwise_kernel",
        "head_kernel",
    }


def test_the_inner_optimizer_keeps_no_state_of_kernels():
    model = network()
    optimizer = KernelMuon(keras.optimizers.Adam())
    optimizer.build(model.trainable_variables)
    sizes = [int(np.prod(v.shape)) for v in model.trainable_variables]
    kernels = [4 * 8, 4 * 6, 3 * 3 * 3 * 8]  # Pointwise, hidden, stem.
    assert sum(int(np.prod(v.shape)) for v in optimizer.variables) == (
        2 * (sum(sizes) - sum(kernels)) + sum(kernels) + 4  # Two counts and two rates.
    )


def test_an_embedding_is_left_to_the_inner_optimizer():
    model = keras.Sequential([keras.Input((4,)), layers.Embedding(5, 3), layers.Dense(2)])
    assert len(moved_by_muon(model, exclude_head=False)) == 1


def test_every_layer_has_its_rate():
    model = network()
    before = [np.array(ops.convert_to_numpy(v)) for v in model.trainable_variables]
    optimizer = KernelMuon(
        keras.optimizers.SGD(0.5), multipliers={"": 1.0, "beta": 4.0, "head": 0.25}
    )
    gradients = [ops.ones(v.shape) for v in model.trainable_variables]
    optimizer.apply(gradients, model.trainable_variables)
    steps = {
        variable.path: (old - ops.convert_to_numpy(variable)).mean()
        for variable, old in zip(model.trainable_variables, before, strict=True)
    }
    by_end = {name: step for name, step in steps.items() if not name.endswith("stem/kernel")}
    assert by_end["norm/beta"] == pytest.approx(2.0)
    assert by_end["norm/gamma"] == pytest.approx(0.5)
    assert by_end["head/kernel"] == pytest.approx(0.125, rel=1e-5)
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert copy.multipliers == [4.0 if "beta" in p else 0.25 if "head" in p else 1.0 for p in steps]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kernel_multiplier": -1.0}, ValueError, "`kernel_multiplier` must be"),
        ({"momentum": 1.0}, ValueError, "`momentum` must be"),
        ({"scale": "orignal"}, ValueError, "Did you mean 'original'"),
        ({"steps": 0}, ValueError, "`steps` must be"),
        ({"coefficients": (1.0, 2.0)}, ValueError, "`coefficients` must be three floats"),
        ({"coefficients": "abc"}, TypeError, "`coefficients` must be a number"),
        ({"multipliers": {"": -1.0}}, ValueError, r"`multipliers\[''\]`"),
    ],
)
def test_bad_arguments_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        KernelMuon("sgd", **options)


@pytest.mark.parametrize("inner", ["muon", "nadam", KernelMuon("sgd")])
def test_an_inner_optimizer_must_update_each_weight_by_itself(inner):
    with pytest.raises(ValueError, match="must update each weight by itself"):
        KernelMuon(inner)


def test_a_name_that_fits_no_layer_is_refused():
    with pytest.raises(ValueError, match="Did you mean 'head'"):
        KernelMuon("sgd", exclude=["haed"]).build(network().trainable_variables)


def test_a_recipe_may_name_it():
    spec = use("KernelMuon", optimizer=use("SGD", learning_rate=0.1), scale="original")
    assert isinstance(spec.build("optimizer"), KernelMuon)


@pytest.mark.skipif(BACKEND != "jax", reason="optax is JAX's")
def test_it_equals_optax():
    import jax
    import optax

    shape, rate = (12, 5), 2**-7
    steps = steps_of(shape)
    # Optax takes its dense kernels as inputs by outputs, as Keras does.
    with jax.enable_x64(True):
        transformation = optax.contrib.scale_by_muon(
            ns_coeffs=QUINTIC, ns_steps=5, beta=0.5, eps=0.0, nesterov=False
        )
        w = jax.numpy.zeros(shape)
        state, path = transformation.init(w), []
        for gradient in steps.astype("float64"):
            update, state = transformation.update(jax.numpy.asarray(gradient), state, w)
            w = w - rate * update
            path.append(np.array(w))
        inner = keras.optimizers.SGD(rate)
    with precision("float64"):
        optimizer = KernelMuon(inner, momentum=0.5, nesterov=False, scale=None, exclude_head=False)
        received = path_of(optimizer, steps, "float64")
    assert relative_error(received, np.array(path)) < 1e-10


@pytest.mark.parametrize("scale", ["original", "match_rms_adamw"])
def test_it_equals_torch_to_the_digits_of_bfloat16(scale):
    torch = pytest.importorskip("torch")
    if not hasattr(torch.optim, "Muon"):
        pytest.skip("needs PyTorch 2.9")
    steps, rate = steps_of((12, 5)), 2**-7
    # PyTorch's matrices are outputs by inputs.
    w = torch.zeros((5, 12), requires_grad=True)
    theirs = torch.optim.Muon([w], rate, weight_decay=0.0, momentum=0.9, adjust_lr_fn=scale)
    path = []
    for gradient in steps:
        w.grad = torch.tensor(gradient.T.copy())
        theirs.step()
        path.append(w.detach().numpy().T.copy())
    inner = keras.optimizers.SGD(rate)
    received = path_of(KernelMuon(inner, momentum=0.9, scale=scale, exclude_head=False), steps)
    distance = np.linalg.norm(received[-1] - path[-1]) / np.linalg.norm(path[-1])
    assert distance < 0.03
