"""`train --further-epochs`, and what `--epochs` says of a finished run."""

import shutil
from pathlib import Path

import pytest

from kerasrecipes import Run, load, use
from kerasrecipes.cli import console, main
from tests.digits_run import RECIPE, digits_run

SGD = use("SGD", learning_rate=0.1)
ONE_CYCLE = use("OneCycle", peak_learning_rate=1.0)


@pytest.fixture
def run():
    """A copy of a finished run of 2 epochs, in `saved_models`."""
    folder = Path("saved_models", digits_run().name)
    return Run(shutil.copytree(digits_run().folder, folder))


def other_runs(run):
    return [path for path in run.folder.parent.iterdir() if path.name != run.name]


def test_a_finished_run_goes_on_as_another_run(run, output):
    command = ["train", str(run.folder), "--further-epochs", "1", "--no-doctor"]
    code, out, err = output(console, command)
    assert (code, err) == (0, "")
    assert out.startswith(
        f"{run.folder}: 1 more epoch after its 2, with its last weights and its optimizer's state; "
        "its learning rate goes on\n"
    )
    (folder,) = other_runs(run)
    new = load(folder)
    assert [row["epoch"] for row in new.history] == [1, 2, 3]
    assert new.recipe.start == run.recipe
    assert new.history[:2] == run.history
    code, out, _ = output(console, command)  # Once trained, it is shown.
    assert (code, "trained before" in out) == (0, True)
    code, out, _ = output(console, ["train", str(folder), "--no-doctor"])
    assert (code, "trained before" in out) == (0, True)


@pytest.mark.parametrize(
    ("optimizer", "schedule", "changed", "said"),
    [
        (
            use("SGD", learning_rate=use("CosineDecay", initial_learning_rate=0.1)),
            [],
            {"optimizer.learning_rate.schedules.1": "CosineDecay"},
            "its schedule begins anew",
        ),
        (
            use("Lookahead", optimizer=use("SGD", learning_rate=ONE_CYCLE)),
            ["--schedule", "0.5"],
            {"optimizer.optimizer.learning_rate.schedules": ["OneCycle", 0.5]},
            "learning rate 0.5",
        ),
        (SGD, ["--schedule", "0.5"], {"optimizer.learning_rate": 0.5}, "learning rate 0.5"),
        (
            use("SGD", learning_rate=use("CosineDecay", initial_learning_rate=0.1)),
            ["--schedule", "constant"],
            {"optimizer.learning_rate.schedules.1": 0.01},
            "learning rate 0.01",
        ),
    ],
)  # fmt: skip
def test_what_the_learning_rate_does(
    recipe, output, train, monkeypatch, optimizer, schedule, changed, said
):
    monkeypatch.setattr("kerasrecipes.training.resuming.going_on.final_epochs", lambda run: 3)
    recipe = recipe.replace({"optimizer": optimizer})
    run = train(recipe, name="my_script")
    rows = "".join(f"{e},0.5,0.9,{0.1 if e < 3 else 0.01}\n" for e in (1, 2, 3))
    (run.folder / "history.csv").write_text(f"epoch,loss,val_accuracy,learning_rate\n{rows}")
    code, out, _ = output(main, recipe, None, ["--further-epochs", "2", *schedule])
    assert code == 0
    assert out.splitlines()[0].endswith(f"optimizer's state; {said}")
    new = Run(train.trained[1]).recipe
    assert (new.epochs, new.resume_start, new.start) == (5, True, recipe)
    flat = new.flatten()
    for path, value in changed.items():
        if isinstance(value, list):
            assert [flat[f"{path}.{index}"] for index in range(len(value))] == value
        else:
            assert flat[path] == value
    if "Chain" in flat.values():
        assert next(v for p, v in flat.items() if p.endswith("boundaries_epochs")) == [3]


def test_more_than_once_a_chain_grows_by_what_it_ended_with(recipe, output, train, monkeypatch):
    monkeypatch.setattr("kerasrecipes.training.resuming.going_on.final_epochs", lambda run: 3)
    decay = use("CosineDecay", initial_learning_rate=0.1)
    recipe = recipe.replace({"optimizer.learning_rate": decay})
    train(recipe, name="my_script")
    output(main, recipe, None, ["--further-epochs", "2"])
    monkeypatch.setattr("kerasrecipes.training.resuming.going_on.final_epochs", lambda run: 5)
    output(console, ["train", str(train.trained[1]), "--further-epochs", "4"])
    rate = Run(train.trained[2]).recipe.optimizer.options["learning_rate"]
    assert rate == use("Chain", schedules=[decay, decay, decay], boundaries_epochs=[3, 5])


def test_more_epochs_say_that_they_begin_anew_what_they_cost_and_how_to_go_on(run, output):
    command = ["train", str(run.folder), "--epochs", "3", "--no-doctor"]
    _, _, err = output(console, command)
    assert err.count("\n") == 1
    assert err.startswith(
        f"note: {run.folder} is a run of 2 epochs. This is another run, which begins anew and "
        "takes about "
    )
    assert err.endswith(
        f"; `kerasrecipes train {run.folder} --further-epochs 1` goes on from its end instead\n"
    )
    assert len(other_runs(run)) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--further-epochs", "0"], "must be an integer of at least 1"),
        (["--further-epochs", "1", "--epochs", "4"], "or `--epochs`, not both"),
        (["--further-epochs", "1", "--seeds", "1"], "or `--seeds`, not both"),
        (["--further-epochs", "1", "--heal", "1"], "or `--heal`, not both"),
        (["--further-epochs", "1", "--schedule", "cosine"], "must be restart, constant or a"),
        (["--further-epochs", "1", "--schedule", "-1"], "`--schedule` must be a number greater"),
        (["--schedule", "constant"], "is for `--further-epochs`"),
        (["--further-epochs", "1", "--seed", "9"], "this recipe has no run: train it first"),
    ],
)
def test_bad_input(run, output, options, message):
    code, out, err = output(console, ["train", str(run.folder), *options])
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert not other_runs(run)


def test_an_unfinished_run_cannot_go_on_so(run, output):
    (run.folder / "metrics.json").unlink()
    code, _, err = output(console, ["train", str(run.folder), "--further-epochs", "1"])
    assert (code, "this recipe has a run that is not finished" in err) == (2, True)


def test_digits_run_is_of_two_epochs():
    assert RECIPE.epochs == 2
