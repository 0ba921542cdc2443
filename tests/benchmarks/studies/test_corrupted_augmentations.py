import numpy as np
import pytest

from benchmarks.studies import compare_augmentations
from benchmarks.studies import corrupted_augmentations as study
from kerasrecipes import use
from kerasrecipes.robustness.corruptions import CORRUPTIONS
from kerasrecipes.runs import Sweep

TABLE = study.STUDY.table()


def test_trainings_are_scored_once_and_go_on(tmp_path, monkeypatch):
    recipe = compare_augmentations.recipe.replace(
        {"data": use("Digits", examples_per_class=3), "preprocessing": [], "model": "MLP"}
    ).replace({"epochs": 1, "batch_size": 30})
    augmentations = {"none": [], "noise": [use("RandomNoise", gaussian=0.1)]}

    def compare():
        return study.compare(recipe, augmentations, [0], tmp_path, tmp_path / "t.csv", 50)

    first = compare()
    assert [row["label"] for row in first.rows] == ["none", "noise"]
    for row in first.rows:
        assert row["test_n"] == 50
        mean = np.mean([row[f"test_{name}"] for name in CORRUPTIONS])
        assert row["test_corrupted"] == pytest.approx(mean)
    monkeypatch.setattr(study, "train", None)
    assert compare().rows == first.rows


def test_the_printed_table_pairs_by_seed_and_begins_with_the_best():
    rows = [
        {"label": label, "seed": seed, "test_n": 100, "test_accuracy": 0.8}
        | {f"test_{name}": score + gain * seed for name in ("corrupted", *CORRUPTIONS)}
        for label, score, gain in (("none", 0.5, 0.01), ("noise", 0.6, 0.02))
        for seed in range(3)
    ]
    noise, none = study.shown(Sweep(tuple(rows)))
    assert (noise["augmentation"], noise["corrupted"], noise["blur"]) == ("noise", "62.0%", "62.0%")
    assert (noise["difference"], none["difference"], noise["n"]) == ("+11.0%", "", "3")


@pytest.mark.skipif(not TABLE.exists(), reason="the study has not been run yet")
def test_the_committed_table_is_of_these_networks():
    rows = Sweep.read(TABLE).rows
    assert {row["label"] for row in rows} == set(compare_augmentations.AUGMENTATIONS)
    for row in rows:
        layers = compare_augmentations.AUGMENTATIONS[row["label"]]
        changed = compare_augmentations.recipe.replace({"augment": layers, "seed": row["seed"]})
        assert row["fingerprint"] == changed.fingerprint
