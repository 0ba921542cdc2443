"""The benchmark of the doctor: its trainings, its scores, and what the recordings show."""

import functools
import sys
from pathlib import Path

import numpy as np
import pytest

from kerasrecipes.diagnostics.findings.catalogue import KINDS
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def importable():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "diagnosis"]:
        del sys.modules[name]


def _run(name, faults=(), plausible=(), group=""):
    from diagnosis.trainings.runs import Run

    return Run(name, {}, faults=faults, plausible=plausible, group=group)


def _pairs(*rows):
    from diagnosis.judges import Verdict

    return [(_run(str(n), *facts), Verdict(ids, ids)) for n, (facts, ids) in enumerate(rows)]


def test_all_faults_of_programs_are_kinds():
    from diagnosis.trainings.programs import fixed_programs, programs

    found = programs()
    assert len(found) == len({run.name for run in found}) == 63
    for run in found:
        assert set(run.faults) | set(run.plausible) - {"healthy"} <= set(KINDS)
    assert [run.name for run in found if run.check_only] == ["so-61763616", "so-68321264"]
    assert sum(run.group == "weak" for run in found) == 6
    assert not any(run.faults for run in fixed_programs())


def test_every_kind_is_planted_or_listed():
    from diagnosis.trainings.planted import planted_runs
    from diagnosis.trainings.plants import NOT_PLANTED

    runs = list(planted_runs(is_scored=True))
    assert len(runs) == len({run.name for run in runs})
    planted = {kind for run in runs for kind in run.faults[:1]}
    assert planted | set(NOT_PLANTED) == set(KINDS)
    assert all(set(run.faults) | set(run.plausible) <= set(KINDS) for run in runs)
    assert all("healthy" not in run.faults for run in runs)


def test_no_training_is_in_both_parts():
    from diagnosis.trainings.healthy import healthy_runs
    from diagnosis.trainings.planted import planted_runs

    for runs in (planted_runs, healthy_runs):
        scored, tuning = ({run.name for run in runs(part)} for part in (True, False))
        assert scored
        assert tuning
        assert not scored & tuning
        assert not any("cifar10" in name for name in tuning)


def test_remedy_of_a_program_is_applied():
    from diagnosis.trainings.programs import fixed

    facts = {
        "data": {"make": "iris", "samples": 3},
        "layers": [
            {"type": "Dense", "units": 4, "activation": "linear", "init": {"normal": 1.0}},
            {"type": "Dropout", "rate": 0.5},
            {"type": "Dense", "units": 1, "activation": "softmax"},
        ],
        "loss": "binary_crossentropy",
        "epochs": 5,
        "fixed": {
            "output": {"activation": "sigmoid"},
            "hidden": "relu",
            "plain": True,
            "data": {"standardized": True},
            "epochs": 9,
        },
    }
    found = fixed(facts)
    assert found["layers"] == [
        {"type": "Dense", "units": 4, "activation": "relu"},
        {"type": "Dropout", "rate": 0.5},
        {"type": "Dense", "units": 1, "activation": "sigmoid"},
    ]
    assert found["data"] == {"make": "iris", "samples": 3, "standardized": True}
    assert found["epochs"] == 9
    assert found["loss"] == "binary_crossentropy"
    assert facts["layers"][0]["activation"] == "linear"


def test_a_training_is_built_of_its_facts_and_the_same_again():
    from diagnosis.trainings.bases import BASES, with_data
    from diagnosis.trainings.runs import Run

    base = with_data(BASES["digits", "mlp"], samples=20) | {"validation_samples": 10}
    model, arguments = Run("a", base, seed=3).built()
    again = Run("a", base, seed=3).built()[1]
    assert arguments["x"].shape == (20, 8, 8, 1)
    assert len(arguments["validation_data"][1]) == 10
    np.testing.assert_array_equal(arguments["x"], again["x"])
    assert [layer.name.partition("_")[0] for layer in model.layers] == ["flatten", *["dense"] * 3]
    assert model.optimizer.__class__.__name__ == "Adam"
    assert model.count_params() == 64 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10


@pytest.mark.parametrize(
    ("spoil", "changed"),
    [
        ("labels_from_one", {"y": [1, 2, 3, 4], "validation_y": [2, 1]}),
        ("labels_of_both_signs", {"y": [-1, 1, 3, 5], "validation_y": [1, -1]}),
        ("targets_at_5000", {"y": [5000, 5050, 5100, 5150], "validation_y": [5050, 5000]}),
        ("sorted_by_target", {}),
        (
            "inputs_to_1000",
            {"x": [[1000], [3000], [2000], [4000]], "validation_x": [[1000], [2000]]},
        ),
    ],
)
def test_data_are_spoiled(spoil, changed):
    from diagnosis.trainings.spoiling import SPOILERS, Split

    x, y = np.array([[0.0], [2.0], [1.0], [3.0]]), np.array([0, 1, 2, 3])
    split = Split(x, y, np.array([[0.0], [1.0]]), np.array([1, 0]))
    expected = split._asdict() | changed
    for name, value in SPOILERS[spoil](split, np.random.default_rng(0))._asdict().items():
        np.testing.assert_array_equal(value, expected[name])


def test_recall_is_of_kinds_with_three_programs():
    from diagnosis.scoring import false_findings, mean_recall, recalls, right

    judged = _pairs(
        ((("dying_relu",), ("overfitting",)), ("overfitting", "dying_relu")),
        ((("dying_relu", "data_leak"),), ("data_leak",)),
        ((("dying_relu",),), ("not_shuffled", "data_leak", "overfitting", "dying_relu")),
        ((("data_leak",),), ()),
    )
    assert {kind: (f.value, f.n) for kind, f in recalls(judged).items()} == {
        "dying_relu": (2 / 3, 3)
    }
    assert mean_recall(judged).value == pytest.approx(2 / 3)
    assert mean_recall(judged).n == 1
    assert right(judged, 1).value == 1 / 4
    assert right(judged, 3).value == 2 / 4
    assert right(judged).value == 3 / 4
    assert false_findings(judged).value == 3 / 4


def test_best_constants_are_right_most_often():
    from diagnosis.scoring import best_constants

    runs = [_run("a", ("overfitting", "dying_relu")), _run("b", ("dying_relu",))]
    runs += [_run("c", ("data_leak",)), _run("d", ("not_shuffled",)), _run("e", ("data_leak",))]
    assert set(best_constants(runs)) == {"dying_relu", "data_leak", "not_shuffled"}
    assert best_constants(runs)[0] != "not_shuffled"


def test_interval_of_clustered_runs_is_that_of_their_groups():
    from diagnosis.scoring import clustered

    alike = clustered([1.0] * 10 + [0.0] * 10, ["a"] * 10 + ["b"] * 10)
    assert (alike.value, alike.low, alike.high, alike.n) == (0.5, 0.0, 1.0, 20)
    apart = clustered([1.0] * 10 + [0.0] * 10, [str(n) for n in range(20)])
    assert apart.value == 0.5
    assert 0.2 < apart.low < 0.35 < 0.65 < apart.high < 0.8


def test_a_healthy_run_scores_near_the_best_and_does_not_get_worse():
    from diagnosis.scoring import Case, healthy

    def case(name, *losses):
        series = Series({"val_accuracy": [0.5, losses[0]], "val_loss": list(losses[1:])})
        return Case(_run(name, group="g"), Record(series=series))

    cases = [
        *(case(f"good {n}", 0.95, 0.3, 0.2) for n in range(10)),
        case("poor", 0.88, 0.3, 0.2),
        case("worse in the end", 0.95, 0.2, 0.3),
        case("not finite", None, 0.2, None),
    ]
    assert [each.run.name for each in healthy(cases)] == [f"good {n}" for n in range(10)]


def test_recordings_are_written_and_read_with_four_digits(tmp_path, monkeypatch):
    from diagnosis import recording

    monkeypatch.setattr(recording, "FOLDER", tmp_path)
    series = {
        "epochs": {"loss": [1.23456, 2]},
        "steps": {"loss": [1.23456, None], "step": [12345.0, 12346.0]},
    }
    rows = [{"name": "a", "record": {"series": series}}, {"name": "b", "error": "ValueError"}]
    recording.pack("part", rows)
    (name, record), *others = recording.recording("part").items()
    assert (name, others) == ("a", [])
    assert record.series.epochs == {"loss": [1.235, 2.0]}
    assert record.series.steps == {"loss": [1.23, None], "step": [12345.0, 12346.0]}
    assert recording.recording("another") == {}


def test_judges_name_known_kinds_of_an_empty_record():
    from diagnosis.judges import OTHERS, doctor, doctor_of_history

    record = Record(series=Series({"loss": [2.0, None], "val_loss": [2.0, None]}))
    for judge in (doctor, doctor_of_history, *OTHERS.values()):
        assert set(judge(record).ids) <= set(KINDS)
    assert "loss_not_finite" in doctor_of_history(record).alarms


def test_remedies_that_were_tried_are_not_tried_again(monkeypatch, tmp_path):
    from diagnosis import remedies
    from diagnosis.scoring import Case

    runs = [_run(f"a/b/c/{seed}") for seed in range(3)]
    asked = []

    def tried(cases):
        for case in cases:
            asked.append(case.run.name)
            yield remedies.Remedy(case.run.name, "overfitting", {"epochs": 2}, 1.0, 0.5)

    monkeypatch.setattr(remedies, "tried", tried)
    path = tmp_path / "remedies.json"
    for count in (1, 3):
        remedies.try_all([Case(run, Record()) for run in runs[:count]], path)
    assert asked == [run.name for run in runs]
    assert [remedy.name for remedy in remedies.read(path)] == asked


def test_a_remedy_is_that_of_the_first_finding_or_another_stands_above_it(monkeypatch):
    from diagnosis import remedies

    found = [
        Finding("not_shuffled", "", 0.9),
        Finding("overfitting", "", 0.5, changes={"epochs": 2}),
    ]
    monkeypatch.setattr(remedies, "findings_of", lambda first: found[first:])
    remedy = remedies.Remedy("a", "overfitting", {"epochs": 2}, 1.0, 0.5)
    assert [remedies.is_of_first(remedy, first) for first in (0, 1)] == [False, True]


def test_a_remedy_is_applied_and_compared_with_the_spread_over_seeds():
    from dataclasses import replace

    from diagnosis.remedies import Remedy, changed, worse_beyond_noise
    from diagnosis.scoring import Case

    facts = {"optimizer": {"name": "SGD", "learning_rate": 10.0}, "batch_size": 32}
    run = replace(_run("a/b/c/0"), facts=facts)
    again = changed(run, {"optimizer.learning_rate": 0.1, "batch_size": 8})
    assert again.facts == {"optimizer": {"name": "SGD", "learning_rate": 0.1}, "batch_size": 8}
    assert facts["optimizer"]["learning_rate"] == 10.0
    cases = [
        Case(_run(f"a/b/c/{seed}"), Record(series=Series({"val_loss": [loss]})))
        for seed, loss in enumerate((1.0, 1.2, 1.1))  # The standard deviation is 0.1.
    ]
    before_and_after = [(1.0, 1.19), (1.0, 1.21), (1.0, 0.9), (None, 5.0), (1.0, None)]
    remedies = [Remedy("a/b/c/0", "dying_relu", {}, *pair) for pair in before_and_after]
    assert worse_beyond_noise(remedies, cases) == [False, True, False, False, True]
    assert [remedy.is_better for remedy in remedies] == [False, False, True, True, False]


@functools.cache
def _cases(part):
    from diagnosis.tables import cases

    return cases(part)


def test_recorded_planted_faults_are_named():
    from diagnosis.judges import doctor
    from diagnosis.scoring import judgements, right

    judged = judgements(_cases("planted-scored"), doctor)
    assert len(judged) >= 500
    assert right(judged, 1).value >= 0.85
    assert right(judged, 3).value >= 0.95


def test_recorded_healthy_trainings_raise_no_alarm():
    from diagnosis.judges import doctor
    from diagnosis.scoring import clustered, healthy, judgements

    judged = judgements(healthy(_cases("healthy-scored")), doctor)
    alarms = [bool(verdict.alarms) for _, verdict in judged]
    found = clustered(alarms, [run.group for run, _ in judged])
    assert found.n >= 170
    assert found.value <= 0.03
    assert found.high <= 0.05


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_faults_of_recorded_programs_are_named(backend):
    from diagnosis.judges import constant, doctor
    from diagnosis.scoring import best_constants, false_findings, judgements, mean_recall

    sure = [case for case in _cases(f"programs-{backend}") if case.run.group != "weak"]
    assert len(sure) == 57
    faulty = [case for case in sure if case.run.faults]
    others = judgements(faulty, constant(best_constants([case.run for case in faulty])))
    judged = judgements(faulty, doctor)
    assert mean_recall(judged).value >= mean_recall(others).value + 0.15
    assert false_findings(judgements(sure, doctor)).value <= 0.5
