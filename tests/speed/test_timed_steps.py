"""Steps of a recipe, taken and timed in this process."""

import itertools

import keras
import pytest

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.speed import timed_steps

# 38 training images: a pass is 4 batches, the last of them with 2 images.
RECIPE = Recipe(
    data=use("Digits", classes=[0, 1], examples_per_class=24),
    model=use("MLP", units=[8]),
    augment=["MixedSamples"],
    batch_size=12,
)


@pytest.fixture
def second(monkeypatch):
    """A clock that says that a second has passed, whenever it is asked."""
    seconds = itertools.count(1)
    monkeypatch.setattr(timed_steps.time, "perf_counter", lambda: float(next(seconds)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"step": "SharpnessAwareMinimization"},
        pytest.param(
            {"steps_per_execution": 2},
            marks=pytest.mark.skipif(keras.backend.backend() == "torch", reason="single steps"),
        ),
    ],
)
def test_the_images_of_all_calls_but_the_first_are_counted(changes, second, tmp_path):
    steps = timed_steps.TimedSteps(RECIPE.replace(changes), str(tmp_path), turn_seconds=1.0)
    sizes = [len(steps.order.indices(step)) for step in range(100)]
    for calls in (1, 5):
        at_once = steps.built.model.steps_per_execution
        expected = sum(sizes[at_once : (1 + calls) * at_once])
        assert steps.images_per_second(calls) == expected
    assert steps.facts.images == sum(sizes[: steps.facts.steps_per_epoch])
    assert not list(tmp_path.iterdir()), "nothing of a training is kept"


def test_a_recipe_is_built_once_and_freed(tmp_path):
    arguments = (RECIPE, str(tmp_path), 0.01)
    facts = timed_steps.begin(*arguments).facts
    built = timed_steps._BEGUN[RECIPE.fingerprint]
    assert timed_steps.turn(*arguments) > 0
    assert timed_steps.begin(*arguments).facts == facts
    assert timed_steps._BEGUN[RECIPE.fingerprint] is built
    timed_steps.drop(RECIPE)
    assert RECIPE.fingerprint not in timed_steps._BEGUN
