import json
import os
import shutil
from pathlib import Path

import pytest

import kerasrecipes
from kerasrecipes.cli import console, main
from kerasrecipes.training.numerics import NUMERICS_VERSION


def _trained(train):
    return [json.loads((folder / "recipe.json").read_text()) for folder in train.trained]


def test_a_script_trains_when_nothing_else_is_said(recipe, train, output):
    code, out, err = output(main, recipe, None, [])
    data_hash = recipe.data.build("data").load().hash
    folder = f"saved_models/my_script-{recipe.fingerprint}-{data_hash[:8]}-v{NUMERICS_VERSION}"
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"{os.path.realpath(folder)}: training",
        "test accuracy 89.0% (95% interval 84.0% to 94.0%, n = 100), "
        "weights of epoch 2 of 3, chosen by val_accuracy",
        f"report: {folder}/report.html",
    ]
    assert [str(f) for f in train.trained] == [folder]


def test_a_finished_run_is_shown_instead_of_trained(recipe, train, output):
    output(main, recipe, None, [])
    code, out, _ = output(main, recipe, None, ["train"])
    assert (code, len(train.trained)) == (0, 1)
    assert out.splitlines()[0] == (
        f"{train.trained[0].resolve()}: trained before; "
        "--seed and --name train another run, --overwrite replaces this one"
    )
    assert "test accuracy 89.0%" in out
    assert "report.html" in out
    _, out, _ = output(main, recipe, None, ["--overwrite"])
    assert len(train.trained) == 2
    assert "trained before" not in out


def test_an_unfinished_run_says_where_it_goes_on(recipe, train, output, folder_of):
    folder = folder_of(recipe)
    train.write(folder, "recipe.json", recipe.to_dict())
    (folder / "history.csv").write_text("epoch,loss\n1,0.5\n2,0.4\n")
    assert output(main, recipe, None, [])[1].startswith(
        f"{folder.resolve()}: going on after epoch 2\n"
    )


def test_a_renamed_run_is_told_to_its_script(recipe, train, output):
    output(main, recipe, None, [])
    train.trained[0].rename("saved_models/best")
    train.write(Path("saved_models/broken"), "recipe.json", "x")
    code, _, err = output(main, recipe, None, [])
    assert (code, err) == (
        0,
        "note: saved_models/best is not reused: its folder was renamed, and `kerasrecipes train "
        "saved_models/best` takes it\n",
    )


def test_runs_that_do_not_stand_for_a_recipe_are_told_and_kept(recipe, train, output, folder_of):
    output(main, recipe, None, [])
    (current,) = train.trained
    old = current.rename(current.with_name(f"my_script-{recipe.fingerprint}"))
    environment = json.loads((old / "environment.json").read_text())
    del environment["numerics_version"]
    train.write(old, "environment.json", environment)
    code, out, _ = output(main, recipe, None, ["report"])
    assert code == 0
    assert out.startswith(f"{old} (numerics version 1, now {NUMERICS_VERSION}: ")
    code, out, err = output(main, recipe, None, [])
    assert (code, train.trained[1:]) == (0, [current])
    assert out.startswith(f"{current.resolve()}: training\n")
    assert err == (
        f"note: {old} is not reused (numerics version 1, now {NUMERICS_VERSION}: "
        "its recipe trains anew)\n"
    )
    shown = output(main, recipe, None, ["show"])[1].splitlines()[-2:]
    assert [line.split(" (")[0] for line in shown] == [str(old), str(current)]
    # The new one is the one to report on, unless there is a second one, on other data.
    assert output(main, recipe, None, ["report"])[1].startswith(f"{current}\n")
    other = current.with_name(f"my_script-{recipe.fingerprint}-00000000-v{NUMERICS_VERSION}")
    shutil.copytree(current, other)
    code, _, err = output(main, recipe, None, ["report"])
    assert code == 2
    assert f"`kerasrecipes report {current}`" in err
    assert f"`kerasrecipes report {other}`" in err
    for folder in (current, other, old):
        code, out, _ = output(console, ["report", str(folder)])
        assert (code, out.split()[0]) == (0, str(folder))


def test_a_run_that_another_working_directory_has_is_told(
    recipe, train, output, tmp_path, monkeypatch
):
    output(main, recipe, None, [])
    (run,) = train.trained
    there = tmp_path / run
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    _, out, err = output(main, recipe, None, [])
    assert out.startswith(f"{tmp_path.resolve()}/below/{run}: training\n")
    assert err == (
        f"note: a run of this recipe is in {there}; --directory {there.parent} finds it\n"
    )


def test_a_report_from_before_the_end_is_written_again(recipe, train, output, folder_of):
    folder = folder_of(recipe)
    train.write(folder, "recipe.json", recipe.to_dict())
    output(main, recipe, None, ["report"])
    os.utime(folder / "report.html", (0, 0))
    output(main, recipe, None, [])
    assert (folder / "report.html").read_text() == "True"
    assert (folder / "report.html").stat().st_mtime > 0


def test_a_run_without_test_images_is_scored_on_validation(recipe, train, output):
    train.has_test = False
    _, out, _ = output(main, recipe.replace({"monitor": None}), None, [])
    assert "validation accuracy 89.0% (95% interval 84.0% to 94.0%, n = 50), weights of ep" in out
    assert "chosen by" not in out


def test_options_change_the_recipe(recipe, train, output):
    argv = ["--set", "optimizer.momentum=0.5", "--set", "model.activation=gelu", "--epochs", "7"]
    code, out, _ = output(main, recipe, None, [*argv, "--seed", "4", "--directory", "runs"])
    (trained,) = _trained(train)
    assert code == 0
    assert trained["optimizer"]["momentum"] == 0.5
    assert trained["model"]["activation"] == "gelu"
    assert (trained["epochs"], trained["seed"]) == (7, 4)
    assert train.trained[0].parent.name == "runs"


def test_a_swap_says_what_it_leaves_behind(recipe, train, output):
    _, _, err = output(main, recipe, None, ["--set", "optimizer=Adam", "--set", "epochs=2"])
    assert err == "note: no longer set: optimizer.learning_rate, optimizer.momentum\n"
    assert _trained(train)[0]["optimizer"] == {"use": "Adam"}
    highest = recipe.replace({"monitor": "val_gap", "mode": "max"})
    _, _, err = output(main, highest, None, ["--set", "monitor=val_loss"])
    assert err == "note: no longer set: mode\n"
    assert (_trained(train)[1]["monitor"], _trained(train)[1]["mode"]) == ("val_loss", "auto")


def test_a_swap_does_not_call_gone_what_it_has_set(recipe, train, output):
    recipe = recipe.replace({"preprocessing": [], "class_weight": None})
    scaled = 'preprocessing=[{"use": "Rescaling", "scale": 2}]'
    argv = ["--set", scaled, "--set", 'class_weight={"0": 2.0}']
    assert output(main, recipe, None, argv)[2] == ""
    assert _trained(train)[0]["preprocessing"] == [{"use": "Rescaling", "scale": 2}]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["trian"], "There is no command 'trian'. Did you mean 'train'? Commands: train, show"),
        (["--set", "optimiser=Adam"], "Did you mean 'optimizer'?"),
        (["--set", "optimizer.momentun=1"], "SGD has no option 'momentun'. Did you mean 'momentum"),
        (["--set", "optimizer=Adamm"], "Did you mean 'Adam'?"),
        (["--set", "epochs"], "`--set` must be given path=value. Received: --set epochs"),
        (["--set", "=3"], "`--set` must be given path=value."),
        (["--set", "epochs=3", "--set", "epochs=4"], "`epochs` is set twice: to 3 and to 4."),
        (["--set", "epochs=3", "--epochs", "4"], "`epochs` is set twice"),
        (["--set", "optimizer.momentum={1}"], "`momentum` must be plain data"),
        (["--set", "optimizer.momentum=NaN"], "`momentum` must be finite"),
        (["--epochs", "0"], "`epochs` must be an integer of at least 1"),
        (["--seed", "1", "--seeds", "1", "2"], "Give `--seed` or `--seeds`, not both."),
        (["--seeds", "1", "1"], "`seeds` must hold at least one seed, and each only once"),
        (["--seeds", "-1"], "`seeds` must be an integer of at least 0"),
        (["report"], "This recipe has no run to report on: train it first."),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(recipe, train, output, argv, message):
    code, out, err = output(main, recipe, None, argv)
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert message in err
    assert not train.trained


def test_debug_shows_the_traceback_too(recipe, train, output):
    code, _, err = output(main, recipe, None, ["train", "--debug", "--set", "optimiser=Adam"])
    assert code == 2
    assert err.startswith("Traceback (most recent call last):")
    assert err.splitlines()[-1].startswith("error: There is no 'optimiser' in a recipe.")


@pytest.mark.parametrize("argv", [["--epochs", "x"], ["--sede", "1"], ["show", "--overwrite"]])
def test_what_argparse_refuses_has_exit_code_2(recipe, train, output, argv):
    code, _, err = output(main, recipe, None, argv)
    assert code == 2
    assert "my_script.py" in err
    assert not train.trained


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(28, "No space left on device", "a/b"), "No space left on device: a/b"),
        (BlockingIOError("Process 7 is at work"), "Process 7 is at work"),
        (ValueError("first line\n  second line\n"), "first line second line"),
        (ModuleNotFoundError("No module named 'jax'"), "No module named 'jax'"),
        (TypeError(), "TypeError"),
    ],
)
def test_what_goes_wrong_in_training_is_one_line(recipe, train, output, error, line):
    train.fail_at, train.error = 0, error
    code, _, err = output(main, recipe, None, [])
    assert (code, err) == (2, f"error: {line}\n")


def test_a_bug_keeps_its_traceback(recipe, train):
    train.fail_at, train.error = 0, ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        main(recipe, None, [])


def test_ctrl_c_says_how_to_go_on(recipe, train, output):
    train.fail_at, train.error = 0, KeyboardInterrupt()
    code, _, err = output(main, recipe, None, [])
    assert code == 130
    assert err.strip() == "Stopped. The same command goes on from its last checkpoint."


def test_several_seeds_show_their_mean_and_interval(recipe, train, output):
    code, out, _ = output(main, recipe, None, ["--seeds", "0", "1", "2"])
    *started, header, row_0, row_1, row_2, mean = out.splitlines()
    rows = [row_0, row_1, row_2]
    assert code == 0
    assert started == [f"{folder.resolve()}: training" for folder in train.trained]
    assert " ".join(header.split()) == "seed epoch validation test n time fingerprint"
    assert [row.split()[:5] for row in rows] == [
        ["0", "2", "89.0%", "89.0%", "100"],
        ["1", "2", "90.0%", "90.0%", "100"],
        ["2", "2", "91.0%", "91.0%", "100"],
    ]
    # 0.90 +- 4.3027 * 0.01 / sqrt(3)
    assert mean == "mean test accuracy 90.0% (95% interval 87.5% to 92.5%) over 3 seeds"
    assert all((folder / "report.html").exists() for folder in train.trained)
    # They are the same runs as those of --seed.
    assert "trained before" in output(main, recipe, None, ["--seed", "1"])[1]
    assert len(train.trained) == 3


def test_one_seed_has_no_interval_and_no_test_split_no_test_score(recipe, train, output):
    train.has_test = False
    *_, mean = output(main, recipe, None, ["--seeds", "1"])[1].splitlines()
    assert mean == "mean validation accuracy 90.0% over 1 seed"


def test_a_report_is_written_again(recipe, train, output):
    output(main, recipe, None, [])
    report = train.trained[0] / "report.html"
    assert report.read_text() == "False"
    code, out, _ = output(main, recipe, None, ["report"])
    assert (code, report.read_text()) == (0, "True")
    assert out.splitlines()[0] == str(train.trained[0])
    assert out.splitlines()[-1] == f"report: {report}"
    (train.trained[0] / "metrics.json").unlink()
    assert "The run is not finished: 3 of 3 epochs." in output(main, recipe, None, ["report"])[1]


def test_show_tells_values_and_what_they_come_to(recipe, output, folder_of):
    space = {"optimizer.momentum": "uniform(0, 1)", "optimizer.weight_decay": "log_uniform(1, 2)"}
    code, out, _ = output(main, recipe, space, ["show", "--set", "batch_size=100"])
    lines = [line.split(maxsplit=1) for line in out.splitlines() if line]
    shown = dict(line for line in lines if len(line) == 2)
    assert code == 0
    assert shown["optimizer.learning_rate"] == "0.1"
    assert shown["optimizer.momentum"].split(maxsplit=1) == ["0.9", "uniform(0, 1)"]
    assert shown["optimizer.weight_decay"] == "log_uniform(1, 2)"
    assert shown["batch_size"] == "100"
    assert shown["images"] == "1,259 train, 179 validation, 359 test"
    assert shown["parameters"] == f"{64 * 8 + 8 + 8 * 10 + 10} trainable, 610 in all"
    assert shown["steps"] == "13 an epoch, 39 in all"
    assert shown["optimizer"].startswith("SGD(")
    assert shown["loss"].startswith("SparseCategoricalCrossentropy(")
    assert "from_logits=True" in shown["loss"]
    assert shown["metrics"] == "accuracy"
    assert shown["monitor"] == "highest val_accuracy"
    changed = recipe.replace({"batch_size": 100})
    assert shown["fingerprint"] == changed.fingerprint
    assert out.splitlines()[-1] == f"{folder_of(changed)} (not there yet)"
    assert not os.path.exists("saved_models")


def test_a_recipe_is_really_trained_and_reported(recipe, output, folder_of):
    argv = ["--epochs", "1", "--directory", "runs"]
    code, out, err = output(main, recipe, None, argv)
    assert (code, err) == (0, "")
    run = kerasrecipes.load(folder_of(recipe.replace({"epochs": 1}), "runs"))
    score = f"test accuracy {100 * run.metrics['test']['accuracy']:.1f}%"
    assert f"\n{score}" in out
    assert "n = 359" in out
    assert f"chosen by val_accuracy\n{run.diagnosis.verdict()}\nreport: " in out
    assert (run.folder / "report.html").stat().st_size > 10_000
    code, out, _ = output(main, recipe, None, argv)
    assert code == 0
    assert out.startswith(f"{run.folder.resolve()}: trained before")
    assert "1/1" in output(console, ["runs", "runs"])[1]


def test_a_diverged_run_ends_with_exit_code_3(recipe, output):
    argv = ["--set", "optimizer.learning_rate=1e30", "--epochs", "2", "--directory", "runs"]
    argv.append("--no-doctor")
    for _ in range(2):  # It is trained once, and then shown.
        code, out, err = output(main, recipe, None, argv)
        assert code == 3
        assert err.startswith("error: The loss was not finite at epoch 1, step ")
        assert err.count("\n") == 1
        assert "the weights kept are the initial ones" in err
        assert "n = 359), initial weights" in out
    assert "The loss diverged at epoch 1." in (Path(out.split("report: ")[1].strip())).read_text()
    assert output(main, recipe, None, [*argv, "--seeds", "0", "1"])[0] == 3
    assert not list(Path("runs").glob("*/findings.json"))
