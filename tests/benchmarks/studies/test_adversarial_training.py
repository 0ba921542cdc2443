"""The study of adversarial training: what it trains, and what it makes of the scores."""

import json
from types import SimpleNamespace

import pytest

from benchmarks.studies import adversarial_training as study


def rows():
    return [
        {"training": name, "seed": seed, "epsilon": epsilon, "n": "359", "robust": robust}
        for name, scores in {"plain": ("0.9", "0.1"), "five steps": ("0.8", "0.6")}.items()
        for seed in ("0", "1")
        for epsilon, robust in zip(("0", "16"), scores, strict=True)
    ]


def test_the_trainings_differ_in_their_step_alone():
    found = study.trainings(study.recipe)
    assert found["plain"] is None
    assert found["one step"].options == {**study.recipe.step.options, "steps": 1}
    assert found["five steps"] == study.recipe.step


def test_means_are_over_seeds():
    plain, five = study.table(rows())
    assert plain == {
        "training": "plain",
        "epsilon 0": "90.0% (90.0% to 90.0%)",
        "epsilon 16": "10.0% (10.0% to 10.0%)",
        "n": "2",
    }
    assert five["epsilon 16"].startswith("60.0%")
    assert study.draw(rows()).axes


def test_a_run_that_was_attacked_is_not_attacked_again(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(study, "evaluate_adversarial", lambda *given: asked.append(given))
    run = SimpleNamespace(folder=tmp_path)
    kept = {"rows": [{"epsilon": 8.0}, {"epsilon": 16.0}]}
    (tmp_path / "adversarial.json").write_text(json.dumps(kept), "utf-8")
    assert study.scored(run, (8.0, 16.0)) == kept
    assert not asked
    with pytest.raises(RuntimeError, match="is not of the epsilons"):
        study.scored(run, (4.0,))
    assert len(asked) == 1
