"""`train --heal`: every step is told, and the best run is shown at the end."""

from types import SimpleNamespace

import numpy as np
import pytest

from kerasrecipes.cli import main
from kerasrecipes.cli.trainings.remedies import healed
from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.runs import healing


@pytest.fixture(autouse=True)
def _findings(monkeypatch):
    """Three changes; `FakeTrain` scores momentum by a tenth and the seed by a hundredth."""
    changes = ({"optimizer.momentum": 0.1}, {"seed": 1}, {"seed": 8})
    found = tuple(Finding("wrong_optimizer", "", 0.5, changes=change) for change in changes)
    monkeypatch.setattr(healing, "diagnosed", lambda record: Diagnosis(found))


def test_every_step_is_told(recipe, output, train):
    code, out, err = output(main, recipe, None, ["train", "--heal", "5"])
    assert (code, err) == (0, "")
    told = [line for line in out.splitlines() if "training" not in line]
    assert told[0].startswith("test accuracy 89.0% ")
    said = "remedy: Another optimizer would do better: --set"
    assert told[1:10] == [
        f"{said} optimizer.momentum=0.1",
        "validation accuracy 89.0% before, 81.0% with it: left again",
        f"{said} seed=1",
        "validation accuracy 89.0% before, 90.0% with it: left again, as it may be luck",
        f"{said} seed=8",
        "validation accuracy 89.0% before, 97.0% with it: kept",
        f"{said} optimizer.momentum=0.1",
        "validation accuracy 97.0% before, 89.0% with it: left again",
        "no further remedy is a change of the recipe",
    ]
    assert told[10] == "healed by: --set seed=8"
    assert told[11].startswith("test accuracy 97.0% ")
    assert len(train.trained) == 5
    assert told[12] == f"report: {train.trained[3] / 'report.html'}"


def test_the_loss_is_told_where_it_decides(recipe, monkeypatch, capsys):
    """All answers of a run that hardly trains are one class, with and without the remedy."""
    labels = np.arange(40) % 2
    runs = [
        SimpleNamespace(
            recipe=recipe,
            metrics={"validation": {"accuracy": 0.5, "n": 40}},
            predictions={"validation_labels": labels, "validation_probabilities": sure[labels]},
        )
        for sure in (np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([[0.6, 0.4], [0.6, 0.4]]))
    ]
    remedy = SimpleNamespace(changes={"epochs": 9})
    attempts = [healing.Attempt(remedy, *runs)]
    monkeypatch.setattr(healing, "heal", lambda *_: iter(attempts))
    assert healed(runs[0], 1, None) is runs[1]
    told = capsys.readouterr().out.splitlines()[0]
    assert told == "validation log loss 1.204 before, 0.7136 with it: kept"


def test_where_nothing_helps_the_first_run_is_shown(recipe, output, train):
    code, out, _ = output(main, recipe, None, ["train", "--heal", "1"])
    assert code == 0
    assert "no remedy helped\ntest accuracy 89.0% " in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--heal", "0"], "`--heal` must be an integer of at least 1."),
        (["--heal", "1", "--no-doctor"], "Give `--heal` or `--no-doctor`, not both."),
        (["--heal", "1", "--seeds", "1", "2"], "Give `--heal` or `--seeds`, not both."),
    ],
)
def test_bad_input_is_one_line(recipe, output, train, options, message):
    code, out, err = output(main, recipe, None, ["train", *options])
    assert (code, out) == (2, "")
    assert message in err
    assert not train.trained
