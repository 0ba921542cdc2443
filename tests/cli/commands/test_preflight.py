"""`preflight`: what can be told of a recipe before its training."""

import json

import pytest

from kerasrecipes import use
from kerasrecipes.cli import console, main
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis


@pytest.fixture
def measured(monkeypatch):
    """What was asked of `preflight`, which then measures facts alone."""
    from kerasrecipes.diagnostics.facts.describing import described
    from kerasrecipes.training import diagnosing

    asked = []

    def facts(model, given, **options):
        asked.append(options)
        return described(model, given)

    monkeypatch.setattr(diagnosing, "checked", facts)
    return asked


def test_a_recipe_is_checked_through_both_doors(recipe, output, measured, tmp_path, train):
    (tmp_path / "recipe.json").write_text(json.dumps(recipe.to_dict()))
    options = ["--seconds", "3", "--gradients"]
    first = output(main, recipe, None, ["preflight", *options])
    assert first == output(console, ["preflight", "recipe.json", *options])
    assert (first[0], first[2]) == (0, "")
    assert measured == [{"epochs": 3, "seconds": 3.0, "gradients": True, "seed": 0}] * 2
    assert not train.trained
    assert not (tmp_path / "saved_models").exists()


def test_a_finding_ends_it_with_1_and_names_what_to_set(recipe, output, measured, tmp_path):
    wild = recipe.replace({"optimizer": use("Adam", learning_rate=10.0)})
    argv = ["preflight", "--report", "doctor.json"]
    code, out, _ = output(main, wild, None, argv)
    assert code == 1
    assert "(learning_rate_too_high, " in out
    assert "In a recipe: --set optimizer.learning_rate=" in out
    written = Diagnosis.from_dict(json.loads((tmp_path / "doctor.json").read_text()))
    assert "learning_rate_too_high" in written.ids
    code, out, _ = output(main, wild, None, [*argv, "--ignore", "learning_rate_too_high"])
    assert code == 0


def test_bad_input_is_one_line(recipe, output, measured):
    for argv in (["--ignore", "lr"], ["--report", "a.pdf"]):
        code, out, err = output(main, recipe, None, ["preflight", *argv])
        assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert not measured


def test_code_is_not_run_without_leave(recipe, output, tmp_path):
    (tmp_path / "mine.py").write_text("raise SystemExit(99)")
    plain = recipe.to_dict() | {"model": {"use": "mine:model"}}
    (tmp_path / "recipe.json").write_text(json.dumps(plain))
    code, _, err = output(console, ["preflight", "recipe.json"])
    assert code == 2
    assert "mine" in err
