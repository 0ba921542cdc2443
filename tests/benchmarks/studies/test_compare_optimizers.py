from pathlib import Path

import numpy as np

from benchmarks.studies import compare_optimizers as study
from kerasrecipes import use
from kerasrecipes.runs import Sweep
from tests.fake_train import FakeTrain

ROOT = Path(__file__).parents[3]
TABLE = study.STUDY.table()
CUT_DOWN = study.recipe.replace({"model.units": [8], "epochs": 2})


class BestAt(FakeTrain):
    """Validation likes one rate for each optimizer, test likes the others."""

    BEST = {"SGD": 0.3, "Adam": 0.01}

    @classmethod
    def accuracy(cls, recipe):
        best = recipe.optimizer.options["learning_rate"] == cls.BEST[recipe.optimizer.name]
        return 0.9 if best else 0.5

    def write(self, folder, name, value):
        if name == "metrics.json":
            value["test"] = value["test"] | {"accuracy": 1 - value["test"]["accuracy"]}
        FakeTrain.write(folder, name, value)


def test_rates_are_chosen_on_validation_by_a_seed_that_does_not_count(monkeypatch, tmp_path):
    monkeypatch.setattr("kerasrecipes.runs.trainings.one_training.train", BestAt())
    optimizers = {"plain": use("SGD", momentum=0.5), "Adam": use("Adam")}
    tried, result = study.compare(CUT_DOWN, optimizers, (0.01, 0.3), (1, 2, 3), tmp_path)
    assert tried.labels == ["plain, 0.01", "plain, 0.3", "Adam, 0.01", "Adam, 0.3"]
    assert {row["seed"] for row in tried.rows} == {0}
    assert [(r["label"], r["seed"], r["optimizer.learning_rate"]) for r in result.rows] == [
        (label, seed, rate)
        for seed in (1, 2, 3)
        for label, rate in (("plain", 0.3), ("Adam", 0.01))
    ]
    assert [(row["optimizer"], row["learning rate"]) for row in study.table(result)] == [
        ("plain", "0.3"),
        ("Adam", "0.01"),
    ]


def test_curves_are_medians_over_seeds(tmp_path):
    _, result = study.compare(CUT_DOWN, {"Adam": use("Adam")}, (0.01,), (1, 2), tmp_path)
    seconds, accuracy = study.curves(result, tmp_path)["Adam"]
    last = [row["validation_accuracy"] for row in result.rows]
    assert accuracy.shape == (2,)
    np.testing.assert_allclose(accuracy[-1], np.mean(last))
    # The first epoch is given the length of the only other.
    np.testing.assert_allclose(seconds[1], 2 * seconds[0])
    assert study.draw(dict.fromkeys(study.OPTIMIZERS, (seconds, accuracy)))


def test_the_committed_table_is_of_this_recipe():
    rows = {(row["label"], row["seed"]): row for row in Sweep.read(TABLE).rows}
    assert {label for label, seed in rows if seed} == set(study.OPTIMIZERS)
    for name, optimizer in study.OPTIMIZERS.items():
        tried = {rate: rows[f"{name}, {rate:g}", 0] for rate in study.RATES}
        best = max(
            tried,
            key=lambda rate: (tried[rate]["validation_accuracy"], -tried[rate]["validation_loss"]),
        )
        for seed in study.SEEDS:
            changes = {"optimizer": optimizer, "optimizer.learning_rate": best, "seed": seed}
            assert rows[name, seed]["fingerprint"] == study.recipe.replace(changes).fingerprint


def test_the_page_says_what_the_table_says():
    page = (ROOT / "docs" / "explanation" / "optimizers.md").read_text("utf-8")
    result = Sweep(tuple(row for row in Sweep.read(TABLE).rows if row["seed"]))
    for row in study.table(result):
        assert f"| {' | '.join(row.values())} |" in page
    momentum = next(row for row in result.differences("Adam") if row["label"] == "momentum")
    assert "{mean:+.2%} [{low:+.2%}, {high:+.2%}]".format(**momentum) in " ".join(page.split())
