"""Steps that are compiled, and several steps that are one call."""

import keras
import numpy as np
import pytest

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.building.build import build_recipe
from kerasrecipes.training.training import train

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1], examples_per_class=24),
    model=use("MLP", units=[8]),
    batch_size=12,
    epochs=2,
)
BACKEND = keras.backend.backend()


class Steps(keras.callbacks.Callback):
    """The steps after which it was called."""

    seen: list[int] = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(batch)


@pytest.mark.skipif(BACKEND == "torch", reason="takes single steps")
def test_steps_that_are_one_call_are_the_same_steps(tmp_path):
    runs = []
    for several in (1, 2):
        recipe, steps = RECIPE.replace({"steps_per_execution": several}), Steps()
        steps.seen = []
        runs.append(train(recipe, directory=tmp_path, verbose=0, callbacks=[steps]))
        assert steps.seen == [*range(several - 1, 4, several)] * 2
    single, several = ([row["loss"] for row in run.history] for run in runs)
    np.testing.assert_allclose(several, single, rtol=1e-5)
    assert runs[1].recipe.steps_per_execution == 2


@pytest.mark.skipif(BACKEND == "torch", reason="needs a compiler of C++")
def test_a_recipe_says_whether_its_steps_are_compiled():
    dataset = RECIPE.data.build("data").load()
    for compiles in (True, False):
        model = build_recipe(RECIPE.replace({"jit_compile": compiles}), dataset).model
        assert model.jit_compile is compiles
    recipe = RECIPE.replace({"jit_compile": True, "model": f"{__name__}:not_compilable"})
    with pytest.warns(match="support"), pytest.raises(ValueError, match="Leave `jit_compile` out"):
        build_recipe(recipe, dataset)


def not_compilable(input_shape, classes):
    model = keras.Sequential([keras.Input(input_shape), keras.layers.Flatten()])
    model.add(keras.layers.Dense(classes))
    model.layers[-1].supports_jit = False
    return model


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps_per_execution": 3}, "must divide the 4 steps of an epoch, as 2 does"),
        ({"callbacks": [use(f"{__name__}:Steps")]}, "Steps is called after every step"),
    ],
)
def test_several_steps_that_cannot_be_one_call_are_refused(changes, message):
    recipe = RECIPE.replace({"steps_per_execution": 2, **changes})
    message = "each step is a call" if BACKEND == "torch" else message
    with pytest.raises(ValueError, match=message):
        build_recipe(recipe, recipe.data.build("data").load())
