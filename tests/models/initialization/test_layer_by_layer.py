"""Common behaviour of all functions that initialize a model."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.layers import WeightNormalization
from kerasrecipes.models import FixupResNetCIFAR
from kerasrecipes.models.initialization import data_dependent, lsuv
from kerasrecipes.models.initialization.layer_by_layer import initialize_layer_by_layer

X = np.random.default_rng(0).normal(2, 3, (64, 6)).astype("float32")


def dense(units, **options):
    return keras.layers.Dense(units, **options)


def weights(model):
    return [ops.convert_to_numpy(w).copy() for w in model.weights]


@pytest.mark.parametrize("initialize", [lsuv, data_dependent])
def test_layers_are_skipped_with_a_reason_and_keep_their_weights(initialize):
    layers = [
        keras.Input((6,)),
        dense(5, name="first"),
        dense(5, name="frozen", trainable=False),
        keras.layers.BatchNormalization(name="norm"),
        dense(5, name="zero", kernel_initializer="zeros"),
        WeightNormalization(dense(4), name="wrapped"),
        keras.layers.Reshape((4, 1)),
        keras.layers.SeparableConv1D(4, 2, name="two_kernels"),
    ]
    model = keras.Sequential(layers)
    before = weights(model)
    report = {entry.name: entry for entry in initialize(model, X)}
    assert {name: entry.skipped for name, entry in report.items()} == {
        "first": "",
        "frozen": "it is frozen",
        "norm": "it does not have exactly one kernel",
        "zero": "its kernel is zero",
        "wrapped": "it wraps another layer",
        "two_kernels": "it does not have exactly one kernel",
    }
    after = weights(model)
    changed = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    # Only the data-dependent function changes a bias.
    assert changed == [True, initialize is data_dependent] + [False] * (len(changed) - 2)
    assert report["first"].after == pytest.approx(1, rel=1e-3)
    assert report["frozen"].before is None


def test_models_inside_models_are_entered_and_shared_layers_go_by_their_first_call():
    inner = keras.Sequential([keras.Input((6,)), dense(6, name="inner")])
    shared = dense(6, name="shared")
    inputs = keras.Input((6,))
    model = keras.Model(inputs, shared(shared(inner(inputs))))
    report = lsuv(model, X, tolerance=1e-5)
    assert [entry.name for entry in report] == ["inner", "shared"]
    first = X @ weights(inner)[0]
    assert first.std() == pytest.approx(1, rel=1e-3)
    kernel = ops.convert_to_numpy(shared.kernel)
    assert (first @ kernel).std() == pytest.approx(1, rel=1e-3)


def test_a_layer_that_the_model_does_not_call_is_said():
    class Lazy(keras.Model):
        def __init__(self):
            super().__init__()
            self.used, self.unused = dense(2, name="used"), dense(2, name="unused")

        def call(self, inputs):
            return self.used(inputs)

    model = Lazy()
    model.used.build((None, 6))
    model.unused.build((None, 6))
    model(X)
    report = lsuv(model, X)
    assert [(entry.name, entry.skipped) for entry in report] == [
        ("used", ""),
        ("unused", "the model does not call it"),
    ]


def test_a_model_is_left_as_it_was_even_if_a_layer_fails():
    model = keras.Sequential([keras.Input((6,)), dense(3, activation="relu")])
    before = ops.convert_to_numpy(model(X))

    def fail(layer, kernel, inputs):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        initialize_layer_by_layer(model, X, fail)
    np.testing.assert_array_equal(ops.convert_to_numpy(model(X)), before)
    assert "call" not in vars(model.layers[0])
    assert model.layers[0].activation is keras.activations.relu


@pytest.mark.backend_neutral
def test_a_network_without_normalization_has_its_branches_left_at_zero():
    model = FixupResNetCIFAR((8, 8, 1), 3, depth=8, filters=4)
    images = np.random.default_rng(0).normal(size=(8, 8, 8, 1))
    skipped = {entry.name: entry.skipped for entry in lsuv(model, images)}
    assert skipped["stage1_block1_conv2"] == skipped["logits"] == "its kernel is zero"
    assert not skipped["stage1_block1_conv1"]


@pytest.mark.parametrize("initialize", [lsuv, data_dependent])
def test_outputs_that_are_not_finite_are_refused(initialize):
    model = keras.Sequential([keras.Input((6,)), dense(3, name="first")])
    with pytest.raises(ValueError, match="outputs of layer 'first' must be finite"):
        initialize(model, np.full_like(X, np.inf))


@pytest.mark.parametrize("initialize", [lsuv, data_dependent])
def test_a_layer_whose_outputs_do_not_vary_keeps_its_kernel(initialize):
    model = keras.Sequential([keras.Input((6,)), dense(3)])
    before = weights(model)[0]
    (entry,) = initialize(model, np.ones((8, 6)))
    np.testing.assert_array_equal(weights(model)[0], before)
    assert entry.skipped == ("its outputs do not vary" if initialize is lsuv else "")


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16", "float16"])
@pytest.mark.parametrize("initialize", [partial(lsuv, tolerance=0.01), data_dependent])
def test_half_precision(initialize, policy):
    model = keras.Sequential(
        [keras.Input((6,)), dense(16, activation="relu", dtype=policy), dense(4, dtype=policy)]
    )
    for entry in initialize(model, X):
        assert entry.after == pytest.approx(1, rel=0.006)


def test_weights_are_assigned_where_keras_does_not_have_the_private_name(monkeypatch):
    monkeypatch.delattr("keras.src.backend.common.AutocastScope")
    model = keras.Sequential([keras.Input((6,)), dense(4)])
    (entry,) = data_dependent(model, X)
    assert entry.after == pytest.approx(1, rel=1e-3)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return X + index, np.zeros(len(X))


@pytest.mark.parametrize("initialize", [partial(lsuv, seed=0), data_dependent])
@pytest.mark.parametrize("data", [Batches, lambda: iter([(X, 0)])], ids=["PyDataset", "iterator"])
def test_of_a_data_set_the_first_batch_serves(initialize, data):
    reports = []
    for batch in (X, data()):
        model = keras.Sequential([keras.Input((6,)), dense(4)])
        model.layers[0].kernel.assign(np.linspace(-1, 1, 24).reshape(6, 4))
        (entry,) = initialize(model, batch)
        reports.append((entry.before, entry.after))
    assert reports[0] == reports[1]


def test_a_data_set_without_a_batch_is_refused():
    with pytest.raises(ValueError, match="Received: a data set of none"):
        lsuv(keras.Sequential([keras.Input((6,)), dense(4)]), iter([]))
