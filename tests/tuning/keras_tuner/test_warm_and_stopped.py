"""Searches that start from what is known, and searches that stop before their rungs do."""

import json
import os

import keras
import keras_tuner
import numpy as np
import pytest

from kerasrecipes.base.files import locked
from kerasrecipes.tuning import CoarseToFine
from kerasrecipes.tuning.keras_tuner import rung_tuner, timed_oracle
from kerasrecipes.tuning.keras_tuner.trial_values import ADOPTED
from tests.tuning.black_box import BlackBox, in_child

pytestmark = pytest.mark.backend_neutral


def searched(folder, name, **options):
    (folder / name).mkdir(exist_ok=True)
    return BlackBox(folder / name, **options).run()


def trials(tuner):
    oracle = tuner.chief_oracle
    return [oracle.trials[name] for name in oracle.start_order]


def values(tuner):
    return [trial.hyperparameters.values for trial in trials(tuner)]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return searched(tmp_path_factory.mktemp("plain"), "plain")


def test_enqueued_values_come_first_exactly_and_are_promoted_like_others(tmp_path, plain):
    given = [{"x": 0.3, "y": 0.7}, {}, {"x": 0.3, "y": 0.7}]
    first, second, third, *others = values(searched(tmp_path, "e", enqueue=given))
    assert (first["x"], first["y"], first["kind"]) == (0.3, 0.7, "good")
    assert (second["x"], second["y"], second["kind"]) == (0.0, 0.0, "good")
    assert third["x"] not in (0.3, 0.0), "values that are given twice are tried once"
    promoted = [each for each in others if each["x"] == 0.3]
    assert [each["tuner/epochs"] for each in promoted] == [2, 4]
    assert not any("tuner/enqueued" in each for each in promoted)
    with pytest.raises(ValueError, match="another search: its `values to try first` differ"):
        BlackBox(tmp_path / "e")
    with pytest.raises(ValueError, match="The first rung has 1 trials, fewer than the 2 values"):
        searched(tmp_path, "few", rungs="1x1", enqueue=given)
    # Without the option, nothing is another number.
    again = searched(tmp_path, "plain")
    assert values(again) == values(plain)


def test_the_trials_of_another_search_count_and_cost_nothing(tmp_path, plain, capsys):
    source = plain.chief_oracle.folder
    tuner = searched(tmp_path, "from", from_project=source)
    oracle = tuner.chief_oracle
    seen = oracle.observations()
    adopted = [each for each in seen if each.is_adopted]
    own = [each for each in seen if not each.is_adopted]
    theirs = {each.name: each for each in plain.chief_oracle.observations()}
    assert [(each.rung, each.score, each.curve) for each in adopted] == [
        (each.rung, each.score, each.curve) for each in theirs.values()
    ]
    for rung, given in enumerate(oracle.rungs):
        cost = sum(each.cost_epochs for each in own if each.rung == rung)
        assert given.budget_epochs - given.epochs < cost <= given.budget_epochs
    # All that the other search knows is known: the spread over the space is not made again.
    assert max(each.score for each in own) >= max(each.score for each in adopted) - 0.02
    journal = {line.split()[0] for line in tuner.journal.read_text().splitlines()}
    assert journal == {each.name for each in own}
    # It goes on without the other search, and asks it for nothing twice.
    shown = values(tuner)
    assert sum(ADOPTED in each for each in shown) == len(theirs)
    assert values(searched(tmp_path, "from", from_project=tmp_path / "gone")) == shown


def test_what_lies_outside_of_a_changed_space_is_left_out_with_the_reason(tmp_path, plain):
    class Narrow(BlackBox):
        def __init__(self, folder, **options):
            hps = keras_tuner.HyperParameters()
            hps.Float("x", 0.5, 1.0)
            hps.Float("y", 0.0, 1.0)
            hps.Choice("kind", ["good", "bad"])
            CoarseToFine.__init__(
                self,
                None,
                keras_tuner.Objective("score", "max"),
                rungs="8x1,4x2",
                hyperparameters=hps,
                directory=str(folder),
                project_name="search",
                **options,
            )
            self.journal = folder / "journal"
            self.told = None

        def on_adopted(self, found):
            self.told = found

    tuner = Narrow(tmp_path, from_project=plain.chief_oracle.folder).run()
    theirs = plain.chief_oracle.observations()
    inside = [each for each in theirs if each.point[0] >= 0.5 and each.epochs < 4]
    told = tuner.told
    assert (len(told.trials), told.ended) == (len(inside), len(theirs))
    assert told.reasons["x is outside of its range"] > 0
    assert told.reasons["no rung has trials of 4 epochs"] > 0
    assert "left out" in told.text
    best = plain.chief_oracle.get_best_trials(1)[0]
    assert told.best == (best.trial_id, "no rung has trials of 4 epochs")
    assert f"Its best trial, {best.trial_id}, is left out" in told.text


def test_a_folder_to_start_from_must_hold_such_a_search(tmp_path, plain):
    with pytest.raises(ValueError, match=r"holds an oracle.json. Received: .*nowhere"):
        searched(tmp_path, "a", from_project=tmp_path / "nowhere")
    other = tmp_path / "other"
    other.mkdir()
    state = json.loads((plain.chief_oracle.folder / "oracle.json").read_text())
    for change, message in (
        ({"objective": "val_loss"}, "another objective, val_loss"),
        ({"rungs": ["3x9"], "end_order": state["end_order"]}, None),
    ):
        (other / "oracle.json").write_text(json.dumps(state | change))
        if message:
            with pytest.raises(ValueError, match=message):
                searched(tmp_path, f"b{message[:3]}", from_project=other)
    del state["rungs"]
    (other / "oracle.json").write_text(json.dumps(state))
    with pytest.raises(ValueError, match="keras-tuner's others do not say how long"):
        searched(tmp_path, "c", from_project=other)


def test_a_target_and_patience_end_a_search_which_goes_on_without_them(tmp_path, plain):
    tuner = searched(tmp_path, "s", target=0.4)
    oracle = tuner.chief_oracle
    *before, last = oracle.observations()
    assert oracle.stopped_by == "target"
    assert last.score >= 0.4 > max(each.score for each in before)
    tuner = searched(tmp_path, "s", patience=2)
    assert tuner.chief_oracle.stopped_by == "patience"
    assert len(oracle.trials) < len(tuner.chief_oracle.trials) < len(plain.chief_oracle.trials)
    tuner = searched(tmp_path, "s")
    assert tuner.chief_oracle.stopped_by is None
    ended = {rung.epochs for rung in tuner.chief_oracle.rungs}
    assert {each.epochs for each in tuner.chief_oracle.observations()} == ended


class Hours:
    """A clock by which each epoch takes a minute."""

    now = 0.0

    @classmethod
    def monotonic(cls):
        return cls.now

    @staticmethod
    def sleep(seconds):
        pass


class Slow(BlackBox):
    def write(self, line):
        super().write(line)
        Hours.now += 60.0 * (not line.endswith("ended"))


def test_minutes_plan_the_rungs_and_hold_over_a_restart(tmp_path, monkeypatch):
    monkeypatch.setattr(timed_oracle, "time", Hours)
    monkeypatch.setattr(rung_tuner, "time", Hours)
    rungs = "80x1,40x2,20x4"
    oracle = Slow(tmp_path, rungs=rungs, minutes=30).run().chief_oracle
    epochs = sum(each.cost_epochs for each in oracle.observations())
    # The rungs keep their proportions, and the last trial fits.
    assert 24 <= epochs <= 30
    assert {each.rung for each in oracle.observations()} == {0, 1, 2}
    assert oracle.stopped_by == "minutes"
    count = len(oracle.trials)
    again = Slow(tmp_path, rungs=rungs, minutes=30).run().chief_oracle
    assert len(again.trials) == count
    more = Slow(tmp_path, rungs=rungs, minutes=60).run().chief_oracle
    assert 48 <= sum(each.cost_epochs for each in more.observations()) <= 60


def test_a_first_trial_longer_than_the_time_ends_with_its_epoch(tmp_path, monkeypatch):
    monkeypatch.setattr(timed_oracle, "time", Hours)
    oracle = Slow(tmp_path, rungs="4x10", minutes=2.5).run().chief_oracle
    (only,) = oracle.observations()
    assert (only.cost_epochs, only.is_complete, only.has_score) == (3, False, True)
    assert oracle.get_best_trials(1)[0].trial_id == only.name
    for minutes in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="minutes"):
            Slow(tmp_path, minutes=minutes)


def test_two_searches_in_one_folder_are_refused_and_a_dead_ones_lock_is_not(tmp_path):
    folder = tmp_path / "search"
    with locked(folder):
        for options in ({}, {"overwrite": True}):
            with pytest.raises(BlockingIOError, match=f"process {os.getpid()} on "):
                BlackBox(tmp_path, **options)

    def killed():
        with locked(folder):
            os._exit(0)

    in_child(killed)
    assert (folder / "lock").exists()
    assert len(BlackBox(tmp_path).run().chief_oracle.trials) > 8


def test_constraints_end_trials_before_they_are_trained(tmp_path):
    def build(hp):
        layers = [keras.layers.Input((4,)), keras.layers.Dense(hp.Choice("units", [1, 2, 30]))]
        model = keras.Sequential([*layers, keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    inputs = np.linspace(-1, 1, 32, dtype="float32").reshape(8, 4)
    options = {"directory": str(tmp_path), "seed": 1}
    tuner = CoarseToFine(
        build, "val_loss", rungs="3x1", constraints="parameters < 50", project_name="a", **options
    )
    data = {"validation_data": (inputs, inputs[:, :1]), "verbose": 0}
    tuner.search(inputs, inputs[:, :1], **data)
    seen = {own["units"]: t for own, t in zip(values(tuner), trials(tuner), strict=True)}
    assert {units: trial.status for units, trial in seen.items()} == {
        1: "COMPLETED",
        2: "COMPLETED",
        30: "FAILED",
    }
    assert not seen[30].metrics.exists("val_loss")
    cause = tmp_path / "a" / f"trial_{seen[30].trial_id}" / "cause.json"
    assert json.loads(cause.read_text())["cause"] == "Infeasible: parameters is 181, not < 50"
    mistyped = CoarseToFine(
        build, "val_loss", rungs="3x1", constraints="val_los < 9", project_name="c", **options
    )
    with pytest.raises(ValueError, match="'val_los', which is not logged. Did you mean 'val_loss'"):
        mistyped.search(inputs, inputs[:, :1], **data)
    impossible = CoarseToFine(
        build, "val_loss", rungs="9x1", constraints="val_loss < -1", project_name="b", **options
    )
    with pytest.raises(ValueError, match=r"Every trial failed .*or loosen them"):
        impossible.search(inputs, inputs[:, :1], **data)
