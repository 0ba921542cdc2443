import numpy as np

from benchmarks.harness import turns
from benchmarks.harness.inputs import random_images, recipe_of
from benchmarks.harness.turns import CPU, WALL, take_turns


def test_functions_take_turns_after_a_call_each_that_is_not_timed():
    called = []
    functions = {name: (lambda name=name: called.append(name)) for name in ("ours", "peer")}
    seconds = take_turns(functions, 2, calls=3)
    assert called == ["ours", "peer"] + 2 * (["ours"] * 3 + ["peer"] * 3)
    assert {name: each.shape for name, each in seconds.items()} == {"ours": (2, 2), "peer": (2, 2)}
    called.clear()
    take_turns(functions, 1, warm_up=False)
    assert called == ["ours", "peer"]


def test_seconds_are_means_over_the_calls_of_a_turn(monkeypatch):
    clocks = {WALL: 100.0, CPU: 7.0}
    monkeypatch.setattr(turns, "now", lambda: (clocks[WALL], clocks[CPU]))

    def work():
        clocks[WALL] += 0.5
        clocks[CPU] += 0.25

    assert take_turns({"work": work}, 3, calls=2)["work"].tolist() == [[0.5, 0.25]] * 3


def test_random_images_have_every_class_in_both_splits():
    dataset = random_images(25, (4, 6, 3), validation=10)
    assert dataset.sizes == {"train": 25, "validation": 10}
    assert dataset.image_shape == (4, 6, 3)
    assert np.bincount(dataset.train.labels).tolist() == [3] * 5 + [2] * 5
    assert dataset.validation.labels.tolist() == list(range(10))
    assert dataset.train.images.dtype == "uint8"


def test_a_recipe_is_named_by_its_script():
    assert recipe_of("train_from_scratch").model.name == "ResNetCIFAR"
