import csv
import json
import re

import numpy as np
import pytest
from scipy import stats

from kerasrecipes import Recipe, use
from kerasrecipes.base.intervals import wilson_interval
from kerasrecipes.runs.sweeping import Sweep, sweep
from kerasrecipes.training.numerics import NUMERICS_VERSION
from tests.fake_train import FakeTrain

CHANGES = {"none": {}, "some": {"optimizer.momentum": 0.5}, "Adam": {"optimizer": "Adam"}}


@pytest.fixture
def recipe():
    return Recipe(data="Digits", model="MLP", optimizer=use("SGD"), epochs=3)


@pytest.fixture
def train(monkeypatch):
    fake = FakeTrain()
    monkeypatch.setattr("kerasrecipes.runs.trainings.one_training.train", fake)
    return fake


@pytest.fixture
def run(recipe, train, tmp_path):
    """A sweep with its runs and its table in a folder of this test."""

    def run(changes=CHANGES, seeds=(0, 1, 2), **options):
        options = {"directory": tmp_path / "runs", "table": tmp_path / "table.csv", **options}
        return sweep(recipe, changes, seeds, **options)

    return run


def test_each_label_is_trained_with_each_seed(run, train, recipe):
    result = run()
    assert [(row["label"], row["seed"]) for row in result.rows] == [
        (label, seed) for label in CHANGES for seed in (0, 1, 2)
    ]
    assert len(set(train.trained)) == 9
    row = result.rows[4]
    expected = recipe.replace({"optimizer.momentum": 0.5, "seed": 1})
    assert row["fingerprint"] == expected.fingerprint
    data = row["data_hash"][:8]
    folder = f"sweep-{expected.fingerprint}-{data}-v{NUMERICS_VERSION}"
    assert train.trained[4].name == folder
    assert row["numerics_version"] == NUMERICS_VERSION
    assert row["data_hash"] == recipe.data.build("data").load().hash
    assert row["test_accuracy"] == row["validation_accuracy"] == 0.8 + 0.1 * 0.5 + 0.01
    assert (row["test_n"], row["validation_n"], row["epoch"]) == (100, 50, 2)
    assert (row["parameters"], row["seconds"], row["keras"]) == (10, 1.5, "3.15.0")
    assert result.evaluation_split == "test"
    assert "test_accuracy_interval" not in row


def test_a_row_tells_what_every_changed_path_is_there(run):
    rows = {row["label"]: row for row in run(seeds=[0]).rows}
    assert [rows[label]["optimizer.momentum"] for label in CHANGES] == [None, 0.5, None]
    assert [rows[label]["optimizer"] for label in CHANGES] == [
        "SGD",
        {"use": "SGD", "momentum": 0.5},
        "Adam",
    ]


def test_a_run_that_diverged_says_so_in_its_row(run, train, tmp_path):
    folder = tmp_path / "runs"
    plain, other = run({"a": {}, "b": {"optimizer.momentum": 0.5}}, [0], table=None).rows
    assert "diverged" not in plain
    for path in folder.glob(f"*{other['fingerprint']}*/metrics.json"):
        metrics = json.loads(path.read_text())
        train.write(path.parent, path.name, metrics | {"diverged": {"epoch": 2, "step": 7}})
    plain, other = run({"a": {}, "b": {"optimizer.momentum": 0.5}}, [0], table=None).rows
    assert "diverged" not in plain
    assert other["diverged"] is True


def test_the_table_is_the_result(run, tmp_path):
    result = run()
    assert Sweep.read(tmp_path / "table.csv") == result
    with (tmp_path / "table.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header[:4] == ["label", "seed", "optimizer.momentum", "optimizer"]
    assert len(rows) == 9
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["table.csv"]


def test_a_table_is_written_into_folders_that_are_not_there_yet(run, tmp_path):
    table = tmp_path / "of" / "mine" / "table.csv"
    assert run({"a": {}}, [0], table=table) == Sweep.read(table)


def test_a_table_grows_by_a_row_for_each_finished_run(run, train, tmp_path):
    train.fail_at = 4
    with pytest.raises(RuntimeError, match="killed"):
        run()
    assert len(Sweep.read(tmp_path / "table.csv").rows) == 4
    train.fail_at = None
    assert len(run().rows) == 9
    assert len(train.trained) == 9


def test_a_table_stands_for_its_runs(run, train, tmp_path):
    first = run()
    again = run(directory=tmp_path / "empty")
    assert again == first
    assert len(train.trained) == 9
    # Another order, fewer labels and new names need no training either.
    renamed = run({"calm": CHANGES["some"]}, [2, 0], directory=tmp_path / "empty", table=None)
    assert len(train.trained) == 11
    table = tmp_path / "table.csv"
    assert renamed == run({"calm": CHANGES["some"]}, [2, 0], table=table, directory=tmp_path / "no")
    assert len(train.trained) == 11


def test_runs_stand_for_themselves_without_a_table(run, train):
    first = run(table=None)
    assert run(table=None) == first
    assert len(train.trained) == 9


def test_a_row_about_other_data_does_not_count(run, train, tmp_path):
    table = tmp_path / "table.csv"
    true = run(seeds=[0])
    stale = [{**row, "data_hash": "0" * 64, "test_accuracy": 0.0} for row in true.rows]
    Sweep(tuple(stale)).write(table)
    assert run(seeds=[0], directory=tmp_path / "empty") == true
    assert len(train.trained) == 6
    assert Sweep.read(table) == true


@pytest.mark.parametrize("version", [None, 1, NUMERICS_VERSION + 1])
def test_a_row_of_another_numerics_version_is_shown_and_not_reused(run, train, tmp_path, version):
    table = tmp_path / "table.csv"
    true = run(seeds=[0])
    others = [
        {**row, "seed": seed, "numerics_version": version, "test_accuracy": 0.1}
        for row in true.rows
        for seed in (0, 7)
    ]
    Sweep(tuple(others)).write(table)
    again = run(seeds=[0], directory=tmp_path / "empty")
    assert again == true
    assert again.remark == ""
    assert len(train.trained) == 6
    # What was not trained anew stays in the table.
    read = Sweep.read(table)
    assert {row["seed"]: row["test_accuracy"] for row in read.rows if row["label"] == "none"} == {
        0: 0.8, 7: 0.1,
    }  # fmt: skip
    assert "3 of 6 rows are older than numerics version" in read.remark


def test_a_table_without_numerics_versions_is_read_and_compared(tmp_path):
    """As those that were committed before there were any."""
    lines = [f"{label},{seed},0123,4567,0.{5 + seed}" for label in "ab" for seed in (0, 1)]
    header = "label,seed,fingerprint,data_hash,test_accuracy"
    (tmp_path / "table.csv").write_text("\n".join([header, *lines, ""]))
    read = Sweep.read(tmp_path / "table.csv")
    assert (read.remark, read.differences("a")[0]["n"]) == ("", 2)


def test_rows_of_different_numerics_versions_are_not_put_together():
    def rows(label, version, scores):
        return [
            {"label": label, "seed": seed, "test_accuracy": score, "numerics_version": version}
            for seed, score in scores.items()
        ]

    old = rows("a", None, {0: 0.1, 1: 0.2, 2: 0.3}) + rows("b", 1, {0: 0.4, 1: 0.5})
    result = Sweep((*old, *rows("a", 2, {3: 0.8, 4: 0.9}), *rows("c", 2, {3: 0.7, 4: 0.7})))
    a, b, c = result.summary()
    assert (a["n"], a["mean"]) == (2, pytest.approx(0.85))
    assert (b["n"], b["mean"]) == (2, pytest.approx(0.45))
    to_b, to_c = result.differences("a")
    assert to_b == {"label": "b", "n": 0, "mean": None, "standard_deviation": None, "low": None,
                    "high": None, "p_value": None, "holm_p_value": None}  # fmt: skip
    assert (to_c["n"], to_c["mean"]) == (2, pytest.approx(-0.15))
    assert result.remark == (
        "5 of 9 rows are older than numerics version 2: they are not compared with the others."
    )
    assert Sweep(tuple(old)).remark == ""


def test_a_row_of_a_recipe_that_has_changed_is_replaced_and_others_are_kept(run, train, tmp_path):
    run({"a": {}, "b": {"epochs": 2}}, [0])
    run({"a": {"epochs": 4}}, [0, 1])
    rows = Sweep.read(tmp_path / "table.csv").rows
    assert [(row["label"], row["seed"], row["epochs"]) for row in rows] == [
        ("a", 0, 4),
        ("b", 0, 2),
        ("a", 1, 4),
    ]


def test_overwrite_trains_again(run, train):
    run()
    run(overwrite=True)
    assert len(train.trained) == 18


def test_two_labels_of_the_same_recipe_share_their_runs(run, train):
    result = run({"a": {}, "b": {"epochs": 3}}, [0], overwrite=True)
    assert len(train.trained) == 1
    assert [row["label"] for row in result.rows] == ["a", "b"]


def test_a_list_of_changes_is_labelled_by_what_it_changes(run):
    changes = [{}, {"optimizer.momentum": 0.5, "epochs": 2}, {"optimizer": use("Adam")}]
    assert run(changes, [0], table=None).labels == [
        "unchanged",
        "optimizer.momentum=0.5, epochs=2",
        'optimizer={"use": "Adam"}',
    ]


@pytest.mark.parametrize(
    ("changes", "seeds", "error", "message"),
    [
        ({}, [0], ValueError, "`changes` must hold at least one"),
        ([], [0], ValueError, "`changes` must hold at least one"),
        ({"a": {}}, [], ValueError, "`seeds` must hold at least one seed, and each only once"),
        (
            {"a": {}},
            [0, 1, 0],
            ValueError,
            "`seeds` must hold at least one seed, and each only once",
        ),
        ({"a": {}}, [0, -1], ValueError, "`seeds` must be an integer of at least 0"),
        ({"a": {}}, [0.5], TypeError, "`seeds` must be an integer of at least 0"),
        ([{"epochs": 2}, {"epochs": 2}], [0], ValueError, "`changes` must differ"),
        ({"a": {"seed": 3}}, [0], ValueError, "Give seeds by `seeds`, not by `changes`"),
        ({"a": 3}, [0], TypeError, "must be a dictionary from dotted path to value"),
        ("epochs", [0], TypeError, "must be a dictionary from dotted path to value"),
        ({0.1: {}}, [0], ValueError, "the labels must be strings"),
        ({"a": {}, "b": {"optimiser": "Adam"}}, [0], ValueError, "Did you mean 'optimizer'?"),
        ({"a": {}, "b": {"epochs": 0}}, [0], ValueError, "`epochs` must be an integer"),
        ([{"epochs": object()}], [0], TypeError, "`epochs` must be plain data"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_trained(
    run, train, tmp_path, changes, seeds, error, message
):
    with pytest.raises(error) as caught:
        run(changes, seeds)
    assert message in str(caught.value)
    assert not train.trained
    assert not list(tmp_path.iterdir())


def test_a_change_that_does_not_fit_is_told_by_its_label(run):
    with pytest.raises(ValueError, match="no option 'rho'") as caught:
        run({"good": {}, "bad": {"optimizer.rho": 1}})
    assert caught.value.__notes__ == ["The changes with the label 'bad' cause this error."]


def test_a_file_that_is_no_table_of_a_sweep_is_refused_and_kept(run, train, tmp_path):
    other = "epoch,loss\n1,0.5\n"
    (tmp_path / "table.csv").write_text(other)
    with pytest.raises(ValueError, match="Every row of a sweep's table must have a 'label'"):
        run()
    assert (tmp_path / "table.csv").read_text() == other
    assert not train.trained


def _sweep(values):
    return Sweep(
        tuple(
            {"label": label, "seed": seed, "test_accuracy": value}
            for label, by_seed in values.items()
            for seed, value in by_seed.items()
        )
    )


def test_the_summary_is_students():
    sample = [0.91, 0.95, 0.9, 0.94, 0.93]
    (found,) = _sweep({"a": dict(enumerate(sample))}).summary()
    reference = stats.ttest_1samp(sample, 0).confidence_interval(0.95)
    assert (found["label"], found["n"]) == ("a", 5)
    np.testing.assert_allclose(found["mean"], np.mean(sample), rtol=1e-12)
    np.testing.assert_allclose(found["standard_deviation"], stats.tstd(sample), rtol=1e-12)
    np.testing.assert_allclose([found["low"], found["high"]], reference, rtol=1e-12)


def test_differences_are_paired_by_seed_whatever_the_order():
    a = {0: 0.90, 1: 0.80, 2: 0.85, 3: 0.70}
    b = {3: 0.73, 2: 0.86, 1: 0.84, 0: 0.92, 4: 0.1}
    (found,) = _sweep({"a": a, "b": b}).differences("a")
    reference = stats.ttest_rel([b[s] for s in a], list(a.values())).confidence_interval(0.95)
    assert (found["label"], found["n"]) == ("b", 4)
    np.testing.assert_allclose(found["mean"], 0.025, rtol=1e-12)
    np.testing.assert_allclose([found["low"], found["high"]], reference, rtol=1e-9)
    # Pairing is what it is about: the unpaired interval would hide the difference.
    unpaired = stats.ttest_ind([b[s] for s in a], list(a.values())).confidence_interval(0.95)
    assert unpaired.low < 0 < found["low"]


def test_what_so_few_runs_cannot_tell_is_none():
    single, none = _sweep({"a": {0: 0.9}, "b": {1: None}}).summary()
    assert single == {
        "label": "a", "n": 1, "mean": 0.9, "standard_deviation": None, "low": None, "high": None,
    }  # fmt: skip
    assert (none["n"], none["mean"], none["low"]) == (0, None, None)
    assert _sweep({"a": {0: 0.9}, "b": {1: 0.8}}).differences("a")[0]["n"] == 0


def test_equal_scores_have_the_interval_of_their_images():
    rows = [
        {"label": label, "seed": seed, "test_accuracy": score, "test_f1": score, "test_n": 100}
        for label, score in {"a": 0.9, "b": 0.91}.items()
        for seed in (0, 1)
    ]
    result = Sweep(tuple(rows))
    a, _ = result.summary()
    assert (a["mean"], a["standard_deviation"]) == (0.9, 0)
    low, high = wilson_interval(90, 100)
    assert a["high"] - a["low"] == pytest.approx((high - low) / np.sqrt(2))
    (b,) = result.differences("a")
    other_low, other_high = wilson_interval(91, 100)
    width = np.hypot(high - low, other_high - other_low) / np.sqrt(2)
    assert b["high"] - b["low"] == pytest.approx(width)
    assert b["low"] < 0 < b["mean"] == pytest.approx(0.01)
    assert b["p_value"] == b["holm_p_value"] > 0.5
    # How far another metric is from its true value, its images do not say so simply.
    (b,) = result.differences("a", "test_f1")
    assert (b["standard_deviation"], b["low"], b["high"], b["p_value"]) == (0, None, None, None)


def test_ten_variants_that_make_no_difference():
    draws, sweeps, plain, corrected = np.random.default_rng(0), 200, 0, 0
    for _ in range(sweeps):
        scores = draws.binomial(1000, 0.9, (11, 5)) / 1000
        rows = [
            {"label": str(label), "seed": seed, "test_accuracy": score, "test_n": 1000}
            for label, of_label in enumerate(scores)
            for seed, score in enumerate(of_label)
        ]
        found = Sweep(tuple(rows)).differences("0")
        plain += any(not row["low"] <= 0 <= row["high"] for row in found)
        corrected += any(row["holm_p_value"] < 0.05 for row in found)
        assert all(row["holm_p_value"] >= row["p_value"] for row in found)
    assert plain / sweeps > 0.2
    # At most 5%, and three standard errors.
    assert corrected / sweeps < 0.05 + 3 * np.sqrt(0.05 * 0.95 / sweeps)


def test_runs_on_different_data_are_not_paired():
    def rows(label, data_hash):
        return [
            {"label": label, "seed": seed, "test_accuracy": 0.9, "data_hash": data_hash}
            for seed in (0, 1)
        ]

    result = Sweep((*rows("a", "1" * 64), *rows("b", "2" * 64), *rows("c", "1" * 64)))
    with pytest.raises(ValueError, match="on the same data can be paired") as caught:
        result.differences("a")
    assert "'b' and 'a', whose data with seed 0" in str(caught.value)
    assert str(caught.value).endswith(f" {'2' * 12} and {'1' * 12}")
    (to_c,) = result.differences("a", labels=["c"])
    assert (to_c["label"], to_c["n"]) == ("c", 2)
    assert len(result.summary()) == 3
    with pytest.raises(ValueError, match="`labels` must be one of"):
        result.differences("a", labels=["d"])


def test_a_sweep_is_shown_as_a_table(run):
    result = run({"a": {}, "<b>": {"optimizer.momentum": 0.5}}, [0, 1], table=None)
    title, header, a, b = repr(result).splitlines()
    assert title == "Sweep: 4 runs, 2 labels."
    columns = ["label", "n", "validation accuracy, 95%", "test accuracy, 95%"]
    assert [header[header.index(column) :].startswith(column) for column in columns] == [True] * 4
    assert re.split(" {2,}", a) == ["a", "2", *["80.5% (74.1% to 86.9%)"] * 2]
    assert b.startswith("<b>    2  85.5% (79.1% to 91.9%)")
    shown = result._repr_html_()
    assert "Sweep: 4 runs, 2 labels." in shown
    assert "<tr><th>label</th>" in shown
    assert "<td>&lt;b&gt;</td><td>2</td><td>85.5% (79.1% to 91.9%)</td>" in shown
    assert repr(Sweep(())) == "Sweep: 0 runs, 0 labels."
    assert repr(Sweep(result.rows[:1])).startswith("Sweep: 1 run, 1 label.\n")


def test_an_unknown_label_or_metric_names_the_nearest(run, train):
    train.has_test = False
    result = run()
    assert "test_accuracy" not in result.metrics
    assert result.evaluation_split == "validation"
    assert result.summary("validation_loss")[0]["n"] == 3
    with pytest.raises(ValueError, match="Did you mean 'validation_accuracy'"):
        result.summary("validation_acuracy")
    with pytest.raises(ValueError, match="`metric` must be one of .*Received: metric='test_accu"):
        result.differences("none")
    with pytest.raises(ValueError, match="Did you mean 'some'"):
        result.differences("sone", "validation_loss")


def test_what_is_about_to_be_trained_is_told_and_what_a_table_stands_for_is_not(run, train):
    told = []

    def tell(variant, folder):
        told.append((variant.seed, len(train.trained), folder))

    run({"a": {}}, [0, 1], on_start=tell)
    assert told == [(0, 0, train.trained[0]), (1, 1, train.trained[1])]
    run({"a": {}}, [0, 1, 2], on_start=tell)
    assert [seed for seed, *_ in told[2:]] == [2]
