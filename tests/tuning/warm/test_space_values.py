import keras_tuner
import pytest

from kerasrecipes import Recipe, use
from kerasrecipes.tuning import choice, integer, log_uniform, uniform
from kerasrecipes.tuning.space import Space
from kerasrecipes.tuning.warm.space_values import OutsideError, values_of
from kerasrecipes.tuning.warm.tuner_values import given_values, kept_values

pytestmark = pytest.mark.backend_neutral

RECIPE = Recipe(
    data="Digits",
    model=use("MLP", units=[32]),
    optimizer=use("SGD", learning_rate=0.05, momentum=0.9),
)
SPACE = {
    "optimizer": choice(
        {
            "SGD": {
                "optimizer.learning_rate": log_uniform(1e-3, 1.0),
                "optimizer.momentum": uniform(0.0, 0.99),
            },
            "Adam": {"optimizer.learning_rate": log_uniform(1e-4, 1e-1)},
        }
    ),
    "batch_size": integer(16, 128, step=16),
    "augment": choice([], [use("RandomFlip", mode="horizontal")]),
}
SPACE_OF = Space(RECIPE, SPACE)


def test_the_space_makes_the_recipe_from_its_values():
    values = values_of(SPACE_OF, RECIPE.replace({"batch_size": 64}))
    assert values["optimizer"] == "SGD"
    assert values["optimizer.learning_rate if optimizer=SGD"] == 0.05
    assert values["optimizer.momentum"] == 0.9
    assert values["batch_size"] == 64
    flipped = {"augment": [use("RandomFlip", mode="horizontal")], "epochs": 77}
    other = RECIPE.replace({**flipped, "batch_size": 32, "optimizer": "Adam"})
    values = values_of(SPACE_OF, other.replace({"optimizer.learning_rate": 0.01}))
    assert values["optimizer.learning_rate if optimizer=Adam"] == 0.01
    made = RECIPE.replace({**SPACE_OF.changes(values), "epochs": 77})
    assert made == other.replace({"optimizer.learning_rate": 0.01})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"batch_size": 63}, "batch_size=63 is not in integer(16, 128, step=16)"),
        ({"optimizer.learning_rate": 2.0}, "learning_rate=2 is not in log_uniform(0.001, 1)"),
        ({"optimizer": "RMSprop"}, "is not in choice(SGD, Adam)"),
        ({"model.units": [8]}, "differs in what is not searched: model.units"),
        ({"optimizer.nesterov": True}, "optimizer.nesterov=True"),
        ({"seed": 3}, "seed=3"),
    ],
)
def test_what_lies_outside_is_said(changes, why):
    with pytest.raises(OutsideError) as raised:
        values_of(SPACE_OF, RECIPE.replace({"batch_size": 64, **changes}))
    assert why in str(raised.value)


def test_values_of_keras_tuners_hyperparameters():
    space = keras_tuner.HyperParameters()
    kind = space.Choice("kind", ["a", "b"])
    with space.conditional_scope("kind", ["b"]):
        space.Int("units", 8, 64, step=8, default=16)
    space.Boolean("flag")
    assert kind == "a"
    assert given_values(space, {}) == {"kind": "a", "flag": False}
    assert given_values(space, {"kind": "b"}) == {"kind": "b", "units": 16, "flag": False}
    for given, message in (
        ({"kinds": "a"}, "names no hyperparameter: 'kinds'. Did you mean 'kind'"),
        ({"kind": "c"}, "outside of the space: kind='c'"),
        ({"kind": "b", "units": 9}, "outside of the space: units=9"),
        ({"flag": 1}, "outside of the space: flag=1"),
    ):
        with pytest.raises(ValueError, match=message):
            given_values(space, given)
    tried = {"kind": "b", "units": 24, "flag": True, "tuner/epochs": 3}
    assert kept_values(space, tried) == {"kind": "b", "units": 24, "flag": True}
    for other, why in (
        ({"kind": "b", "flag": True}, "it has no units"),
        ({**tried, "units": 72}, "units=72 is outside of its range"),
        ({**tried, "depth": 3}, "it has depth, which are not searched here"),
    ):
        with pytest.raises(OutsideError, match=why):
            kept_values(space, other)
