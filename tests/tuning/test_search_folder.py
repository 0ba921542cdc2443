"""A search in a folder: its best trial, and the recipes of its trials."""

import json
import sys
from types import SimpleNamespace

import pytest

from kerasrecipes import Recipe, use
from kerasrecipes.base.csv_table import write_rows
from kerasrecipes.tuning import choice, load_search, log_uniform

RECIPE = Recipe(data="Digits", model="MLP", optimizer=use("SGD", momentum=0.5), epochs=30)
SPACE = {
    "optimizer": choice({"Adam": {}, "SGD": {"optimizer.momentum": log_uniform(0.1, 0.9)}}),
    "class_weight": choice(None, "balanced"),
}


def row(trial, rung, score, **values):
    first = {"trial": trial, "rung": rung, "epochs": 4 * rung, "cost_epochs": 4, "parent": None}
    state = {"status": "completed", "score": score, "cause": None, "seconds": 1.0}
    options = {"optimizer": None, "optimizer.momentum": None, "class_weight": None}
    return first | state | options | values


@pytest.fixture
def folder(tmp_path):
    settings = {
        "recipe": RECIPE.to_dict(),
        "space": {path: given.to_dict() for path, given in SPACE.items()},
        "rungs": ["3x4", "1x8"],
        "objective": "val_accuracy",
    }
    (tmp_path / "search.json").write_text(json.dumps(settings))
    rows = [
        row("0001", 1, 0.9, optimizer="SGD", **{"optimizer.momentum": 0.25}),
        row("0002", 1, None, optimizer="Adam"),
        row("0003", 2, 0.8, optimizer="Adam", class_weight="balanced"),
    ]
    write_rows(tmp_path / "trials.csv", rows)
    return tmp_path


def test_the_best_is_what_the_search_chose_and_before_its_end_that_of_the_last_rung(folder):
    assert load_search(folder).best["trial"] == "0003"
    (folder / "result.json").write_text(json.dumps({"trial": "0001"}))
    assert load_search(folder).best["score"] == 0.9


def test_a_trial_has_a_recipe(folder):
    found = load_search(folder)
    assert found.recipe_of("0001") == RECIPE.replace(
        {"optimizer": use("SGD", momentum=0.25), "epochs": 4}
    )
    assert found.recipe_of(found.best) == RECIPE.replace(
        {"optimizer": "Adam", "class_weight": "balanced", "epochs": 8}
    )


def test_a_low_score_may_be_the_best(folder):
    settings = json.loads((folder / "search.json").read_text())
    (folder / "search.json").write_text(json.dumps(settings | {"direction": "min"}))
    write_rows(folder / "trials.csv", [row("a", 1, 0.9), row("b", 1, 0.1)])
    assert load_search(folder).best["trial"] == "b"


def test_what_is_not_there_is_named(folder, tmp_path):
    with pytest.raises(ValueError, match=r"no trial '0005'.*Trials: 0001, 0002, 0003"):
        load_search(folder).recipe_of("0005")
    write_rows(folder / "trials.csv", [row("0001", 1, None)])
    with pytest.raises(ValueError, match="no trial with a score yet"):
        _ = load_search(folder).best
    with pytest.raises(ValueError, match="holds a search.json"):
        load_search(folder / "elsewhere")


def test_trials_are_a_frame_where_pandas_is_installed_and_rows_otherwise(folder, monkeypatch):
    found = load_search(folder)
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert found.trials == found.trial_rows
    assert [row["trial"] for row in found.trials] == ["0001", "0002", "0003"]
    monkeypatch.setitem(
        sys.modules, "pandas", SimpleNamespace(DataFrame=lambda rows: ("frame", rows))
    )
    assert found.trials == ("frame", found.trial_rows)
    assert found.best["trial"] == "0003", "what reads rows is not given frames"
