import keras
import numpy as np
import pytest

from kerasrecipes import Recipe, use
from kerasrecipes.models import ResNetCIFAR
from kerasrecipes.models.surgery.assembly import network_of
from kerasrecipes.models.surgery.kernel_regularization import regularize_kernels
from kerasrecipes.training.building.build import build_recipe


def kernels(model):
    return [w for w in model.trainable_variables if len(w.shape) > 1]


def test_the_penalty_is_of_kernels_and_of_nothing_else():
    # The weights are ones, because JAX compiles a random initializer for every new shape.
    model = ResNetCIFAR(
        (8, 8, 1), 3, depth=8, filters=4, kernel_initializer="ones",
        kernel_regularizer=keras.regularizers.L2(7.0),
    )  # fmt: skip
    regularize_kernels(model, keras.regularizers.L2(0.1))
    expected = sum(0.1 * (w**2).sum() for w in _arrays(model))
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_a_frozen_kernel_is_left_alone():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(2)])
    model.layers[0].trainable = False
    regularize_kernels(model, keras.regularizers.L2(0.1), keras.constraints.NonNeg())
    first, second = (layer.kernel for layer in model.layers)
    assert (first.regularizer, first.constraint) == (None, None)
    assert second.regularizer is not None
    assert isinstance(second.constraint, keras.constraints.NonNeg)


def test_max_norm_bounds_the_incoming_weights_of_each_unit_and_channel():
    recipe = Recipe(
        data=use("Digits", classes=[0, 1, 2], examples_per_class=8),
        model=use("ResNetCIFAR", depth=8, filters=4),
        kernel_constraint=use("MaxNorm", max_value=0.3),
        optimizer=use("SGD", learning_rate=0.1),
        kernel_regularizer=use("half_l2", factor=0.01),
    )
    dataset = recipe.data.build("data").load()
    built = build_recipe(recipe, dataset)
    model = built.model
    assert _norms(model).max() > 0.4  # So that the bound has something to do.
    expected = sum(0.005 * (w**2).sum() for w in _arrays(model))
    assert float(sum(network_of(model).losses)) == pytest.approx(expected, rel=1e-5)
    images = dataset.train.read(np.arange(8)).astype("float32")
    model.fit(images, dataset.train.labels[:8], verbose=0)
    norms = _norms(model)
    assert norms.max() <= 0.3 + 1e-5
    assert norms.min() < 0.3 < norms.max() + 1e-3


def test_recipes_without_the_fields_keep_their_fingerprints():
    recipe = Recipe(data="Digits", model="MLP")
    given = recipe.replace({"kernel_regularizer": "L2", "kernel_regularizer.l2": 0.1})
    assert given.kernel_regularizer == use("L2", l2=0.1)
    assert given.fingerprint != recipe.fingerprint
    assert given.replace({"kernel_regularizer": None}).fingerprint == recipe.fingerprint
    assert Recipe.from_dict(given.to_dict()) == given
    with pytest.raises(ValueError, match="There is no .*component 'MaxNrom'"):
        recipe.replace({"kernel_constraint": "MaxNrom"})


def _arrays(model):
    return [keras.ops.convert_to_numpy(kernel) for kernel in kernels(model)]


def _norms(model):
    squares = [(w**2).reshape(-1, w.shape[-1]).sum(0) for w in _arrays(model)]
    return np.sqrt(np.concatenate(squares))
