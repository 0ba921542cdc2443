"""Commands on runs whose files are cut, and on run folders that were renamed or moved."""

import os
import shutil
from pathlib import Path

import pytest

from kerasrecipes.cli import console, main
from kerasrecipes.training.run import Run
from tests.digits_run import RECIPE, digits_run, write_digits


@pytest.fixture
def run():
    """A copy of a finished run in `saved_models`, which a test may damage."""
    folder = Path("saved_models", digits_run().name)
    return str(shutil.copytree(digits_run().folder, folder))


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("metrics.json", ["compare", "report", "train"]),
        ("data.json", ["evaluate", "predict", "export", "report", "train"]),
        ("environment.json", ["report", "train"]),
        ("predictions.npz", ["evaluate", "report"]),
        ("examples.npz", ["report"]),
        (
            "recipe.json",
            ["evaluate --data Digits", "predict", "compare", "report", "train", "show"],
        ),
        ("model.keras", ["predict", "export", "evaluate --data Digits"]),
    ],
)
def test_every_command_names_the_damaged_file_and_the_way_out(name, commands, run, output):
    write_digits(Path("pictures"), 1)
    cut(Path(run, name))
    for command in commands:
        first, *options = command.split()
        options += {
            "predict": ["pictures"],
            "compare": [str(digits_run(seed=1).folder)],
            "export": ["--format", "savedmodel"],
        }.get(first, [])
        code, _, err = output(console, [first, run, *options])
        assert (code, err.count("\n")) == (2, 1), command
        assert f"{run}/{name} " in err
        assert "Put back a copy of it" in err


def test_half_a_history_stops_nothing_and_is_told(run, output):
    cut(Path(run, "history.csv"))
    code, out, err = output(console, ["report", run])
    assert code == 0
    assert err.startswith(f"note: {run}/history.csv cannot be read: ")
    epoch = digits_run().metrics["epoch"]
    assert f"weights of epoch {epoch}, chosen by val_accuracy" in out
    code, out, _ = output(console, ["compare", run, str(digits_run(seed=1).folder)])
    assert code == 0
    assert output(console, ["train", run])[0] == 0
    assert output(console, ["evaluate", run])[0] == 0


@pytest.mark.parametrize("name", ["data.json", "predictions.npz"])
def test_compare_shows_what_can_be_read(name, run, output):
    cut(Path(run, name))
    code, out, _ = output(console, ["compare", run, str(digits_run(seed=1).folder)])
    assert code == 0
    assert f"No test of {digits_run(seed=1).name} against {Path(run).name}: {run}/{name} " in out
    assert "Put back a copy of it" in out


def test_a_damaged_run_is_listed_beside_the_others(run, output):
    shutil.copytree(run, "saved_models/copy")
    cut(Path("saved_models/copy/metrics.json"))
    code, out, err = output(console, ["runs"])
    rows = [line.split() for line in out.splitlines()]
    assert code == 0
    assert rows[1] == ["copy", "damaged"]
    assert rows[2][3] == "finished"
    assert err.startswith("note: saved_models/copy/metrics.json cannot be read: ")


@pytest.mark.parametrize("place", ["saved_models/best", "elsewhere/best-0", "elsewhere/RUN"])
def test_a_run_folder_is_the_same_run_under_any_name(run, output, place):
    folder = place.replace("RUN", Path(run).name)
    Path(folder).parent.mkdir(exist_ok=True)
    shutil.move(run, folder)
    before = {path: path.stat().st_mtime_ns for path in Path(folder).iterdir()}
    for path in (folder, f"{folder}/recipe.json"):
        code, out, err = output(console, ["train", path])
        assert (code, err) == (0, "")
        assert out.startswith(f"{os.path.realpath(folder)}: trained before; ")
        code, out, _ = output(console, ["report", path])
        assert out.startswith(f"{folder}\n")
        assert out.endswith(f"report: {folder}/report.html\n")
        _, out, _ = output(console, ["show", path])
        assert out.splitlines()[-1] == f"{folder} (finished)"
    after = {path: path.stat().st_mtime_ns for path in Path(folder).iterdir()}
    assert after.keys() - before == {
        Path(folder, "report.html"),
        Path(folder, "explanations.npz"),
    }
    assert {path: after[path] for path in before} == before
    assert output(console, ["evaluate", folder])[0] == 0
    assert [path.name for path in Path(folder).parent.iterdir()] == [Path(folder).name]


def test_a_renamed_run_that_was_stopped_goes_on_in_its_folder(run, output):
    shutil.move(run, "best")
    for name in ("metrics.json", "model.keras", "predictions.npz"):
        Path("best", name).unlink()
    code, out, _ = output(console, ["train", "best"])
    assert code == 0
    assert out.startswith(f"{Path('best').resolve()}: going on after epoch 2\n")
    assert Run("best").metrics == digits_run().metrics
    assert not list(Path("saved_models").iterdir())


def test_what_is_changed_or_named_otherwise_is_another_run(run, output):
    shutil.move(run, "best")
    argv = ["train", "best", "--epochs", "1"]
    fingerprint = RECIPE.replace({"epochs": 1}).fingerprint
    assert output(console, argv)[1].startswith(f"{Path.cwd().resolve()}/best-{fingerprint}-")
    _, _, err = output(console, ["report", "best", "--name", "other"])
    assert "This recipe has no run to report on" in err
    code, _, err = output(main, RECIPE, None, ["report"])
    assert (code, "This recipe has no run to report on" in err) == (2, True)


def test_images_of_the_training_are_told(run, output):
    sizes = digits_run().data["sizes"]
    for split, told in (
        ("train", f"note: the run was trained on {sizes['train']:,} of these {sizes['train']:,}"),
        ("validation", f"note: {sizes['validation']} are validation images, which chose its epoch"),
    ):
        _, _, err = output(console, ["evaluate", run, "--data", "Digits", "--split", split])
        assert err.startswith(told)
        assert err.endswith(": this is no score on new images\n")
    assert output(console, ["evaluate", run, "--data", "Digits"])[2] == ""
    write_digits(Path("pictures"), 3)
    assert output(console, ["evaluate", run, "--data", "pictures"])[2] == ""
