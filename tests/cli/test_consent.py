"""Recipes and runs of strangers: what they name runs by nobody's reading, and by consent only."""

import json
import shutil
import sys

import pytest

from kerasrecipes import Recipe
from kerasrecipes.cli import console
from kerasrecipes.cli.commands import COMMANDS
from kerasrecipes.recipe.qualified_names import importing
from tests.digits_run import digits_run, write_digits

MODULE = """
import pathlib

pathlib.Path("was-run").touch()

import keras


def dense(input_shape, classes, *, units=4):
    inputs = keras.Input(input_shape)
    return keras.Model(inputs, keras.layers.Dense(classes)(keras.layers.Flatten()(inputs)))


class Plain(keras.losses.SparseCategoricalCrossentropy):
    pass


def wrong():
    return 3
"""

SHELL = {"use": "os:system", "command": "touch was-run"}
OWN = {"use": "evil:Anything", "options": 3}

FIELDS = {
    "data": lambda evil: evil,
    "model": lambda evil: evil,
    "loss": lambda evil: evil,
    "metrics": lambda evil: [evil],
    "callbacks": lambda evil: [evil],
    "step": lambda evil: evil,
    "augment": lambda evil: [evil],
    "preprocessing": lambda evil: [evil],
    "initialization": lambda evil: [evil],
    "optimizer": lambda evil: {"use": "SGD", "learning_rate": evil},
    "kernel_regularizer": lambda evil: evil,
    "start": lambda evil: {**plain(), "loss": evil},
}

# The arguments that each command needs behind what it is about.
ARGUMENTS = {
    "predict": ["images"],
    "explain": ["images"],
    "export": ["--format", "keras", "--output", "exported.keras"],
    "train": ["--epochs", "1"],
    "search": ["--epochs", "1"],
    "find-lr": ["--steps", "2"],
    "evaluate": ["--data", "images"],
}

RUNNING = [name for name, c in COMMANDS.items() if c.runs_code and c.takes != "nothing"]
LOOKING = [name for name, c in COMMANDS.items() if c.takes != "nothing" and name not in RUNNING]


def plain():
    return json.loads((digits_run().folder / "recipe.json").read_text())


@pytest.fixture(autouse=True)
def _a_module_beside(tmp_path):
    (tmp_path / "evil.py").write_text(MODULE)
    yield
    sys.modules.pop("evil", None)


@pytest.fixture
def received(tmp_path):
    """Writes a stranger's run, whose recipe names code in a field; returns its folder."""

    def write(field, evil):
        text = json.dumps({**plain(), field: FIELDS[field](evil)})
        with importing(lambda module: False):
            fingerprint = Recipe.from_dict(json.loads(text)).fingerprint
        folder = tmp_path / f"received-{fingerprint}"
        shutil.copytree(digits_run().folder, folder)
        (folder / "recipe.json").write_text(text)
        write_digits(tmp_path / "images", 4)
        return folder

    return write


@pytest.mark.parametrize("evil", [SHELL, OWN], ids=["shell", "own"])
@pytest.mark.parametrize("field", FIELDS)
def test_a_strangers_recipe_runs_nothing_without_consent(field, evil, received, output, tmp_path):
    folder = received(field, evil)
    module = evil["use"].partition(":")[0]
    for name in RUNNING:
        code, _, err = output(console, [name, str(folder), *ARGUMENTS.get(name, [])])
        assert code == 2
        assert f"names code in the module `{module}`" in err
        assert "--allow-code" in err
        assert not (tmp_path / "was-run").exists(), name


@pytest.mark.parametrize("field", ["loss", "augment"])
def test_what_only_looks_at_a_strangers_run_runs_nothing(field, received, output, tmp_path):
    folder = received(field, OWN)
    for name in LOOKING:
        given = [str(folder)]
        if COMMANDS[name].takes == "runs":
            given.append(str(digits_run().folder))
        code, _, err = output(console, [name, *given, *ARGUMENTS.get(name, [])])
        refused = "names code in the module `evil`" in err or "kept no averages" in err
        assert refused or name in ("show", "explain") or not err
        assert code == 0 or err or name == "diagnose"  # Which ends with 1 where it finds something.
        assert not (tmp_path / "was-run").exists(), name
    for listing in (["runs", str(tmp_path)], ["list"]):
        assert output(console, listing)[0] == 0
    assert not (tmp_path / "was-run").exists()


def test_predict_and_export_build_neither_loss_nor_metrics(received, output, tmp_path):
    folder = received("loss", SHELL)
    code, out, _ = output(console, ["predict", str(folder), "images"])
    assert code == 0
    assert "000.png" in out
    code, _, _ = output(console, ["export", str(folder), *ARGUMENTS["export"]])
    assert code == 0
    assert (tmp_path / "exported.keras").exists()
    code, out, err = output(console, ["show", str(folder)])
    assert code == 0
    assert "os:system" in out
    assert "nothing of it is built" in err


def test_consent_is_given_once_and_holds_for_the_directory(output, tmp_path, monkeypatch):
    recipe = tmp_path / "mine.json"
    recipe.write_text(json.dumps({**plain(), "model": {"use": "evil:dense"}, "epochs": 1}))
    assert output(console, ["data", "mine.json"])[0] == 2
    code, _, err = output(console, ["data", "mine.json", "--allow-code"])
    assert code == 0
    assert "allowed to run the code of `evil`" in err
    assert output(console, ["data", "mine.json"])[::2] == (0, "")
    monkeypatch.chdir(tmp_path / "home")
    code, _, err = output(console, ["data", "../mine.json"])
    assert code == 2
    assert "names code in the module `evil`" in err


@pytest.mark.parametrize(
    ("field", "evil", "expected"),
    [
        ("data", SHELL, "family data must be a class with a method load"),
        ("model", SHELL, "family model must be a function of input_shape and classes"),
        ("initialization", [SHELL], "must be a function of model and batch"),
        ("loss", SHELL, "family loss must be a subclass of keras.losses.Loss"),
        ("loss", {"use": "evil:wrong"}, "must be, or return, a keras.losses.Loss"),
        ("optimizer", {"use": "evil:Plain"}, "must be a subclass of keras.optimizers.Optimizer"),
    ],
)
def test_a_component_must_belong_to_its_family(field, evil, expected, output, tmp_path):
    (tmp_path / "mine.json").write_text(json.dumps({**plain(), field: evil}))
    code, _, err = output(console, ["plot-schedule", "mine.json", "--allow-code"])
    assert code == 2
    assert expected in err


def test_a_scripts_own_modules_are_remembered(output, tmp_path, monkeypatch):
    (tmp_path / "script.py").write_text(
        "from kerasrecipes import Recipe, main, use\n"
        "recipe = Recipe(data='Digits', model=use('evil:dense'), loss=use('evil:Plain', "
        "from_logits=True), epochs=1)\n"
        "main(recipe)\n"
    )
    assert output(console, ["train", "script.py"])[0] == 0
    (folder,) = (tmp_path / "saved_models").glob("script-*")
    assert output(console, ["train", str(folder)])[0] == 0
    code, out, err = output(console, ["show", str(folder)])
    assert (code, err) == (0, "")
    assert folder.name in out


def test_a_damaged_list_of_what_is_allowed_is_named(output, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "allowed-code.json").write_text("{")
    (tmp_path / "mine.json").write_text(json.dumps({**plain(), "model": {"use": "evil:dense"}}))
    code, _, err = output(console, ["data", "mine.json"])
    assert code == 2
    assert "allowed-code.json is damaged: delete it" in err
