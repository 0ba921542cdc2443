"""What short trainings leave behind: nothing."""

import random

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks.model_state import state_variables, to_arrays
from kerasrecipes.diagnostics.trying.restoring import copied_optimizer, restored, trained_with
from kerasrecipes.optimizers import LayerwiseLearningRates, Lookahead


def model_with(optimizer):
    layers = [keras.Input((2,)), keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)]
    model = keras.Sequential([*layers, keras.layers.Dense(1, name="last")])
    model.compile(optimizer, "mse")
    return model


X = np.random.default_rng(0).normal(size=(4, 2)).astype("float32")
Y = np.ones((4, 1), "float32")


@pytest.fixture(scope="module")
def model():
    return model_with(keras.optimizers.Adam(0.5))


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_all_is_as_it_was_however_it_ends(model, error):
    before, optimizer = to_arrays(state_variables(model)), model.optimizer
    functions = model.train_function, model.test_function, model.predict_function
    draws = random.getstate(), np.random.get_state()[1].tolist()
    try:
        with trained_with(model, copied_optimizer(model, 0.5)):
            model.train_on_batch(X, Y)
            during = to_arrays(state_variables(model))
            assert any((now != was).any() for now, was in zip(during, before, strict=True))
            random.random()
            np.random.rand()
            if error is not None:
                raise error
    except KeyboardInterrupt:
        pass
    for was, now in zip(before, to_arrays(state_variables(model)), strict=True):
        np.testing.assert_array_equal(now, was)
    assert model.optimizer is optimizer
    assert not optimizer.built
    assert (model.train_function, model.test_function, model.predict_function) == functions
    assert "train_step" not in vars(model)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == draws


def test_contexts_within_each_other(model):
    with trained_with(model, copied_optimizer(model, 0.5)):
        outer = model.optimizer, vars(model)["train_step"]
        with trained_with(model, copied_optimizer(model, 0.1)):
            model.train_on_batch(X, Y)
        assert (model.optimizer, vars(model)["train_step"]) == outer
    assert "train_step" not in vars(model)


def test_what_pytorch_draws(model):
    if keras.backend.backend() != "torch":
        pytest.skip("PyTorch only")
    import torch

    before = torch.get_rng_state()
    with restored(model):
        torch.rand(1)
    assert torch.equal(torch.get_rng_state(), before)


class Halved(keras.optimizers.SGD):
    """It is not registered: its name alone does not tell its class."""

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate / 2)


@pytest.mark.parametrize(
    "optimizer",
    [
        Halved(0.3, momentum=0.9),
        keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.3, 7)),
        keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.3)),
        Lookahead(Halved(0.3)),
    ],
    ids=["not registered", "schedule", "loss scale", "lookahead"],
)
def test_a_copy_has_the_rate_and_all_else_of_the_optimizer(optimizer):
    model = model_with(optimizer)
    copy = copied_optimizer(model, 0.25)
    assert type(copy) is type(optimizer)
    assert copy is not optimizer
    assert copy.built
    assert not optimizer.built
    innermost = getattr(copy, "inner_optimizer", getattr(copy, "optimizer", copy))
    assert float(keras.ops.convert_to_numpy(innermost.learning_rate)) == 0.25
    if isinstance(optimizer, Halved):
        assert copy.momentum == 0.9


def test_a_config_that_is_whole_only_when_built():
    model = model_with("sgd")
    wrapped = LayerwiseLearningRates("sgd", {model.layers[0]: 0.5, model.layers[-1]: 0.1})
    model.compile(wrapped, "mse")
    assert copied_optimizer(model, 0.25).get_config()["multipliers"] == [0.5, 0.5, 0.1, 0.1]
