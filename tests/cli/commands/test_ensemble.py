"""`ensemble`, as a user types it, and the commands that take what it writes."""

import json
from pathlib import Path

import numpy as np
import pytest

from kerasrecipes import train, use
from kerasrecipes.cli import console
from kerasrecipes.training import find_runs
from tests.digits_run import RECIPE, digits_run, write_digits

RESTARTS = use("CosineDecayRestarts", initial_learning_rate=0.1, first_decay_epochs=1, t_mul=1.0)
SNAPSHOTS = RECIPE.replace(
    {"optimizer": use("SGD", learning_rate=RESTARTS), "callbacks": ["Snapshots"], "epochs": 3}
)


@pytest.fixture
def runs():
    return [str(digits_run().folder), str(digits_run(seed=1).folder)]


def test_it_writes_a_run_that_every_command_takes(runs, output):
    argv = ["ensemble", *runs, "--directory", "made", "--name", "both"]
    code, out, err = output(console, argv)
    assert (code, err) == (0, "")
    (made,) = find_runs("made")
    assert made.name.startswith("both-")
    table, (folder, score, report) = out.split("\n\n")[0], out.split("\n\n")[1].splitlines()
    rows = [line.split() for line in table.splitlines()]
    assert [row[0] for row in rows[1:]] == [Path(run).name for run in runs] + ["their"]
    assert [row[1] for row in rows[1:3]] == ["0.5", "0.5"]
    assert folder == str(made.folder.resolve())
    assert score.startswith(f"test accuracy {made.metrics['test']['accuracy']:.1%}")
    assert score.endswith("mean probabilities of 2 models")
    assert Path(report.removeprefix("report: ")).is_file()
    given = str(made.folder)
    for command in (["report"], ["evaluate"], ["show"]):
        assert output(console, [*command, given])[::2] == (0, "")
    _, compared, _ = output(console, ["compare", runs[0], given])
    assert "Ensemble" in compared
    assert "McNemar" in compared
    places = write_digits(Path("pictures"), 3)
    _, predicted, _ = output(console, ["predict", given, "pictures"])
    best = made.predictions["test_probabilities"].argmax(-1)
    named = {row.split()[0]: row.split()[1] for row in predicted.splitlines()[1:]}
    assert named == {str(path): str(best[place]) for path, place in places.items()}
    assert output(console, ["export", given, "--format", "keras"])[0] == 0
    assert output(console, argv)[0] == 0


def test_members_and_weights_are_checked(runs, output):
    code, _, err = output(console, ["ensemble", runs[0]])
    assert (code, "needs at least two runs" in err) == (2, True)
    code, _, err = output(console, ["ensemble", runs[0], runs[0]])
    assert (code, "must be given once" in err) == (2, True)
    assert output(console, ["ensemble", *runs, "--weights", "best"])[0] == 2


def test_chosen_weights_are_those_of_the_recipe(runs, output):
    code, out, _ = output(console, ["ensemble", *runs, "--weights", "fitted", "--directory", "."])
    (made,) = find_runs(".")
    assert code == 0
    weights = made.recipe.model.options.get("weights", (1.0,))
    assert np.sum(weights) == pytest.approx(1)


def test_seeds_of_a_training_become_one_run(output, tmp_path):
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps(digits_run().recipe.to_dict()))
    given = ["train", str(recipe), "--no-doctor"]
    code, _, err = output(console, [*given, "--ensemble", "--seeds", "0"])
    assert (code, "`--ensemble` needs `--seeds` with two seeds" in err) == (2, True)
    code, out, _ = output(console, [*given, "--seeds", "0", "1", "--ensemble", "--directory", "d"])
    assert code == 0
    runs = find_runs("d")
    (made,) = (run for run in runs if run.recipe.model.name == "Ensemble")
    members = [run for run in runs if run.folder != made.folder]
    assert len(members) == 2
    assert made.name.startswith("recipe-ensemble")
    assert f"{made.folder.resolve()}: their mean probabilities" in out
    assert f"test accuracy {made.metrics['test']['accuracy']:.1%}" in out
    logits = [np.log(run.predictions["test_probabilities"]) for run in members]
    np.testing.assert_allclose(
        made.predictions["test_probabilities"], np.exp(logits).mean(axis=0), atol=1e-6
    )


def test_one_run_gives_its_snapshots(output, tmp_path):
    run = train(SNAPSHOTS, directory=tmp_path, verbose=0)
    given = ["ensemble", str(run.folder), "--directory", "made"]
    code, out, err = output(console, [*given, "--last", "2"])
    assert (code, err) == (0, "")
    (made,) = find_runs("made")
    assert made.name.startswith("snapshots-")
    rows = [line.split()[0] for line in out.split("\n\n")[0].splitlines()]
    assert rows == ["run", *(s.path.name for s in run.snapshots[-2:]), "their"]
    assert output(console, ["evaluate", str(made.folder)])[::2] == (0, "")
    code, _, err = output(console, ["ensemble", str(digits_run().folder)])
    assert (code, "or one that has kept snapshots" in err) == (2, True)
    two = [str(run.folder), str(digits_run().folder)]
    code, _, err = output(console, ["ensemble", *two, "--last", "2"])
    assert (code, "`--last` counts the snapshots of a single run" in err) == (2, True)
