"""The helper of all studies, and their committed figures."""

import re
import sys

import matplotlib
import pytest

from benchmarks.studies import (
    compare_augmentations,
    compare_normalizations,
    compare_optimizers,
    compare_regularizers,
    initialization_study,
    loss_surfaces,
    study,
    transfer_study,
)
from kerasrecipes import Recipe, use
from kerasrecipes.runs import Sweep
from tests.fake_train import FakeTrain

STUDIES = (
    compare_augmentations,
    compare_normalizations,
    compare_optimizers,
    compare_regularizers,
    initialization_study,
    loss_surfaces,
    transfer_study,
)
RECIPE = Recipe(data=use("Digits"), model=use("MLP"), optimizer=use("SGD"), epochs=1)


def _counted(module) -> Sweep:
    """Returns the committed runs of a study without those of seed 0, which chose."""
    return Sweep(tuple(row for row in Sweep.read(module.STUDY.table()).rows if row["seed"]))


FIGURES = {
    "compare_augmentations": lambda: compare_augmentations.draw(
        Sweep.read(compare_augmentations.STUDY.table())
    ),
    "compare_normalizations": lambda: compare_normalizations.draw(_counted(compare_normalizations)),
    "compare_regularizers": lambda: compare_regularizers.draw(_counted(compare_regularizers)),
    "transfer_study": lambda: transfer_study.draw(transfer_study.results()),
}


@pytest.mark.parametrize("name", FIGURES)
def test_the_committed_figure_is_drawn_from_the_committed_table(name, tmp_path, monkeypatch):
    committed = (study.IMAGES / f"{name}.svg").read_text("utf-8")
    (version,) = re.findall(r"Matplotlib v([\d.]+)", committed)
    if version != matplotlib.__version__:
        pytest.skip(f"drawn by Matplotlib {version}; here is {matplotlib.__version__}")
    monkeypatch.setattr(study, "IMAGES", tmp_path)
    study.Study(name).save(FIGURES[name]())
    assert (tmp_path / f"{name}.svg").read_text("utf-8") == committed


def test_all_variants_are_trained_with_a_seed_before_the_next(monkeypatch, tmp_path, capsys):
    train = FakeTrain()
    monkeypatch.setattr("kerasrecipes.runs.trainings.one_training.train", train)
    changes = {"slow": {"optimizer.momentum": 0.1}, "fast": {"optimizer.momentum": 0.9}}
    result = study.sweep_in_rounds(RECIPE, changes, (1, 2), tmp_path, shown=["epochs", "seed"])
    assert [(row["label"], row["seed"]) for row in result.rows] == [
        ("slow", 1),
        ("fast", 1),
        ("slow", 2),
        ("fast", 2),
    ]
    assert [folder.name.split("-")[0] for folder in train.trained] == ["run"] * 4
    assert capsys.readouterr().out.splitlines() == ["1 1 seed 1"] * 2 + ["1 2 seed 2"] * 2


@pytest.mark.parametrize(("loss", "best"), [("validation_loss", 0.1), ("validation_other", 0.2)])
def test_ties_on_validation_go_to_the_lower_loss(monkeypatch, tmp_path, loss, best):
    scores = {0.1: (0.9, 0.3, 0.5), 0.2: (0.9, 0.4, 0.4), 0.3: (0.8, 0.1, 0.1)}
    rows = [
        {
            "label": f"SGD at {rate:g}",
            "validation_accuracy": accuracy,
            "validation_loss": loss,
            "validation_other": other,
            "test_accuracy": 1 - accuracy,
        }
        for rate, (accuracy, loss, other) in scores.items()
    ]
    asked = []

    def sweep_in_rounds(recipe, changes, seeds, directory, shown):
        asked.append((list(changes), seeds))
        return Sweep(tuple(rows))

    monkeypatch.setattr(study, "sweep_in_rounds", sweep_in_rounds)
    grid = {"SGD": {rate: {"optimizer.learning_rate": rate} for rate in scores}}
    tried, chosen = study.choose_on_validation(
        RECIPE, grid, tmp_path, shown=[], label="{} at {:g}", loss=loss
    )
    assert asked == [(["SGD at 0.1", "SGD at 0.2", "SGD at 0.3"], [0])]
    assert chosen == {"SGD": best}
    assert tried.rows == tuple(rows)


@pytest.mark.parametrize("module", STUDIES, ids=lambda module: module.STUDY.name)
def test_help_is_printed_before_anything_is_trained(module, monkeypatch, capsys):
    assert module.__name__ == f"benchmarks.studies.{module.STUDY.name}"
    monkeypatch.setattr(sys, "argv", ["study", "--help"])
    with pytest.raises(SystemExit, match="0"):
        module.main()
    assert f"usage: python -m {module.__name__}" in capsys.readouterr().out
