import numpy as np
import pytest

from benchmarks.harness.inputs import recipe_of
from benchmarks.studies import recipe_choices as study
from tests.fake_train import FakeTrain


class LikesADecay(FakeTrain):
    """Validation likes an L2 of 0.01, test no penalty."""

    @classmethod
    def accuracy(cls, recipe):
        penalty = recipe.model.options.get("kernel_regularizer")
        return 0.9 if penalty is not None and penalty.options["factor"] == 0.01 else 0.5

    def write(self, folder, name, value):
        if name == "metrics.json":
            value["test"] = value["test"] | {"accuracy": 1 - value["test"]["accuracy"]}
        FakeTrain.write(folder, name, value)


def test_validation_chooses(monkeypatch, tmp_path):
    monkeypatch.setattr("kerasrecipes.runs.trainings.one_training.train", LikesADecay())
    monkeypatch.setattr(study, "STUDY", study.Study("recipe_choices"))
    monkeypatch.setattr(study.Study, "runs", tmp_path)
    monkeypatch.setattr(study.Study, "table", lambda self, name: tmp_path / f"{name}.csv")
    candidates, judged = study.CHOICES["extract_features"]
    result = study.tried("extract_features", candidates, judged)
    assert len(result.rows) == 4
    best, *others = study.summary(result, candidates)
    assert best["candidate"] == "L2 0.01"
    assert best["accuracy"] == "90.00%"
    assert {row["accuracy"] for row in others} == {"50.00%"}


@pytest.mark.parametrize("script", study.CHOICES)
def test_the_images_that_score_a_recipe_choose_nothing(script):
    recipe = recipe_of(script)
    scored = recipe.data.build("data").load().test
    for change in study.CHOICES[script][1]:
        judged = recipe.replace(change).data.build("data").load()
        np.testing.assert_array_equal(judged.test.labels, scored.labels)
        everything = np.arange(len(scored))
        np.testing.assert_array_equal(judged.test.read(everything), scored.read(everything))
        assert len(judged.validation) >= 359
