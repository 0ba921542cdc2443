"""Trainings that go on from the end of a finished run, and their numbers."""

import shutil

import pytest

from kerasrecipes.base.damaged_files import DamagedFileError
from kerasrecipes.recipe.recipe import Recipe
from kerasrecipes.recipe.spec import use
from kerasrecipes.training.resuming import going_on
from kerasrecipes.training.run import Run
from kerasrecipes.training.training import train
from tests.training.stopped import Stop, numbers

RECIPE = Recipe(
    data=use("Digits", classes=[0, 1], examples_per_class=24),
    model=use("tests.training.random_network:random_network"),
    augment=[use("RandomNoise", gaussian=(0.0, 0.1))],
    optimizer=use("SGD", learning_rate=0.05, momentum=0.9),
    batch_size=12,
    epochs=2,
)


def trained(recipe, directory, **options):
    return train(recipe, directory=directory, verbose=0, **options)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return trained(RECIPE, tmp_path_factory.mktemp("first"))


@pytest.fixture
def start(first, tmp_path):
    """A copy of the finished run, which a test may spoil."""
    return Run(shutil.copytree(first.folder, tmp_path / first.name))


def further(start, **changes):
    return start.recipe.replace(
        {"epochs": 4, "start": start.recipe, "resume_start": True, **changes}
    )


def test_two_epochs_and_two_more_are_four_to_the_last_bit_and_so_if_stopped(start, tmp_path):
    whole = numbers(trained(RECIPE.replace({"epochs": 4}), tmp_path / "whole"))
    recipe = further(start)
    with pytest.raises(KeyboardInterrupt):
        trained(recipe, tmp_path, callbacks=[Stop(3, 1)])
    shutil.rmtree(start.folder)  # What was begun needs it no more.
    run = trained(recipe, tmp_path)
    assert numbers(run) == whole
    assert [row["epoch"] for row in run.history] == [1, 2, 3, 4]
    assert run.recipe.start.fingerprint == RECIPE.fingerprint


def test_a_schedule_that_begins_anew_is_a_chain_of_both(start, tmp_path):
    decay = use("CosineDecay", initial_learning_rate=0.1)
    first = RECIPE.replace({"optimizer.learning_rate": decay})
    chain = use("Chain", schedules=[decay, decay], boundaries_epochs=[2])
    both = first.replace({"epochs": 4, "optimizer.learning_rate": chain})
    whole = numbers(trained(both, tmp_path / "whole"))
    recipe = both.replace({"start": first, "resume_start": True})  # The first is trained for it.
    assert numbers(trained(recipe, tmp_path / "there")) == whole


def test_another_learning_rate_takes_the_place_of_the_old(start, tmp_path):
    run = trained(further(start, **{"optimizer.learning_rate": 0.001}), tmp_path)
    rates = [row["learning_rate"] for row in run.history]
    assert rates == pytest.approx([0.05, 0.05, 0.001, 0.001])


def test_other_callbacks_begin_anew_and_the_best_epoch_is_that_of_all(start, tmp_path):
    early = use("EarlyStopping", monitor="loss", min_delta=100, patience=1)
    stopped = trained(RECIPE.replace({"callbacks": [early], "epochs": 8}), tmp_path)
    assert len(stopped.history) == 2
    recipe = further(stopped, epochs=9)
    run = trained(recipe, tmp_path)
    assert len(run.history) == 4  # It stops two epochs later again.
    best = max(run.history, key=lambda row: row["val_accuracy"])
    assert run.metrics["epoch"] == best["epoch"]


@pytest.mark.slow
def test_features_go_on_as_features(tmp_path):
    backbone = trained(
        RECIPE.replace({"model": use("ResNetCIFAR", depth=8, filters=4), "augment": []}), tmp_path
    )
    recipe = backbone.recipe.replace(
        {"model": use("Pretrained", backbone=str(backbone.folder)), "preprocessing": []}
    )
    whole = numbers(trained(recipe.replace({"epochs": 4}), tmp_path / "whole"))
    start = trained(recipe, tmp_path)
    assert [path.name for path in (start.folder / "final_state").iterdir()] == ["head.npz"]
    assert numbers(trained(further(start), tmp_path)) == whole
    with pytest.raises(ValueError, match=r"with cached features.*Expected: state.npz"):
        trained(further(start, epochs=5), tmp_path, cache_features=False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 2}, r"`epochs` counts those of the run .*, 2, too"),
        ({"batch_size": 6}, "`batch_size` must be as in the run whose training goes on, 12"),
        ({"optimizer": "Adam"}, "The optimizer must be that of the run .*, SGD"),
        ({"data.examples_per_class": 12}, "The data must be those of the run"),
        ({"optimizer.momentum": 0.0}, "variables of the run whose training goes on"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(start, tmp_path, changes, message):
    recipe = further(start, **changes).replace({"start": str(start.folder)})
    with pytest.raises(ValueError, match=message):
        trained(recipe, tmp_path / "new")


def test_a_run_without_its_final_state_cannot_go_on(start, tmp_path, monkeypatch):
    shutil.rmtree(start.folder / "final_state")
    with pytest.raises(ValueError, match="without `resume_start` begins from its network"):
        trained(further(start), tmp_path)
    monkeypatch.setattr(going_on, "LIMIT_BYTES", 10)
    run = trained(RECIPE.replace({"epochs": 1}), tmp_path)
    assert not (run.folder / "final_state").exists()
    assert not (run.folder / "checkpoint").exists()


def test_a_damaged_state_is_named(start, tmp_path):
    state = start.folder / "final_state" / "state.npz"
    state.write_bytes(state.read_bytes()[:100])
    with pytest.raises(DamagedFileError, match=r"final_state/state.npz cannot be read"):
        trained(further(start), tmp_path)


def test_the_fields_are_checked():
    with pytest.raises(ValueError, match="give the run to go on with"):
        RECIPE.replace({"resume_start": True})
    with pytest.raises(TypeError, match="must be True or False"):
        RECIPE.replace({"start": RECIPE, "resume_start": 1})
    recipe = RECIPE.replace({"start": {"epochs": 1}, "resume_start": True})
    assert recipe.start_recipe() == RECIPE.replace({"epochs": 1})
    assert Recipe.from_dict(recipe.to_dict()) == recipe
