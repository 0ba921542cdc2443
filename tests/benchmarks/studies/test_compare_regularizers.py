from pathlib import Path

import pytest

from benchmarks.studies import compare_regularizers as study
from kerasrecipes.runs import Sweep
from tests.fake_train import FakeTrain

ROOT = Path(__file__).parents[3]
TABLE = study.STUDY.table()
REGULARIZERS = study.REGULARIZERS
CUT_DOWN = study.recipe.replace({"model.units": [8], "epochs": 2, "steps_per_epoch": 2})


def test_every_strength_makes_a_recipe_of_its_own():
    recipes = [
        study.recipe.replace(change(strength))
        for change, strengths in REGULARIZERS.values()
        for strength in strengths
    ]
    assert len({recipe.fingerprint for recipe in recipes}) == len(recipes)


class BestAt(FakeTrain):
    """Validation likes one rate of dropout, test likes the others."""

    @staticmethod
    def accuracy(recipe):
        return 0.9 if recipe.model.options.get("dropout_rate") == 0.5 else 0.6

    def write(self, folder, name, value):
        if name == "metrics.json":
            for split in ("validation", "test"):
                value[split] = value[split] | {"crossentropy": value[split]["loss"]}
            value["test"] = value["test"] | {"accuracy": 1 - value["test"]["accuracy"]}
        FakeTrain.write(folder, name, value)


def test_strengths_are_chosen_on_validation_by_a_seed_that_does_not_count(monkeypatch, tmp_path):
    monkeypatch.setattr("kerasrecipes.runs.trainings.one_training.train", BestAt())
    on_training = {"train_accuracy": 1.0, "train_crossentropy": 0.0}
    monkeypatch.setattr(study, "training_scores", lambda *_: on_training)
    regularizers = {name: REGULARIZERS[name] for name in ("none", "dropout")}
    tried, result = study.compare(CUT_DOWN, regularizers, (1, 2), tmp_path)
    assert tried.labels == ["none, 0", "dropout, 0.2", "dropout, 0.5", "dropout, 0.7"]
    assert {row["seed"] for row in tried.rows} == {0}
    assert [(r["label"], r["seed"], r["strength"]) for r in result.rows] == [
        (label, seed, strength)
        for seed in (1, 2)
        for label, strength in (("none", 0), ("dropout", 0.5))
    ]
    rows = study.table(result)
    assert [(r["strength"], r["test accuracy"], r["gap to training"], r["n"]) for r in rows] == [
        ("", "40.0%", "60.0%", "2"),
        ("0.5", "10.0%", "90.0%", "2"),
    ]
    assert study.draw(result)


def test_training_scores_are_of_inference(tmp_path):
    """Without regularizers, they are what `fit` logs for weights that do not move."""
    recipe = CUT_DOWN.replace(
        {"optimizer": "SGD", "optimizer.learning_rate": 1e-9, "batch_size": "all"}
    )
    regularizers = {"none": REGULARIZERS["none"]}
    _, result = study.compare(recipe, regularizers, (1,), tmp_path)
    (row,) = result.rows
    (run,) = [p for p in tmp_path.iterdir() if p.name.startswith(f"run-{row['fingerprint']}-")]
    last = study.Run(run).history[-1]
    assert row["train_accuracy"] == pytest.approx(last["accuracy"], abs=1e-6)
    assert row["train_crossentropy"] == pytest.approx(last["crossentropy"], rel=1e-4)


@pytest.mark.skipif(not TABLE.exists(), reason="the comparison was not run yet")
def test_the_committed_table_is_of_this_recipe():
    rows = {(row["label"], row["seed"]): row for row in Sweep.read(TABLE).rows}
    assert {label for label, seed in rows if seed} == set(REGULARIZERS)
    for name, (change, strengths) in REGULARIZERS.items():
        tried = {s: rows[f"{name}, {s:g}", 0] for s in strengths}
        best = max(
            tried,
            key=lambda s: (tried[s]["validation_accuracy"], -tried[s]["validation_crossentropy"]),
        )
        for seed in study.SEEDS:
            recipe = study.recipe.replace({**change(best), "seed": seed})
            assert rows[name, seed]["fingerprint"] == recipe.fingerprint
            assert rows[name, seed]["strength"] == best


@pytest.mark.skipif(not TABLE.exists(), reason="the comparison was not run yet")
def test_the_page_says_what_the_table_says():
    page = (ROOT / "docs" / "explanation" / "regularizers.md").read_text("utf-8")
    result = Sweep(tuple(row for row in Sweep.read(TABLE).rows if row["seed"]))
    for row in study.table(result):
        assert f"| {' | '.join(row.values())} |" in page
