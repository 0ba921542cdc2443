import pytest

from benchmarks.studies import compare_augmentations as study
from kerasrecipes import use
from kerasrecipes.runs import Sweep
from tests.fake_train import FakeTrain

TABLE = study.STUDY.table()


class BetterAugmented(FakeTrain):
    @classmethod
    def accuracy(cls, recipe):
        return 0.5 + 0.1 * len(recipe.augment) + 0.01 * recipe.seed


def test_differences_are_paired_by_seed(monkeypatch, tmp_path):
    monkeypatch.setattr("kerasrecipes.runs.trainings.one_training.train", BetterAugmented())
    recipe = study.recipe.replace({"data": "Digits", "preprocessing": [], "model": "MLP"})
    augmentations = {"none": [], "flip": [use("RandomFlip")]}
    result = study.compare(recipe, augmentations, (0, 1, 2), tmp_path, tmp_path / "t.csv")
    none, flip = study.table(result)
    assert (none["test accuracy"], none["difference"]) == ("51.0%", "")
    # Three equal differences: the interval is that of accuracies on 100 images.
    assert (flip["difference"], flip["95% interval"]) == ("+10.0%", "+2.2% to +17.8%")
    assert flip["p by Holm"] == "0.012"
    assert Sweep.read(tmp_path / "t.csv").labels == ["none", "flip"]
    assert study.draw(result).axes


def test_every_augmentation_can_be_built():
    for layers in study.AUGMENTATIONS.values():
        for spec in layers:
            spec.build("layer")


@pytest.mark.skipif(not TABLE.exists(), reason="the comparison has not been run yet")
def test_the_committed_table_is_of_this_recipe():
    result = Sweep.read(TABLE)
    assert set(result.labels) == set(study.AUGMENTATIONS)
    rows = {(row["label"], row["seed"]): row["fingerprint"] for row in result.rows}
    for label, layers in study.AUGMENTATIONS.items():
        for seed in study.SEEDS:
            changed = study.recipe.replace({"augment": layers, "seed": seed})
            assert rows[label, seed] == changed.fingerprint
