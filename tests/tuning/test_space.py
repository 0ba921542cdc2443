import pytest

from kerasrecipes import Recipe, use
from kerasrecipes.tuning import choice, integer, log_integer, log_uniform, uniform
from kerasrecipes.tuning.planning.unit_cube import UnitCube
from kerasrecipes.tuning.space import Space

RECIPE = Recipe(data="Digits", model=use("MLP", units=[32]), optimizer=use("SGD", momentum=0.9))


def test_values_of_a_trial_become_changes_of_the_recipe():
    momentum = {"optimizer.momentum": uniform(0, 0.99)}
    space = Space(
        RECIPE,
        {
            "optimizer": choice({"SGD": momentum, "Adam": {}}),
            "optimizer.learning_rate": choice(0.1, use("CosineDecay", initial_learning_rate=0.2)),
            "batch_size": integer(16, 256, log=True),
            "augment": choice([], [use("RandomFlip", mode="horizontal")]),
        },
    )
    cube = UnitCube(space.hyperparameters().space)
    names = [hp.name for hp in cube]
    assert names == [
        "optimizer",
        "optimizer.momentum",
        "optimizer.learning_rate",
        "batch_size",
        "augment",
    ]
    sgd = space.changes(cube.decode([0.2, 0.5, 0.7, 0.5, 0.9]))
    assert sgd == {
        "optimizer": "SGD",
        "optimizer.momentum": pytest.approx(0.495),
        "optimizer.learning_rate": use("CosineDecay", initial_learning_rate=0.2),
        "batch_size": 64,
        "augment": (use("RandomFlip", mode="horizontal"),),
    }
    assert RECIPE.replace(sgd).optimizer.options["momentum"] == pytest.approx(0.495)
    adam = space.changes(cube.decode([0.9, 0.5, 0.2, 0.0, 0.0]))
    assert adam == {
        "optimizer": "Adam",
        "optimizer.learning_rate": 0.1,
        "batch_size": 16,
        "augment": (),
    }


def test_ranges_that_differ_by_choice():
    space = Space(
        RECIPE,
        {
            "optimizer": choice(
                {
                    "SGD": {"optimizer.learning_rate": log_uniform(0.01, 1)},
                    "Adam": {"optimizer.learning_rate": log_uniform(1e-4, 1e-2)},
                }
            )
        },
    )
    cube = UnitCube(space.hyperparameters().space)
    assert len(cube) == 3
    assert space.paths == ["optimizer", "optimizer.learning_rate"]
    assert space.changes(cube.decode([0.2, 0.5, 0.5]))["optimizer.learning_rate"] == (
        pytest.approx(0.1)
    )
    assert space.changes(cube.decode([0.8, 0.5, 0.5]))["optimizer.learning_rate"] == (
        pytest.approx(0.001)
    )


@pytest.mark.parametrize(("at", "rate"), [(0.2, 0.1), (0.8, 0.001)])
def test_keras_tuner_keeps_the_values_of_ranges_that_differ_by_choice(at, rate):
    space = Space(
        RECIPE,
        {
            "optimizer": choice(
                {
                    "SGD": {"optimizer.learning_rate": log_uniform(0.01, 1, widen=True)},
                    "Adam": {"optimizer.learning_rate": log_uniform(1e-4, 1e-2)},
                }
            )
        },
    )
    hyperparameters = space.hyperparameters()
    cube = UnitCube(hyperparameters.space, space.widened)
    assert cube.widened.tolist() == [False, True, False]
    hyperparameters.values = cube.decode([at, 0.5, 0.5])
    hyperparameters.ensure_active_values()  # As it does for every trial that it creates.
    assert space.changes(hyperparameters.values)["optimizer.learning_rate"] == pytest.approx(rate)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({}, "at least one range"),
        ({"optimizr": choice("SGD", "Adam")}, "Did you mean 'optimizer'"),
        ({"optimizer.momentun": uniform(0, 1)}, "Did you mean 'momentum'"),
        ({"optimizer": choice({"SGD": {"optimizer.mom": uniform(0, 1)}, "Adam": {}})}, "mom"),
        ({"optimizer": choice("SGD", "Adamm")}, "Did you mean 'Adam'"),
        ({"batch_size": integer(0, 8)}, "batch_size"),
        ({"epochs": integer(1, 8)}, "rungs set the epochs"),
        ({"seed": integer(1, 8)}, "must not hold 'seed'"),
    ],
)
def test_paths_and_values_that_the_recipe_does_not_accept_are_refused(space, message):
    with pytest.raises(ValueError, match=message):
        Space(RECIPE, space)


def test_a_range_of_another_type_is_refused():
    with pytest.raises(TypeError, match="log_uniform"):
        Space(RECIPE, {"batch_size": (16, 32)})


def test_a_wrong_path_under_a_choice_is_named_itself():
    below = {"optimizer.learning_rate": log_uniform(0.01, 1), "optimizer.momentun": uniform(0, 1)}
    with pytest.raises(ValueError, match="Did you mean 'momentum'") as raised:
        Space(RECIPE, {"optimizer": choice({"SGD": below, "Adam": {}})})
    assert raised.value.__notes__ == ["In `space`, 'optimizer.momentun' = 0.0."]


def test_a_range_with_a_step_is_searched_at_its_values_which_are_ordered():
    given = {
        "optimizer.momentum": uniform(0, 0.9, step=0.3),
        "batch_size": log_integer(8, 64, step=2),
    }
    space = Space(RECIPE, given)
    cube = UnitCube(space.hyperparameters().space)
    assert not cube.categorical.any()
    assert len(cube.grid) == 16
    found = [space.changes(cube.decode(point)) for point in cube.grid.values()]
    assert {each["optimizer.momentum"] for each in found} == {0.0, 0.3, 0.6, 0.9}
    assert sorted({each["batch_size"] for each in found}) == [8, 16, 32, 64]
    assert all(type(each["batch_size"]) is int for each in found)
    rates = [space.changes(cube.decode([0.5, at]))["batch_size"] for at in (0.0, 0.3, 0.6, 0.9)]
    assert rates == [8, 16, 32, 64]
