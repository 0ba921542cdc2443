"""Messages that say what was meant, and how it is typed; however the recipe is given."""

import json
from pathlib import Path

import pytest

from kerasrecipes import Recipe, use
from kerasrecipes.cli import console, main
from kerasrecipes.cli.starts import trained_start


@pytest.fixture(params=["script", "json", "run folder"])
def typed(request, recipe, output, train):
    """Types a command about a recipe that is given in one of three ways."""

    def typed(command, *argv):
        if request.param == "script":
            return output(main, recipe, None, [command, *argv])
        folder = Path("elsewhere", f"mine-{recipe.fingerprint}-01234567-v2")
        path = folder if request.param == "run folder" else Path("elsewhere", "mine.json")
        train.write(folder, "recipe.json", recipe.to_dict())
        train.write(path.parent, "mine.json", recipe.to_dict())
        return output(console, [command, str(path), *argv])

    return typed


@pytest.mark.parametrize(
    ("argv", "messages"),
    [
        (
            ["--set", "optimizer.learning_rate=fast"],
            ["`optimizer.learning_rate` must be a number or a component. There is no schedule"],
        ),
        (
            ["--set", "model=ResNet50"],
            [
                "`model` must be a component. ",
                "--set model=Pretrained --set model.backbone=ResNet50",
            ],
        ),
        (["--set", "model={use: MLP, units: [8]}"], ["must be JSON. A shell takes quotes away"]),
        (["--set", "model.units=[64,32"], ["must be JSON.", "Received: --set model.units=[64,32"]),
        (
            ["--set", "augment=RandomFlip,RandomRotation"],
            ["`augment` must be a component.", """'["RandomFlip", "RandomRotation"]'"""],
        ),
        (["--lr", "0.1"], ["such as --set optimizer.learning_rate=0.1"]),
        (["--batch-size", "64"], ["such as --set batch_size=64"]),
        (["--set", "optimizer.momentum=true"], ["`momentum` of SGD must be a number."]),
    ],
)
def test_what_was_meant_is_said(typed, train, argv, messages):
    code, out, err = typed("train", *argv)
    assert (code, out, train.trained) == (2, "", [])
    for message in messages:
        assert message in err
    assert "Flatten" not in err


def test_a_list_in_json_is_taken(typed, train):
    assert typed("train", "--set", 'augment=["RandomFlip", "RandomBlur"]')[0] == 0
    augment = Recipe.read(train.trained[0]).augment
    assert [spec.name for spec in augment] == ["RandomFlip", "RandomBlur"]


def test_a_crop_to_another_size_is_told_before_any_training(recipe, output):
    crop = 'augment={"use": "RandomResizedCrop", "size": [6, 6]}'
    code, _, err = output(main, recipe, None, ["show", "--set", crop])
    assert code == 2
    assert "Give RandomResizedCrop that size" in err


def test_any_recipe_is_shown_as_json(typed, recipe):
    code, out, _ = typed("show", "--json", "--seed", "3")
    assert code == 0
    assert Recipe.from_dict(json.loads(out)) == recipe.replace({"seed": 3})


def test_runs_are_listed_wherever_they_are_said_to_be(recipe, output, train):
    output(main, recipe, None, [])
    run, search = train.trained[0], Path("one-search-0123456789ab")
    train.write(search, "search.json", {})
    (search / "runs").mkdir()
    assert output(console, ["runs"]) == output(console, ["runs", "--directory", "saved_models"])
    assert output(console, ["runs", str(search)])[1] == f"There are no runs in {search}.\n"
    assert output(console, ["runs", str(run)])[1].endswith(
        f"It is a run itself: `kerasrecipes report {run}` shows it.\n"
    )


def test_a_test_of_a_recipe_starts_where_the_recipe_does(recipe, monkeypatch, capsys):
    from kerasrecipes.cli.command import Request

    start = recipe.replace({"epochs": 1})
    asked = Request(recipe=recipe, name="mine", directory="d", arguments=None)
    trained = []
    monkeypatch.setattr(
        "kerasrecipes.training.building.start.start_model",
        lambda *given: (given[:3], given[3](start)),
    )
    monkeypatch.setattr("kerasrecipes.training.train", lambda *a, **k: trained.append((a, k)))
    assert trained_start(asked, "data") == ((recipe, "data", "d"), None)
    assert trained == [((start,), {"directory": "d", "name": "mine-start", "verbose": 2})]
    assert capsys.readouterr().out == "The recipe starts from another, which is trained first.\n"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("model.units=[-3]", "`units[0]` must be an integer of at least 1."),
        ("model.units=64", "'int' object is not iterable. In use('MLP', units=64)"),
        ("augment=FancyPCA", "Received: shape=(256, 8, 8, 1). In use('FancyPCA')"),
        ("monitor=val_acc", "Did you mean 'val_accuracy'?"),
        ("optimizer.momentum=7", "`momentum` must be a float between [0, 1]."),
    ],
)
def test_values_are_checked_before_it_is_said_that_it_trains(recipe, output, change, message):
    code, out, err = output(main, recipe, None, ["--set", change])
    assert (code, out) == (2, "")
    assert message in err
    assert not Path("saved_models").exists()


def test_what_a_recipe_starts_from_is_told_and_named_after_it(recipe, output):
    recipe = recipe.replace({"epochs": 1, "start": {"model.units": [8], "seed": 1}})
    code, out, _ = output(main, recipe, None, [])
    first, second = (line for line in out.splitlines() if line.startswith("/"))
    start = recipe.start_recipe().fingerprint
    assert code == 0
    assert f"saved_models/my_script-start-{start}-" in first
    assert first.endswith(": training what the recipe starts from")
    assert f"saved_models/my_script-{recipe.fingerprint}-" in second
    assert second.endswith(": training")


def test_a_recipe_is_checked_before_what_it_starts_from_is_trained(recipe, output):
    warmup = use("Warmup", schedule=use("LinearDecay", initial_learning_rate=0.1), warmup_epochs=9)
    changes = {"optimizer.learning_rate": warmup, "start": {"optimizer.learning_rate": 0.1}}
    code, out, err = output(main, recipe.replace(changes), None, [])
    assert (code, out) == (2, "")
    assert "warmup" in err
    assert not Path("saved_models").exists()
