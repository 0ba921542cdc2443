from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.studies import ensemble_settings as settings
from benchmarks.studies import ensemble_ways as ways
from benchmarks.studies import ensembles as study
from kerasrecipes.callbacks.cycles import cycle_ends
from kerasrecipes.metrics.calibration import fit_temperature, log_loss
from kerasrecipes.recipe.run_length import RunLength
from kerasrecipes.runs import Sweep

SETTINGS = [settings.digits(), settings.cifar10("cifar10.npz")]
STEPS = 10


def schedule_of(recipe):
    optimizer = recipe.optimizer.build("optimizer", RunLength(STEPS, recipe.epochs))
    return optimizer._learning_rate


@pytest.mark.parametrize("setting", SETTINGS, ids=["digits", "cifar10"])
def test_every_way_has_the_epochs_of_one_training(setting):
    whole = setting.recipe.epochs
    assert ways.member(setting, 0.1).epochs * ways.MEMBERS == whole
    for kind in (ways.single, ways.snapshot, ways.swa):
        assert kind(setting, 0.1).epochs == whole
    # Half for a soup's start, and an eighth for each of those that go on from it.
    assert whole // 2 + ways.MEMBERS * (whole // 2 // ways.MEMBERS) == whole


@pytest.mark.parametrize("setting", SETTINGS, ids=["digits", "cifar10"])
def test_cycles_end_in_as_many_snapshots_as_there_are_members(setting):
    recipe = ways.snapshot(setting, 0.1)
    ends = cycle_ends(schedule_of(recipe), recipe.epochs * STEPS)
    assert ends == [STEPS * recipe.epochs * k // ways.MEMBERS for k in range(1, ways.MEMBERS + 1)]


def test_the_tail_that_swa_averages_has_a_constant_rate():
    recipe = ways.swa(SETTINGS[0], 0.1)
    schedule, steps = schedule_of(recipe), recipe.epochs * STEPS
    rates = [float(schedule(step)) for step in range(steps)]
    np.testing.assert_allclose(rates[3 * steps // 4 :], 0.02, rtol=1e-6)
    assert rates[0] == pytest.approx(0.1)
    assert min(rates) == pytest.approx(0.02)


def test_epoch_ends_are_averaged_in_float64():
    ends = ways.EpochEnds(first=1)
    variables = [SimpleNamespace(value=np.zeros(2, "float32"))]
    ends.set_model(SimpleNamespace())
    original = ways.state_variables, ways.to_arrays
    try:
        ways.state_variables = lambda model: variables
        ways.to_arrays = lambda given: [v.value.copy() for v in given]
        for epoch in range(4):
            variables[0].value = np.full(2, epoch + 0.1, "float32")
            ends.on_epoch_end(epoch)
    finally:
        ways.state_variables, ways.to_arrays = original
    assert ends.count == 3
    np.testing.assert_allclose(ends.sums[0] / ends.count, 2.1, rtol=1e-6)


def test_temperatures_before_and_after_the_mean_are_fitted_to_validation():
    random = np.random.default_rng(0)
    labels = {split: random.integers(0, 3, 300) for split in study.SPLITS}
    members = [
        {s: random.dirichlet(np.ones(3), 300) * 0.6 + 0.4 * np.eye(3)[labels[s]] for s in labels}
        for _ in range(2)
    ]
    dataset = SimpleNamespace(
        splits={split: SimpleNamespace(labels=each) for split, each in labels.items()}
    )
    found = study.scores(members, dataset)
    mean = {split: (members[0][split] + members[1][split]) / 2 for split in labels}
    of_mean = fit_temperature(labels["validation"], mean["validation"])
    assert found["test_log_loss_after"] == log_loss(labels["test"], of_mean.apply(mean["test"]))
    before = np.mean(
        [
            fit_temperature(labels["validation"], each["validation"]).apply(each["test"])
            for each in members
        ],
        axis=0,
    )
    assert found["test_log_loss_before"] == pytest.approx(log_loss(labels["test"], before))
    assert found["test_log_loss"] == log_loss(labels["test"], mean["test"])
    assert found["test_accuracy"] == np.mean(mean["test"].argmax(-1) == labels["test"])


def test_the_committed_table_has_every_way_and_five_seeds():
    table = Sweep.read(study.STUDY.table("ensembles_digits"))
    for label in table.labels:
        assert len([row for row in table.rows if row["label"] == label]) >= 5
    assert {*study.VIEWS, study.BASELINE, "independent ensemble", "snapshots", "EMA", "SWA",
            "soup"} == set(table.labels)  # fmt: skip
    assert len({row["data_hash"] for row in table.rows}) == 1
    ways_shown, temperatures = study.shown(table)
    assert [row["way"] for row in ways_shown] == [row["way"] for row in temperatures]


def test_rates_are_those_of_the_rows_that_are_there():
    table = Sweep.read(study.STUDY.table("ensembles_digits"))
    assert study.rates_of(table) == {"single": 0.1, "member": 0.1, "snapshot": 0.1}
    assert study.rates_of(Sweep(())) == {}


def test_an_archive_with_fewer_test_images_is_written_once(tmp_path):
    arrays = {"x_train": np.zeros((4, 2, 2)), "y_train": np.arange(4), "classes": np.arange(2)}
    arrays |= {"x_test": np.ones((5, 2, 2)), "y_test": np.arange(5)}
    np.savez(tmp_path / "all.npz", **arrays)
    part = settings.with_fewer_test_images(tmp_path / "all.npz", tmp_path / "runs" / "part.npz", 3)
    with np.load(part) as file:
        assert {name: len(file[name]) for name in file.files} == {
            "x_train": 4, "y_train": 4, "classes": 2, "x_test": 3, "y_test": 3
        }  # fmt: skip
        assert file["y_test"].tolist() == [0, 1, 2]
    written = part.stat().st_mtime_ns
    settings.with_fewer_test_images(tmp_path / "all.npz", part, 3)
    assert part.stat().st_mtime_ns == written
