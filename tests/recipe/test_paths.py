import copy
import itertools

import pytest

from kerasrecipes.recipe.flattening import flatten
from kerasrecipes.recipe.paths import replaced, value_at

COMPONENTS = {"optimizer", "augment", "metrics", "model"}


@pytest.fixture
def plain():
    return {
        "kerasrecipes": 1,
        "model": {"use": "MLP", "units": [32, 16]},
        "augment": [
            {"use": "RandomFlip"},
            {"use": "RandomRotation", "factor": 0.1},
            {"use": "RandomFlip", "mode": "vertical"},
        ],
        "metrics": ["accuracy", {"use": "F1Score", "average": "macro"}],
        "optimizer": {
            "use": "SGD",
            "momentum": 0.9,
            "learning_rate": {"use": "OneCycle", "peak": 0.1, "warmup_epochs": 5},
        },
        "class_weight": {"cat": 2.0},
        "epochs": 3,
        "start": None,
    }


def test_flatten_gives_every_value_by_its_path(plain):
    assert flatten(plain) == {
        "model": "MLP",
        "model.units": [32, 16],
        "augment.0": "RandomFlip",
        "augment.1": "RandomRotation",
        "augment.1.factor": 0.1,
        "augment.2": "RandomFlip",
        "augment.2.mode": "vertical",
        "metrics.0": "accuracy",
        "metrics.1": "F1Score",
        "metrics.1.average": "macro",
        "optimizer": "SGD",
        "optimizer.momentum": 0.9,
        "optimizer.learning_rate": "OneCycle",
        "optimizer.learning_rate.peak": 0.1,
        "optimizer.learning_rate.warmup_epochs": 5,
        "class_weight.cat": 2.0,
        "epochs": 3,
        "start": None,
    }


def test_what_flatten_names_can_be_set_and_read_back(plain):
    for path, value in flatten(plain).items():
        assert replaced(plain, {path: value_at(plain, path)}, COMPONENTS) == plain
        if value_at(plain, path) == value:
            assert value_at(replaced(plain, {path: 7}, COMPONENTS), path) == 7


@pytest.mark.parametrize(
    ("changes", "path", "expected"),
    [
        ({"epochs": 20}, "epochs", 20),
        ({"optimizer.momentum": 0.8}, "optimizer.momentum", 0.8),
        ({"optimizer.nesterov": True}, "optimizer.nesterov", True),
        ({"augment.1.factor": 0.2}, "augment.1.factor", 0.2),
        ({"augment.RandomRotation.factor": 0.2}, "augment.1.factor", 0.2),
        ({"metrics.F1Score.average": "micro"}, "metrics.1.average", "micro"),
        ({"metrics.accuracy": "ce"}, "metrics.0", "ce"),
        ({"metrics.1": "accuracy"}, "metrics.1", "accuracy"),
        ({"metrics": "accuracy"}, "metrics", "accuracy"),
        ({"class_weight.dog": 1.5}, "class_weight", {"cat": 2.0, "dog": 1.5}),
        ({"model.units": (8,)}, "model.units", [8]),
        # A name swaps the component together with its options.
        ({"optimizer": "RAdam"}, "optimizer", {"use": "RAdam"}),
        ({"augment.1": "RandomZoom"}, "augment.1", {"use": "RandomZoom"}),
        ({"optimizer.learning_rate": "Cosine"}, "optimizer.learning_rate", {"use": "Cosine"}),
        ({"optimizer.learning_rate": 0.1}, "optimizer.learning_rate", 0.1),
        # What is no component's place takes a string as it is.
        ({"model.activation": "gelu"}, "model.activation", "gelu"),
        ({"start": "saved_models/x"}, "start", "saved_models/x"),
        # One quantity, two units.
        (
            {"optimizer.learning_rate.warmup_steps": 70},
            "optimizer.learning_rate",
            {"use": "OneCycle", "peak": 0.1, "warmup_steps": 70},
        ),
    ],
)
def test_replaced(plain, changes, path, expected):
    before = copy.deepcopy(plain)
    result = replaced(plain, changes, COMPONENTS)
    assert value_at(result, path) == expected
    assert plain == before
    field = path.split(".")[0]
    assert {**result, field: plain[field]} == plain


@pytest.mark.parametrize(
    ("changes", "mode"),
    [
        ({"monitor": "val_loss"}, "auto"),
        ({"monitor": "val_gap"}, "max"),
        ({"epochs": 4}, "max"),
        ({"monitor": "val_loss", "mode": "min"}, "min"),
    ],
)
def test_a_direction_does_not_outlive_its_quantity(plain, changes, mode):
    plain |= {"monitor": "val_gap", "mode": "max"}
    plain["callbacks"] = [{"use": "EarlyStopping", "monitor": "val_gap", "mode": "max"}]
    assert replaced(plain, changes, COMPONENTS)["mode"] == mode
    inner = {f"callbacks.0.{path}": value for path, value in changes.items() if path != "epochs"}
    (stopping,) = replaced(plain, inner, COMPONENTS)["callbacks"]
    assert stopping.get("mode", "auto") == mode


def test_changes_do_not_depend_on_their_order(plain):
    changes = {
        "optimizer.learning_rate.peak": 0.3,
        "optimizer.learning_rate.cycle_epochs": 2,
        "optimizer.learning_rate": "CosineRestarts",
        "optimizer": "AdamW",
        "augment.1": "RandomZoom",
        "augment.1.height_factor": 0.2,
    }
    results = [
        replaced(plain, dict(order), COMPONENTS)
        for order in itertools.permutations(changes.items())
    ]
    assert all(result == results[0] for result in results)
    assert results[0]["optimizer"] == {
        "use": "AdamW",
        "learning_rate": {"use": "CosineRestarts", "peak": 0.3, "cycle_epochs": 2},
    }
    assert results[0]["augment"][1] == {"use": "RandomZoom", "height_factor": 0.2}


def test_a_quantity_that_is_set_in_both_units_stays_so_to_be_refused(plain):
    changes = {
        "optimizer.learning_rate.warmup_steps": 1,
        "optimizer.learning_rate.warmup_epochs": 2,
    }
    schedule = replaced(plain, changes, COMPONENTS)["optimizer"]["learning_rate"]
    assert schedule["warmup_steps"] == 1
    assert schedule["warmup_epochs"] == 2


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("optimiser", "There is no 'optimiser' in a recipe. Did you mean 'optimizer'?"),
        ("optimiser.momentum", "There is no 'optimiser' in a recipe. Did you mean 'optimizer'?"),
        ("kerasrecipes", "There is no 'kerasrecipes' in a recipe."),
        ("", "There is no '' in a recipe."),
        ("optimizer.use", "There is no 'use' in `optimizer`."),
        ("optimizer.lerning_rate.peak", "Did you mean 'learning_rate'?"),
        ("model.normalization.momentum", "set `model.normalization` itself first"),
        ("epochs.length", "`epochs` is 3, which has no option 'length'"),
        ("start.epochs", "`start` is None, which has no option 'epochs': set `start`"),
        ("augment.3", "`augment` has no single item '3'. Items: 0 (RandomFlip), 1 (RandomRot"),
        ("augment.-1", "`augment` has no single item '-1'."),
        ("augment.RandomFlip.mode", "`augment` has no single item 'RandomFlip'."),
        ("augment.RandomRotaton.factor", "Did you mean 'RandomRotation'?"),
        ("augment..factor", "`augment` has no single item ''."),
    ],
)
def test_a_path_that_leads_nowhere_names_the_nearest(plain, path, message):
    with pytest.raises(ValueError, match=r"no|which") as caught:
        replaced(plain, {path: 1}, COMPONENTS)
    assert message in str(caught.value)


def test_value_at_a_path_that_leads_nowhere_is_none(plain):
    for path in ("optimizer.nesterov", "nothing.at.all", "epochs.x", "augment.9", ""):
        assert value_at(plain, path) is None
