from pathlib import Path

import pytest

from benchmarks.studies import compare_normalizations as study
from kerasrecipes.runs import Sweep
from tests.fake_train import FakeTrain

ROOT = Path(__file__).parents[3]
TABLE = study.STUDY.table()
RESULT = Sweep(tuple(row for row in Sweep.read(TABLE).rows if row["seed"]))


class BestAt(FakeTrain):
    """Validation likes another rate for group normalization than for the others."""

    @classmethod
    def accuracy(cls, recipe):
        best = 0.1 if recipe.model.options["normalization"] == "group" else 0.03
        rate = recipe.optimizer.options["learning_rate"].options["warmup_target"]
        return 0.9 if rate * 32 / recipe.batch_size == pytest.approx(best) else 0.5


def test_rates_are_chosen_at_32_and_scaled_to_the_batch(monkeypatch, tmp_path):
    monkeypatch.setattr("kerasrecipes.runs.trainings.one_training.train", BestAt())
    tried, result = study.compare(
        study.recipe, ("batch", "group"), (2, 128), (0.03, 0.1), (1, 2), tmp_path
    )
    assert {(row["seed"], row["batch_size"]) for row in tried.rows} == {(0, 32)}
    rates = {row["label"]: row["optimizer.learning_rate.warmup_target"] for row in result.rows}
    assert rates == pytest.approx(
        {
            "batch at 2": 0.03 / 16,
            "batch at 128": 0.03 * 4,
            "group at 2": 0.1 / 16,
            "group at 128": 0.1 * 4,
        }
    )
    assert [(row["normalization"], row["rate at 32"]) for row in study.table(result)] == [
        ("batch", "0.03"),
        ("group", "0.1"),
    ]
    assert {row["seed"] for row in result.rows} == {1, 2}


def test_the_committed_table_is_of_this_recipe():
    rows = {(row["label"], row["seed"]): row for row in Sweep.read(TABLE).rows}
    expected = {}
    for name in study.NORMALIZATIONS:
        tried = {rate: rows[f"{name} at rate {rate:g}", 0] for rate in study.RATES}
        best = max(
            tried,
            key=lambda rate: (tried[rate]["validation_accuracy"], -tried[rate]["validation_loss"]),
        )
        for size in study.BATCH_SIZES:
            for seed in study.SEEDS:
                changes = study.changes(name, size, best) | {"seed": seed}
                expected[f"{name} at {size}", seed] = study.recipe.replace(changes).fingerprint
    found = {key: row["fingerprint"] for key, row in rows.items() if key[1]}
    assert found == expected


def test_the_page_says_what_the_table_says():
    page = (ROOT / "docs" / "explanation" / "normalization.md").read_text("utf-8")
    for row in study.table(RESULT):
        assert f"| {' | '.join(row.values())} |" in page


def test_the_figure_has_a_line_for_each():
    (axes,) = study.draw(RESULT).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(study.NORMALIZATIONS)
