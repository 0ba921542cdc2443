import pytest

from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.building.monitors import MonitorError
from kerasrecipes.tuning import uniform
from kerasrecipes.tuning.objectives import WAY_OUT
from kerasrecipes.tuning.rungs import rungs_of
from kerasrecipes.tuning.space import Space
from kerasrecipes.tuning.trial_length import check_trials

RECIPE = Recipe(data="Digits", model=use("MLP", units=[4]), optimizer=use("SGD", momentum=0.5))


def refusal(recipe, objective):
    space = Space(recipe, {"optimizer.momentum": uniform(0.0, 0.9)})
    with pytest.raises(MonitorError, match="must be one of .* Received: ") as refused:
        check_trials(space, rungs_of("2x1")[0], recipe.data.build("data").load(), objective)
    return refused.value


def test_only_an_unknown_objective_is_said_to_be_the_objective():
    (note,) = refusal(RECIPE, "val_acuracy").__notes__
    assert note == f"`monitor` is the `objective` of the search here. {WAY_OUT}"
    stopping = RECIPE.replace({"callbacks": [use("EarlyStopping", monitor="val_acuracy")]})
    error = refusal(stopping, "val_accuracy")
    assert error.path == "callbacks.0.monitor"
    assert not hasattr(error, "__notes__")
