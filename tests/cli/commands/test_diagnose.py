"""`diagnose`: of runs through both doors, and of what other programs have logged."""

import io
import json
import math

import pytest

from kerasrecipes.cli import console, main
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.training.diagnosing import diagnosed, write_diagnosis

FALLING = [2.3 * math.exp(-epoch / 5) for epoch in range(30)]
RISING = [0.5 + (epoch / 20 - 0.5) ** 2 for epoch in range(30)]
OVERFITTED = "The validation loss was least in epoch 11, 0.5,"


@pytest.fixture(autouse=True)
def _history(tmp_path):
    rows = [f"{e},{a},{b}\n" for e, (a, b) in enumerate(zip(FALLING, RISING, strict=True))]
    (tmp_path / "log.csv").write_text("epoch,loss,val_loss\n" + "".join(rows))
    (tmp_path / "log.json").write_text(json.dumps({"loss": FALLING, "val_loss": RISING}))


@pytest.mark.parametrize("given", ["log.csv", "log.json"])
def test_a_log_is_diagnosed(output, given):
    code, out, err = output(console, ["diagnose", given])
    assert (code, err) == (1, "")
    assert out.startswith(f"warning: {OVERFITTED}")
    assert "(overfitting, " in out


def test_text_is_piped_in(output, monkeypatch):
    lines = [
        f"Epoch {e}/30\n40/40 - 1s - loss: {a:.4f} - val_loss: {b:.4f}\n"
        for e, (a, b) in enumerate(zip(FALLING, RISING, strict=True), start=1)
    ]
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(lines)))
    code, out, _ = output(console, ["diagnose", "-"])
    assert code == 1
    assert "(overfitting, " in out


def test_what_is_known_of_can_be_left_out(output):
    code, out, _ = output(console, ["diagnose", "log.csv", "--ignore", "overfitting"])
    assert "overfitting" not in out
    assert code == (1 if "warning: " in out else 0)


def test_a_page_is_written(output, tmp_path):
    code, out, _ = output(console, ["diagnose", "log.csv", "--report", "doctor.html"])
    assert code == 1
    assert out.endswith("report: doctor.html\n")
    assert "<svg" in (tmp_path / "doctor.html").read_text()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["nothing.csv"], "where there is nothing"),
        (["log.csv", "--ignore", "overfiting"], "Did you mean 'overfitting'?"),
        (["log.csv", "--report", "doctor.pdf"], "the suffix of --report` must be one of"),
        (["log.csv", "--report", "there/doctor.html"], "must be in a folder that is there"),
        (["log.csv", "--epochs", "3"], "Options are for a recipe, and 'log.csv' is none."),
    ],
)
def test_bad_input_is_one_line(output, argv, message):
    code, out, err = output(console, ["diagnose", *argv])
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_the_run_of_a_recipe_is_diagnosed_through_both_doors(recipe, output, train, tmp_path):
    code, out, err = output(main, recipe, None, ["diagnose"])
    assert (code, out) == (2, "")
    assert "no run to diagnose" in err
    run = train(recipe)
    run.folder.joinpath("history.csv").write_text((tmp_path / "log.csv").read_text())
    series = Series({"loss": FALLING, "val_loss": RISING})
    write_diagnosis(run.folder, Record(series=series, recipe=recipe.to_dict()))
    name = f"my_script-{recipe.fingerprint}"
    run.folder.rename(run.folder.with_name(run.folder.name.replace("run-", "my_script-")))
    (folder,) = (tmp_path / "saved_models").glob(f"{name}-*")
    ways = [(main, (recipe, None, ["diagnose"])), (console, (["diagnose", str(folder)],))]
    printed = [output(way, *arguments) for way, arguments in ways]
    assert [code for code, _, _ in printed] == [1, 1]
    said = [out.split("\n", 1)[1] for _, out, _ in printed]
    assert said[0] == said[1] == f"{diagnosed(Record(series=series, recipe=recipe.to_dict()))}\n"
