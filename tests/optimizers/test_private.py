"""The entries of `kerasrecipes.base.private` that optimizers use, and their fallbacks."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.base import private
from kerasrecipes.base.private import uses_weight_decay
from kerasrecipes.optimizers import LARS, AdaBelief, DiffGrad, Momentum, RAdam, UncorrectedAdam
from tests.optimizers.problems import BACKEND, gradients, path_of, relative_error

TOGETHER = {
    "RAdam": (RAdam, {}),
    "RAdam early": (RAdam, {"beta_2": 0.9}),
    "DiffGrad": (DiffGrad, {}),
    "AdaBelief": (AdaBelief, {}),
    "AdaBelief rectified": (AdaBelief, {"rectify": True}),
    "UncorrectedAdam": (UncorrectedAdam, {}),
    "Momentum": (Momentum, {"dampening": 0.5}),
    "Momentum nesterov": (Momentum, {"nesterov": True}),
}


@pytest.mark.skipif(BACKEND != "torch", reason="the fast path is PyTorch's")
@pytest.mark.parametrize("at_hand", [True, False])
@pytest.mark.parametrize("name", TOGETHER)
def test_updating_together_equals_updating_one_by_one(name, at_hand, monkeypatch):
    monkeypatch.setattr(private, "is_on_cpu", lambda number: at_hand)
    cls, options = TOGETHER[name]

    class OneByOne(cls):
        update_foreach = None

    together, one_by_one = cls(0.01, **options), OneByOne(0.01, **options)
    calls = []
    one_by_one.update_step = lambda *args: calls.append(0) or cls.update_step(one_by_one, *args)
    steps = gradients()[:20]
    assert relative_error(path_of(together, steps), path_of(one_by_one, steps)) < 2e-6
    assert calls


@pytest.mark.skipif(BACKEND != "torch", reason="the fast path is PyTorch's")
@pytest.mark.parametrize("name", TOGETHER)
def test_on_pytorch_no_weight_is_updated_by_itself(name):
    cls, options = TOGETHER[name]
    optimizer = cls(0.01, **options)
    optimizer.update_step = None
    assert np.isfinite(path_of(optimizer, gradients()[:2])).all()


def test_keras_still_has_the_names():
    for name in ("_backend_update_step", "_apply_weight_decay", "_use_weight_decay"):
        assert callable(getattr(keras.optimizers.Optimizer, name))


def test_decay_of_nothing_is_no_error():
    bias = keras.Variable([1.0], name="bias")
    Momentum(0.5, weight_decay=0.5).apply([ops.array([0.0])], [bias])
    assert ops.convert_to_numpy(bias).item() == 1


def test_decay_within_the_step_comes_once():
    kernel = keras.Variable([[1.0]], name="kernel")
    LARS(0.5, weight_decay=0.5).apply([ops.array([[0.0]])], [kernel])
    assert ops.convert_to_numpy(kernel).item() == 1 - 0.5 * 0.5


def test_what_is_decayed_is_known():
    kernel, bias = keras.Variable([[1.0]], name="kernel"), keras.Variable([1.0], name="bias")
    optimizer = keras.optimizers.SGD(0.5, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[bias])
    assert uses_weight_decay(optimizer, kernel)
    assert not uses_weight_decay(optimizer, bias)
    assert uses_weight_decay(object(), bias)
