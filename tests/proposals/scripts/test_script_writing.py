"""The script: it gives the recipe back, and nobody's names end its comments or strings."""

import ast

import pytest

from kerasrecipes import Recipe
from kerasrecipes.proposals.choices import Advised, Choice
from kerasrecipes.proposals.choosing import choose
from kerasrecipes.proposals.images.splitting import held_out
from kerasrecipes.proposals.networks import SCRATCH
from kerasrecipes.proposals.scripts.script_writing import script_text
from kerasrecipes.recipe.spec import use

HOSTILE = ['a"""\nimport os', "b\\'; import os #", "c\u202ed", "e\udce9", "'\"", "ünter 🐈"]


def _executed(text):
    place = {"__name__": "photos"}
    exec(compile(text, "photos.py", "exec"), place)
    return place["recipe"]


@pytest.fixture
def choices(facts, timed):
    found = facts(900, 100)
    return choose(found, held_out(found, folds_fit=True), timed(), 480, Advised())


def test_a_script_gives_the_recipe_back(choices):
    text = script_text(choices.recipe, choices.choices, name="photos", command="kerasrecipes ...")
    assert _executed(text) == choices.recipe
    assert max(map(len, text.split("\n"))) <= 100
    for choice in choices.choices:
        assert choice.value.split()[0].lower() in text.lower()


@pytest.mark.parametrize("strategy", ["features", "last stage", "all stages", "from scratch"])
def test_every_strategy_gives_its_recipe_back(facts, timed, strategy):
    found, scratch = facts(60, 60), strategy == "from scratch"
    on = timed(SCRATCH if scratch else None)
    own = choose(
        found, held_out(found, folds_fit=True), on, 900, Advised(), None if scratch else strategy
    )
    text = script_text(own.recipe, own.choices, name="photos", command="kerasrecipes ...")
    assert _executed(text).fingerprint == own.recipe.fingerprint


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_others_run_no_code(name):
    data = use("ImageFolder", directory=name, classes=[name, "other"])
    recipe = Recipe(data=data, model=use("MLP", units=[3]), class_weight={name: 2.0})
    told = [Choice("data", name, name), Choice("class_weight", name, f"of {name}")]
    text = script_text(recipe, told, name="photos", command=f"kerasrecipes train {name}")
    assert _executed(text) == recipe
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)]
    assert imports == []
    assert text.encode("utf-8").isascii() or "🐈" in text
    assert "\u202e" not in text


def test_long_values_are_broken_at_their_parts(choices):
    optimizer = use("Adam", learning_rate=0.125)
    for _ in range(3):
        optimizer = use("Lookahead", optimizer=optimizer, sync_period_steps=5, slow_step_size=0.5)
    recipe = choices.recipe.replace({"optimizer": optimizer, "start": None})
    text = script_text(recipe, (), name="photos", command="...")
    assert max(map(len, text.split("\n"))) <= 100
    assert _executed(text) == recipe
