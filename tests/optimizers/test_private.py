"""The entries of `kerasrecipes.base.private` that optimizers use, and their fallbacks."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes.base.private.optimizers import (
    TogetherUpdates,
    update_all,
    uses_weight_decay,
)
from kerasrecipes.optimizers import LARS, KernelMuon, LayerwiseLearningRates, Momentum
from kerasrecipes.optimizers._base import step_numbers
from tests.optimizers.cases import CASES, REPRESENTATIVES, class_of, make
from tests.optimizers.problems import BACKEND, gradients, path_of, relative_error

FOREACH = [name for name in CASES if getattr(class_of(name), "update_foreach", None)]


@pytest.mark.skipif(BACKEND != "torch", reason="the fast path is PyTorch's")
@pytest.mark.parametrize("on_cpu", [True, False])
@pytest.mark.parametrize("name", FOREACH)
def test_updating_all_weights_at_once_equals_one_by_one(name, on_cpu, monkeypatch):
    monkeypatch.setattr(step_numbers, "is_readable", lambda number: on_cpu)
    cls = class_of(name)

    class OneByOne(cls):
        update_foreach = None

    at_once, one_by_one = make(name), make(name, cls=OneByOne)
    calls = []
    one_by_one.update_step = lambda *args: calls.append(0) or cls.update_step(one_by_one, *args)
    steps = gradients()[:20]
    assert relative_error(path_of(at_once, steps), path_of(one_by_one, steps)) < 2e-6
    assert calls


@pytest.mark.skipif(BACKEND != "torch", reason="the fast path is PyTorch's")
@pytest.mark.parametrize("name", FOREACH)
def test_on_pytorch_no_weight_is_updated_by_itself(name):
    optimizer = make(name)
    optimizer.update_step = None
    assert np.isfinite(path_of(optimizer, gradients()[:2])).all()


@keras.saving.register_keras_serializable(package="test_private")
class Falling(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1 / (1 + ops.cast(step, "float32"))


@pytest.mark.skipif(BACKEND != "torch", reason="the fast path is PyTorch's")
@pytest.mark.parametrize("name", [name for name in REPRESENTATIVES if name in FOREACH])
def test_pytorch_compiles_a_step_in_one_piece_whatever_its_size(name):
    import torch

    optimizer, compiled = make(name, Falling()), []
    kernel = keras.Variable([[1.0, 1.0]], name="kernel")
    optimizer.build([kernel])

    def backend(module, inputs):
        compiled.append(module)
        return module.forward

    @torch.no_grad()
    def step(gradient):
        optimizer.apply([gradient], [kernel])

    torch.compiler.reset()
    step = torch.compile(step, backend=backend, fullgraph=True)  # Refuses to read a number.
    steps = np.array([[[1.0, -1.0]], [[2.0, 1.0]], [[0.5, 3.0]], [[1.0, 1.0]]], "float32")
    for gradient in steps:
        step(torch.from_numpy(gradient))
    # Once more after the first step, which leaves behind what Keras remembers of the weights.
    assert len(compiled) <= 2
    expected = path_of(make(name, Falling()), steps, start=1.0)[-1]
    np.testing.assert_allclose(ops.convert_to_numpy(kernel), expected, rtol=2e-6)


class OneByOne(KernelMuon):
    """As a version of Keras would update it that does not call `_backend_update_step`."""

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        super(TogetherUpdates, self)._backend_update_step(grads, trainable_variables, learning_rate)


def test_weights_that_are_updated_together_end_where_they_do_one_by_one():
    shapes = [(3, 3, 2, 4), (4,), (3, 3, 2, 4), (4, 2)]
    steps = [
        [np.random.default_rng(n).normal(size=s).astype("float32") for s in shapes]
        for n in range(4)
    ]
    ends = []
    for cls in (KernelMuon, OneByOne):
        inner = keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.1)
        optimizer = cls(inner)
        weights = [keras.Variable(np.ones(s), dtype="float32", name="kernel") for s in shapes]
        calls = []
        together = optimizer.update_together
        optimizer.update_together = lambda *args, f=together, c=calls: c.append(0) or f(*args)
        for step in steps:
            optimizer.apply([ops.convert_to_tensor(g) for g in step], weights)
        assert len(calls) == (len(steps) if cls is KernelMuon else 0)
        ends.append([ops.convert_to_numpy(w) for w in weights])
    for first, second in zip(*ends, strict=True):
        np.testing.assert_allclose(first, second, rtol=2e-5, atol=2e-6)


def test_an_optimizer_without_the_name_takes_its_steps_one_by_one():
    class Plain:
        def __init__(self):
            self.steps = []

        def update_step(self, *arguments):
            self.steps.append(arguments)

    optimizer = Plain()
    update_all(optimizer, [1, 2], ["first", "second"], 0.5)
    assert optimizer.steps == [(1, "first", 0.5), (2, "second", 0.5)]


def test_keras_still_has_the_names():
    optimizer = keras.optimizers.Optimizer
    for name in ("_backend_update_step", "_apply_weight_decay"):
        assert callable(getattr(optimizer, name))
    assert hasattr(optimizer, "_is_excluded_from_weight_decay") or optimizer._use_weight_decay


def test_weights_that_are_all_excluded_are_no_error():
    bias = keras.Variable([1.0], name="bias")
    Momentum(0.5, weight_decay=0.5).apply([ops.array([0.0])], [bias])
    assert ops.convert_to_numpy(bias).item() == 1


def test_an_optimizer_that_decays_in_its_step_decays_once():
    kernel = keras.Variable([[1.0]], name="kernel")
    LARS(0.5, weight_decay=0.5).apply([ops.array([[0.0]])], [kernel])
    assert ops.convert_to_numpy(kernel).item() == 1 - 0.5 * 0.5


@pytest.mark.parametrize(
    "optimizer",
    [
        LARS(0.5, weight_decay=0.5),
        LayerwiseLearningRates(keras.optimizers.SGD(0.5, weight_decay=0.5), {"": 2.0}),
    ],
)
def test_an_optimizer_that_decays_in_its_step_leaves_out_what_is_excluded(optimizer):
    """Keras's own decay, before the step, leaves out all weights."""
    weights = [keras.Variable([[1.0]], name=name) for name in ("kernel", "other")]
    optimizer.exclude_from_weight_decay(var_list=weights[1:])
    optimizer.build(weights)
    assert [optimizer.decays(index) for index in range(2)] == [True, False]
    assert not any(uses_weight_decay(optimizer, weight) for weight in weights)


@pytest.mark.parametrize("built", [False, True])
def test_excluded_variables_are_known(built):
    kernel, bias = keras.Variable([[1.0]], name="kernel"), keras.Variable([1.0], name="bias")
    optimizer = keras.optimizers.SGD(0.5, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[bias])
    if built:
        optimizer.build([kernel, bias])
    assert uses_weight_decay(optimizer, kernel)
    assert not uses_weight_decay(optimizer, bias)


def test_the_names_of_both_versions_of_keras_serve():
    class Keras315:
        def _use_weight_decay(self, variable):
            return variable == "kernel"

    class Keras316(Keras315):
        def _use_weight_decay(self, variable):
            raise ValueError("The optimizer must be built")

        def _is_excluded_from_weight_decay(self, variable):
            return variable != "kernel"

    for optimizer in (Keras315(), Keras316()):
        assert uses_weight_decay(optimizer, "kernel")
        assert not uses_weight_decay(optimizer, "bias")


def test_without_the_names_all_weights_are_decayed_with_a_warning():
    with pytest.warns(UserWarning, match="the weight decay of object. All of them will be decayed"):
        assert uses_weight_decay(object(), "bias")
