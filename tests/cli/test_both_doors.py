"""Every command, through both front doors: a recipe script's, and that of `kerasrecipes`."""

import dataclasses
import json
import pkgutil
import re

import pytest

from kerasrecipes.cli import commands, console, main
from kerasrecipes.cli.commands import COMMANDS

OF_RECIPES = [name for name, command in COMMANDS.items() if command.takes == "recipe"]
OF_OTHERS = [name for name in COMMANDS if name not in OF_RECIPES]

# What only `kerasrecipes` has beside the options.
NO_OPTIONS = ("recipe", "version")

SCRIPT = """
from kerasrecipes import Recipe, main

recipe = Recipe.from_dict({plain})

if __name__ == "__main__":
    main(recipe)
"""


@pytest.fixture
def ways(recipe, tmp_path):
    """Functions of a command and its options, by how they give the recipe."""
    folder = tmp_path / "saved_models" / f"my_script-{recipe.fingerprint}-01234567-v3"
    folder.mkdir(parents=True)
    (folder / "recipe.json").write_text(json.dumps(recipe.to_dict()))
    (tmp_path / "my_script.json").write_text(json.dumps(recipe.to_dict()))
    (tmp_path / "my_script.py").write_text(SCRIPT.format(plain=recipe.to_dict()))
    return {
        "a script": lambda name, *options: main(recipe, None, [name, *options]),
        "a script by its path": lambda name, *options: console([name, "my_script.py", *options]),
        "a recipe.json": lambda name, *options: console([name, *options, "my_script.json"]),
        "a run folder": lambda name, *options: console([name, str(folder), *options]),
    }


@pytest.fixture
def received(monkeypatch, ways):
    """What each way hands to a command's action: recipe, name, directory, and all arguments."""

    def ask(name, *options):
        requests = []
        recording = dataclasses.replace(COMMANDS[name], run=requests.append)
        monkeypatch.setitem(COMMANDS, name, recording)
        for way in ways.values():
            way(name, *options)
        assert len(requests) == len(ways)
        return [
            (request.recipe, request.name, request.directory, _options(request.arguments))
            for request in requests
        ]

    return ask


def _options(arguments):
    return {name: value for name, value in vars(arguments).items() if name not in NO_OPTIONS}


@pytest.mark.parametrize("name", OF_RECIPES)
def test_a_recipe_is_the_same_however_it_is_given(name, received, recipe):
    first, *others = received(name)
    assert first[:3] == (recipe, "my_script", "saved_models")
    assert others == [first] * 3


@pytest.mark.parametrize("name", OF_RECIPES)
def test_options_mean_the_same_however_the_recipe_is_given(name, received, recipe):
    options = "--set optimizer.momentum=0.5 --epochs 2 --seed 4 --directory there --name other"
    first, *others = received(name, *options.split())
    changes = {"optimizer.momentum": 0.5, "epochs": 2}
    if name == "search":  # Its seed is that of what is tried.
        assert first[3]["search_seed"] == 4
    else:
        changes["seed"] = 4
    assert first[:3] == (recipe.replace(changes), "other", "there")
    assert others == [first] * 3


@pytest.mark.parametrize("name", OF_RECIPES)
def test_both_doors_offer_the_same_options(name, output):
    offered = []
    for command_line, argv in [(main, (None, None, [name, "-h"])), (console, ([name, "-h"],))]:
        code, out, _ = output(command_line, *argv)
        assert code == 0
        offered.append(out.partition("\noptions:\n")[2])
    assert offered[0] == offered[1]
    common = {"--set", "--epochs", "--seed", "--directory", "--name", "--debug"}
    assert common <= set(re.findall(r"--[\w-]+", offered[0]))


def test_what_they_print_is_the_same(ways, output, train):
    for command in (["train", "--overwrite"], ["report"], ["show"]):
        printed = {output(way, *command, "--epochs", "2") for way in ways.values()}
        ((code, out, err),) = printed
        assert (code, err) == (0, "")
        assert train.trained[0].name in out


@pytest.mark.parametrize("name", OF_OTHERS)
def test_what_a_script_cannot_do_it_names(name, recipe, output):
    code, out, err = output(main, recipe, None, [name, "photo.jpg", "--csv", "-"])
    run = {"run": " RUN", "runs": " RUN RUN", "nothing": ""}[COMMANDS[name].takes]
    assert (code, out) == (2, "")
    assert err.startswith(f"error: `{name}` is no command of a recipe script. ")
    assert err.endswith(f" kerasrecipes {name}{run}\n")


def test_every_module_of_commands_is_in_the_table():
    modules = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    assert modules == {name.replace("-", "_") for name in COMMANDS}


def test_both_doors_say_what_a_command_does_in_the_same_words(output, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    _, everything, _ = output(console, ["--help"])
    _, of_script, _ = output(main, None, None, ["--help"])
    everything, of_script = (" ".join(text.split()) for text in (everything, of_script))
    for name, command in COMMANDS.items():
        assert command.help
        assert f" {name} {command.help} " in everything
        assert (f" {name} {command.help} " in of_script) == (name in OF_RECIPES)
    assert of_script.endswith(f"{', '.join(OF_OTHERS)}.")
