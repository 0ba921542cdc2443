"""Directions of objectives that are given by name."""

import keras_tuner
import pytest

from kerasrecipes import Recipe
from kerasrecipes.tuning.keras_tuner.oracle import CoarseToFineOracle
from kerasrecipes.tuning.objectives import monitor_and_mode, with_direction
from kerasrecipes.tuning.rungs import rungs_of


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("f1_score", "max"),
        ("r2_score", "max"),
        ("cosine_similarity", "max"),
        ("recall", "max"),
        ("true_negatives", "max"),
        ("false_negatives", "min"),
        ("mean_absolute_error", "min"),
        ("poisson", "min"),
    ],
)
def test_a_metric_of_keras_tells_its_direction_by_its_name(name, direction):
    for objective in (name, f"val_{name}"):
        assert with_direction(objective) == keras_tuner.Objective(objective, direction)


def test_other_objectives_are_left_to_keras_tuner():
    given = keras_tuner.Objective("val_f1_score", "min")
    assert with_direction(given) is given
    assert [with_direction(name) for name in (None, "val_loss", "score")] == [
        None, "val_loss", "score",
    ]  # fmt: skip


def test_the_direction_may_go_with_the_name():
    given = keras_tuner.Objective("val_gap", "min")
    assert with_direction("min:val_gap") == given
    recipe = Recipe(data="Digits", model="MLP", optimizer="SGD")
    assert monitor_and_mode(recipe, "max:val_gap") == ("val_gap", "max")


def test_a_metric_whose_direction_is_not_known_is_refused():
    for name in ("val_mean_io_u", "val_sum"):
        with pytest.raises(ValueError, match=rf"`keras_tuner.Objective\('{name}', 'max'\)`"):
            with_direction(name)


def test_the_oracle_maximizes_what_keras_tuner_would_minimize():
    oracle = CoarseToFineOracle("val_f1_score", rungs_of("2x2"))
    assert oracle.objective == keras_tuner.Objective("val_f1_score", "max")
