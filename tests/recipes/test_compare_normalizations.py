import runpy
from pathlib import Path

import pytest

from kerasrecipes.sweep import Sweep
from tests.fake_train import FakeTrain

ROOT = Path(__file__).parents[2]
RECIPE = runpy.run_path(str(ROOT / "recipes" / "compare_normalizations.py"))


class BestAt(FakeTrain):
    """Validation likes another rate for group normalization than for the others."""

    @classmethod
    def accuracy(cls, recipe):
        best = 0.1 if recipe.model.options["normalization"] == "group" else 0.03
        rate = recipe.optimizer.options["learning_rate"].options["warmup_target"]
        return 0.9 if rate * 32 / recipe.batch_size == pytest.approx(best) else 0.5


def test_rates_are_chosen_at_32_and_scaled_to_the_batch(monkeypatch, tmp_path):
    monkeypatch.setattr("kerasrecipes.sweep.train", BestAt())
    tried, result = RECIPE["compare"](
        RECIPE["recipe"], ("batch", "group"), (2, 128), (0.03, 0.1), (1, 2), tmp_path
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
    assert [(row["normalization"], row["rate at 32"]) for row in RECIPE["table"](result)] == [
        ("batch", "0.03"),
        ("group", "0.1"),
    ]
    assert {row["seed"] for row in result.rows} == {1, 2}


def test_the_figure_has_a_line_for_each_normalization():
    rows = tuple(
        {
            "label": f"{name} at {size}",
            "seed": seed,
            "batch_size": size,
            "test_accuracy": 0.9 + seed / 100,
        }
        for name in RECIPE["NORMALIZATIONS"]
        for size in RECIPE["BATCH_SIZES"]
        for seed in RECIPE["SEEDS"]
    )
    (axes,) = RECIPE["draw"](Sweep(rows)).axes
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == list(RECIPE["NORMALIZATIONS"])
    sizes, mistakes = axes.lines[0].get_data()
    assert list(sizes) == list(RECIPE["BATCH_SIZES"])
    assert mistakes == pytest.approx([0.08] * 4)
