import functools
import io
import json
import os
from types import SimpleNamespace

import keras_tuner
import pytest

from kerasrecipes.base.csv_table import write_rows
from kerasrecipes.cli import console, main
from kerasrecipes.cli.searches.chief import check_port
from kerasrecipes.cli.searches.found import rung_rows
from kerasrecipes.cli.searches.progress import SearchProgress
from kerasrecipes.cli.searches.space import read_space
from kerasrecipes.tuning import choice, integer, log_uniform, rungs_of, uniform

SPACE = {
    "optimizer": choice({"SGD": {"optimizer.momentum": uniform(0, 0.9)}, "Adam": {}}),
    "batch_size": integer(8, 64, log=True),
    "optimizer.weight_decay": log_uniform(1e-5, 1e-2, widen=True),
    "model.units": choice([8], [16]),
}
ROW = {
    "trial": "0000",
    "rung": 1,
    "epochs": 2,
    "cost_epochs": 2,
    "parent": None,
    "status": "completed",
    "score": 0.9,
    "cause": None,
    "seconds": 1.0,
    "batch_size": 32,
}


def test_a_space_is_read_from_texts():
    assert read_space(
        [
            "optimizer.weight_decay=log_uniform(1e-5, 1e-2, widen=True)",
            "batch_size=integer(8, 64, log=True)",
            "model.units=choice([8], [16])",
        ]
    ) == {path: given for path, given in SPACE.items() if path != "optimizer"}


@pytest.mark.parametrize("whole", [False, True])
def test_a_space_is_read_from_a_file(tmp_path, whole):
    written = {path: given.to_dict() for path, given in SPACE.items()}
    (tmp_path / "s.json").write_text(
        json.dumps({"rungs": ["1x1"], "space": written} if whole else written)
    )
    assert read_space([str(tmp_path / "s.json")]) == SPACE


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--rungs", "20by2"], "A rung must be trials x epochs, such as '20x2'"),
        (["--rungs", "0x2"], "`trials` must be an integer of at least 1. Received: trials=0"),
        (["--rungs", "2x2,2x1"], "Each rung must have more epochs than the one before it"),
        (["--rungs", "2x1"], "There is nothing to search: give --space"),
        (["--space", "batch_size=unifrm(1, 2)"], "no range 'unifrm'. Did you mean 'uniform'?"),
        (["--space", "batch_size=3"], "`--space` must be given as in"),
        (["--space", "batch_size=uniform(2, 2)"], "`low` must be less than `high`"),
        (["--space", "batch_size=log_uniform(0, 2)"], "zero has no logarithm"),
        (["--space", "batch_size=uniform(1)"], "In: --space batch_size=uniform(1)"),
        (["--space", "not_there.json"], "No such file or directory: not_there.json"),
        (["--space", "bad.json"], "A space must be JSON"),
        (["--space", "other.json"], "A space must map paths to ranges"),
        (["--workers", "0", "--space", "x=uniform(0, 1)"], "`workers` must be an integer"),
    ],
)
def test_bad_input_is_one_line(recipe, output, tmp_path, argv, message):
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "other.json").write_text('{"batch_size": 3}')
    rungs = [] if "--rungs" in argv else ["--rungs", "2x1"]
    code, out, err = output(main, recipe, None, ["search", *rungs, *argv])
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err


def test_arguments_reach_the_search(recipe, output, monkeypatch):
    given = {}

    def search(recipe, space, rungs, **options):
        given.update(options, recipe=recipe, space=space, rungs=rungs)

    monkeypatch.setattr("kerasrecipes.tuning.search", search, raising=False)
    argv = "--rungs 4x1,2x2 --seed 7 --objective val_loss --folds 3 --finalists 2 --final-seeds 4"
    argv += " --retrain --overwrite --directory there --set optimizer.momentum=0.5"
    space = ["--space", "batch_size=choice(8, 16)"]
    assert output(main, recipe, SPACE, ["search", *argv.split(), *space])[0] == 0
    progress = given.pop("on_event").__self__
    assert progress.total == 4 + 4 + 8 * 2
    assert given == {
        "engine": None,
        "recipe": recipe.replace({"optimizer.momentum": 0.5}),
        "space": {**SPACE, "batch_size": choice(8, 16)},
        "rungs": rungs_of("4x1,2x2"),
        "directory": "there",
        "name": "my_script-search",
        "objective": "val_loss",
        "seed": 7,
        "folds": 3,
        "finalists": 2,
        "final_seeds": 4,
        "retrain": True,
        "overwrite": True,
        "minutes": None,
        "patience": None,
        "target": None,
        "constraints": [],
        "enqueue": [],
        "from_search": None,
    }


def test_what_a_search_starts_from_and_stops_at_reaches_it(recipe, output, monkeypatch):
    given = {}
    monkeypatch.setattr(
        "kerasrecipes.tuning.search", lambda *_, **options: given.update(options, rungs=_[2])
    )
    argv = "--minutes 0.5 --patience 4 --target 0.95 --constraint parameters<1e6 --enqueue"
    argv += " --enqueue optimizer.momentum=0.5 batch_size=8 --constraint val_loss<2 --from there"
    assert output(main, recipe.replace({"epochs": 27}), SPACE, ["search", *argv.split()])[0] == 0
    assert given["rungs"] == rungs_of("99x9,67x27"), "the most that may fit into the time"
    assert given["constraints"] == ["parameters<1e6", "val_loss<2"]
    assert given["enqueue"] == [{}, {"optimizer.momentum": 0.5, "batch_size": 8}]
    stops = [given[name] for name in ("minutes", "patience", "target", "from_search")]
    assert stops == [0.5, 4, 0.95, "there"]
    code, _, err = output(main, recipe, SPACE, ["search", "--rungs", "2x1", "--enqueue", "five"])
    assert code == 2
    assert "`--enqueue` must be given as PATH=VALUE" in err


@pytest.fixture
def begun(tmp_path, recipe, monkeypatch):
    """The folder of a search, in a directory of its own; and what `search` is given then."""
    given = {}

    def search(recipe, space, rungs, **options):
        given.update(options, recipe=recipe, space=space, rungs=rungs)

    monkeypatch.setattr("kerasrecipes.tuning.search", search, raising=False)
    folder = tmp_path / "there" / "mine-search-0123456789ab-01234567-v3"
    folder.mkdir(parents=True)
    settings = {
        "recipe": recipe.to_dict(),
        "space": {path: each.to_dict() for path, each in SPACE.items()},
        "rungs": ["4x1", "2x2"],
        "objective": "val_loss",
        "direction": "min",
        "seed": 7,
        "folds": 3,
        "numerics_version": 3,
    }
    (folder / "search.json").write_text(json.dumps(settings))
    return folder, given


@pytest.mark.parametrize("rungs", [None, "8x1,4x2,1x9"])
def test_a_search_goes_on_from_its_folder_alone(begun, recipe, output, tmp_path, rungs):
    folder, given = begun
    options = ["--rungs", rungs] if rungs else []
    assert output(console, ["search", str(folder), *options, "--finalists", "1"])[0] == 0
    assert given["rungs"] == rungs_of(rungs or "4x1,2x2")
    assert (given["recipe"], given["space"]) == (recipe, SPACE)
    assert given["objective"] == keras_tuner.Objective("val_loss", "min")
    assert (given["seed"], given["folds"], given["finalists"]) == (7, 3, 1)
    named = (os.path.realpath(given["directory"]), given["name"])
    assert named == (str(folder.parent.resolve()), "mine-search")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "1"], "--seed would make it another search"),
        (["--space", "batch_size=choice(8, 16)", "--folds", "2"], "--folds would make it another"),
        (["--constraint", "parameters<9", "--enqueue"], "--constraint, --enqueue would make"),
        (["--objective", "val_f1"], "--objective would make it another search"),
        (["--set", "seed=1"], "Options are for a recipe"),
    ],
)
def test_a_folder_goes_on_as_the_search_that_it_is(begun, output, options, message):
    folder, given = begun
    code, _, err = output(console, ["search", str(folder), *options])
    assert (code, given) == (2, {})
    assert message in err


def test_a_folder_goes_on_in_a_changed_space_as_another_search(begun, output):
    folder, given = begun
    changed = ["--space", "batch_size=choice(8, 16)", "--constraint", "parameters<9"]
    assert output(console, ["search", str(folder), *changed])[0] == 0
    assert given["space"] == {**SPACE, "batch_size": choice(8, 16)}
    assert os.path.realpath(given["from_search"]) == str(folder.resolve())
    assert (given["seed"], given["folds"], given["name"]) == (7, 3, "mine-search")
    assert given["constraints"] == ["parameters<9"]
    written = json.loads((folder / "search.json").read_text())
    begun_so = {"constraints": ["parameters < 9"], "enqueue": [{}], "from": "other"}
    begun_so["stops"] = {"minutes": 60.0, "patience": 3}
    (folder / "search.json").write_text(json.dumps(written | begun_so))
    assert output(console, ["search", str(folder), "--minutes", "90"])[0] == 0
    assert (given["minutes"], given["patience"], given["target"]) == (90.0, 3, None)
    assert given["constraints"] == ["parameters < 9"]
    assert (given["enqueue"], os.path.basename(given["from_search"])) == ([{}], "other")


def test_the_folder_of_a_search_keeps_its_name(begun, output, tmp_path):
    folder, given = begun
    renamed = folder.rename(tmp_path / "mine")
    code, _, err = output(console, ["search", str(renamed)])
    assert (code, given) == (2, {})
    assert "must have the name that the search gave it" in err


def test_an_objective_with_its_direction(recipe, output, monkeypatch):
    given = []
    monkeypatch.setattr(
        "kerasrecipes.tuning.search", lambda *_, objective, **__: given.append(objective)
    )
    script = functools.partial(main, recipe, SPACE, rungs="4x1")
    for direction in ("max", "min"):
        assert output(script, ["search", "--objective", f"{direction}:val_gap"])[0] == 0
        assert given.pop() == keras_tuner.Objective("val_gap", direction)
    code, _, err = output(script, ["search", "--objective", "up:val_gap"])
    assert (code, given) == (2, [])
    assert "must be NAME, max:NAME or min:NAME. Received: --objective up:val_gap" in err


def test_a_script_may_bring_its_rungs(recipe, output, monkeypatch):
    given = []
    monkeypatch.setattr(
        "kerasrecipes.tuning.search", lambda r, space, rungs, **_: given.append(rungs)
    )
    script = functools.partial(main, recipe, SPACE, rungs="4x1")
    assert output(script, ["search"])[0] == 0
    assert output(script, ["search", "--rungs", "2x3"])[0] == 0
    assert output(script, ["search", "--stages", "2x3"])[0] == 0
    assert given == [rungs_of("4x1"), rungs_of("2x3"), rungs_of("2x3")]
    code, _, err = output(main, recipe, SPACE, ["search"])
    assert (code, err) == (
        2,
        "error: Give --rungs: trials x epochs, such as --rungs 20x2,8x8,3x30; or --minutes\n",
    )


@pytest.fixture
def progress(tmp_path, monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr("kerasrecipes.cli.searches.progress.time.monotonic", lambda: clock.now)
    progress = SearchProgress(rungs_of("4x2,1x4"), 2, "val_accuracy", prefix="w: ", live=False)
    progress.clock = clock
    write_rows(tmp_path / "trials.csv", [ROW])
    progress.on_event("search", {"folder": str(tmp_path), "direction": "max"})
    return progress


def _trial(progress, folder, *rows, seconds=5):
    row = rows[-1]
    begun = {"trial": row["trial"], "rung": row["rung"], "epochs": 2, "values": {"batch_size": 8}}
    progress.on_event("trial_begin", begun)
    progress.on_event("epoch", {"trial": row["trial"], "epoch": 1, "score": 0.25})
    progress.clock.now += seconds
    write_rows(folder / "trials.csv", rows)
    if progress.live:
        return
    progress.on_event("trial_end", {"trial": row["trial"], "status": "COMPLETED"})


def test_a_line_a_trial(progress, tmp_path, capsys):
    _trial(progress, tmp_path, ROW, {**ROW, "trial": "0001", "score": 0.95})
    _trial(progress, tmp_path, ROW, {**ROW, "trial": "0001", "score": None, "cause": "Boom: x"})
    first, second = capsys.readouterr().out.splitlines()
    # 20 epochs in all, of which 2 were done before; 2 more took 5 seconds.
    assert first == (
        "w: rung 1/2  trial 0001  2 epochs  val_accuracy 0.95  best 0.95  about 40 s left  "
        "batch_size=32"
    )
    assert "Boom: x  best 0.9  " in second


def test_the_time_of_finalists_is_counted(progress, tmp_path, capsys):
    _trial(progress, tmp_path, ROW, *({**ROW, "trial": f"000{n}"} for n in range(1, 6)), seconds=10)
    progress.on_event("finalist", {"trial": "0003", "seed": 1})
    assert "finalist 0003  seed 1  begins  about 8.0 s left" in capsys.readouterr().out
    progress.clock.now += 4
    progress.on_event("finalist_end", {"trial": "0003", "seed": 1, "score": 0.91})
    assert "finalist 0003  seed 1  val_accuracy 0.91  about " in capsys.readouterr().out
    progress.on_event("finalist", {"trial": "0003", "seed": 2})
    assert "finalist 0003  seed 2  begins  about 4.0 s left" in capsys.readouterr().out
    progress.limit = progress.clock.now - 100.0 + 1.5
    assert progress.seconds_left == 1.5, "no more than is left of its minutes"


def test_a_chief_counts_the_trials_of_its_workers(progress, tmp_path, capsys):
    progress.clock.now += 10
    progress.on_event("finalist", {"trial": "0003", "seed": 1})
    # Nothing was trained here yet.
    assert capsys.readouterr().out == "w: finalist 0003  seed 1  begins\n"
    progress.finals = 0
    write_rows(tmp_path / "trials.csv", [{**ROW, "trial": f"000{n}"} for n in range(6)])
    progress.on_event("finalist", {"trial": "0003", "seed": 1})
    assert capsys.readouterr().out == "w: finalist 0003  seed 1  begins  about 8.0 s left\n"


def test_low_is_best_where_it_is(progress, tmp_path):
    write_rows(tmp_path / "trials.csv", [ROW, {**ROW, "score": 0.5}])
    progress.on_event("search", {"folder": str(tmp_path), "direction": "min"})
    assert progress.best == 0.5


def test_a_live_table_shows_the_trial_that_runs(progress, tmp_path):
    from rich.console import Console

    progress.live = True
    _trial(progress, tmp_path, ROW, {**ROW, "trial": "0001"})
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(progress._table())
    text = " ".join(console.export_text().split())
    assert text.startswith("rung 1 of 2 · 2 of 20 epochs · best val_accuracy 0.9 rung trial")
    assert "best so far batch_size=32" in text
    narrow = Console(width=60, record=True, file=io.StringIO())
    progress.rows[-1] |= {"cause": "OSError: no room", "model.units": "[64, 64]"}
    narrow.print(progress._table())
    line = next(each for each in narrow.export_text().split("\n") if "0000" in each)
    assert line.split()[:5] == ["1", "0000", "2", "0.9", "OSError"], "the values alone are cut"
    assert "1 0001 1/2 0.25 running batch_size=8" in text


def test_a_live_table_shows_all_trials_that_run(progress, tmp_path):
    from rich.console import Console

    progress.live = True
    write_rows(tmp_path / "trials.csv", [ROW])
    progress.on_event("search", {"folder": str(tmp_path), "direction": "max"})
    for trial in ("0001", "0002", "0003"):
        values = {"batch_size": 8}
        progress.on_event("trial_begin", {"trial": trial, "rung": 1, "epochs": 2, "values": values})
    progress.on_event("epoch", {"trial": "0002", "epoch": 1, "score": 0.25})
    write_rows(tmp_path / "trials.csv", [ROW, {**ROW, "trial": "0003"}])
    progress.on_event("trial_end", {"trial": "0003", "status": "COMPLETED"})
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(progress._table())
    text = " ".join(console.export_text().split())
    assert "1 0001 0/2 – running batch_size=8 1 0002 1/2 0.25 running batch_size=8" in text
    assert text.count("running") == 2


def test_a_row_a_rung():
    found = SimpleNamespace(
        rungs=rungs_of("4x2,1x4"),
        direction="max",
        objective="val_accuracy",
        trial_rows=[ROW, {**ROW, "score": 0.95}, {**ROW, "score": None, "status": "failed"}],
    )
    first, second = rung_rows(found)
    assert list(first.values()) == ["1: 4x2", 3, 0, 1, 6, "0.95"]
    assert list(second.values()) == ["2: 1x4", 0, 0, 0, 0, "–"]


def test_a_port_in_use_is_named(monkeypatch):
    import socket

    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("KERASTUNER_ORACLE_PORT", str(server.getsockname()[1]))
        with pytest.raises(OSError, match="set KERASTUNER_ORACLE_PORT to another port"):
            check_port()
    check_port()
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", "many")
    with pytest.raises(OSError, match="cannot listen at 127.0.0.1:many"):
        check_port()
