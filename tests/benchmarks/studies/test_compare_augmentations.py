import runpy
from pathlib import Path

import pytest

from kerasrecipes import use
from kerasrecipes.runs.sweeping import Sweep
from tests.fake_train import FakeTrain

ROOT = Path(__file__).parents[3]
TABLE = ROOT / "docs" / "results" / "compare_augmentations.csv"
RECIPE = runpy.run_path(str(ROOT / "benchmarks" / "studies" / "compare_augmentations.py"))


class BetterAugmented(FakeTrain):
    @classmethod
    def accuracy(cls, recipe):
        return 0.5 + 0.1 * len(recipe.augment) + 0.01 * recipe.seed


def test_differences_are_paired_by_seed(monkeypatch, tmp_path):
    monkeypatch.setattr("kerasrecipes.runs.sweeping.train", BetterAugmented())
    recipe = RECIPE["recipe"].replace({"data": "Digits", "preprocessing": [], "model": "MLP"})
    augmentations = {"none": [], "flip": [use("RandomFlip")]}
    result = RECIPE["compare"](recipe, augmentations, (0, 1, 2), tmp_path, tmp_path / "t.csv")
    none, flip = RECIPE["table"](result)
    assert (none["test accuracy"], none["difference"]) == ("51.0%", "")
    assert (flip["difference"], flip["95% interval"]) == ("+10.0%", "+10.0% to +10.0%")
    assert Sweep.read(tmp_path / "t.csv").labels == ["none", "flip"]
    assert RECIPE["draw"](result).axes


def test_every_augmentation_can_be_built():
    for layers in RECIPE["AUGMENTATIONS"].values():
        for spec in layers:
            spec.build("layer")


@pytest.mark.skipif(not TABLE.exists(), reason="the comparison has not been run yet")
def test_the_committed_table_is_of_this_recipe():
    result = Sweep.read(TABLE)
    assert set(result.labels) == set(RECIPE["AUGMENTATIONS"])
    rows = {(row["label"], row["seed"]): row["fingerprint"] for row in result.rows}
    for label, layers in RECIPE["AUGMENTATIONS"].items():
        for seed in RECIPE["SEEDS"]:
            changed = RECIPE["recipe"].replace({"augment": layers, "seed": seed})
            assert rows[label, seed] == changed.fingerprint
