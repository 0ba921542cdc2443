import json
import math
import shutil

import keras_tuner
import pytest

from kerasrecipes import Recipe, use
from kerasrecipes.cli.searches.progress import SearchProgress
from kerasrecipes.training.files.run_folders import find_runs, runs_of
from kerasrecipes.training.numerics import NUMERICS_VERSION
from kerasrecipes.tuning import Search, choice, log_uniform, search, uniform
from kerasrecipes.tuning.begun_searches import begun_search, other_searches
from kerasrecipes.tuning.objectives import monitor_and_mode, resolved
from kerasrecipes.tuning.rungs import rungs_of
from kerasrecipes.tuning.trial_length import is_continuable
from tests.tuning.keras_tuner.test_tensorboard import sessions

RECIPE = Recipe(
    data=use("Digits", examples_per_class=10),
    model=use("MLP", units=[8]),
    optimizer=use("SGD", learning_rate=0.1, momentum=0.9),
    batch_size=64,
)
SPACE = {
    "optimizer.learning_rate": log_uniform(1e-3, 1.0),
    "optimizer.momentum": uniform(0.0, 0.9),
}
RUNGS = "4x1,2x2"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    events = []
    search_ = search(
        RECIPE,
        SPACE,
        RUNGS,
        directory=tmp_path_factory.mktemp("search"),
        finalists=1,
        final_seeds=1,
        retrain=True,
        on_event=lambda event, row: events.append((event, row)),
    )
    return search_, events


def test_a_recipe_is_searched_to_its_end(found):
    search_, _ = found
    assert search_.finished
    # The four epochs of the second rung: one for a promoted trial, two for a new one, and the
    # remaining one for another promoted trial.
    assert [row["rung"] for row in search_.trial_rows] == [1, 1, 1, 1, 2, 2, 2]
    assert sum(row["cost_epochs"] for row in search_.trial_rows) == search_.result["epochs_trained"]
    last = [row for row in search_.trial_rows if row["rung"] == 2]
    best = max(last, key=lambda row: row["score"])
    assert search_.result["trial"] in (best["trial"], *(r["trial"] for r in last))
    changes = search_.result["changes"]
    assert search_.best_recipe == RECIPE.replace(changes)
    assert changes["epochs"] == 2
    assert f"--set optimizer.momentum={changes['optimizer.momentum']}" in search_.result["set_line"]
    assert search_.result["score"]["mean"] == search_.finalists[0]["validation_accuracy"]
    assert search_.result["score"]["n"] == 1
    assert [row["seed"] for row in search_.finalists] == [1]
    assert search_.scored_on_test == search_.finalists


def test_tensorboard_finds_the_values_of_each_run(found):
    search_, _ = found
    logged = sessions(search_.folder / "runs")
    for row in search_.trial_rows:
        values = {path: row[path] for path in SPACE}
        assert values in [shown for _, shown in logged.values()]
    for path in logged:
        assert list((search_.folder / "runs" / path / "validation").glob("*tfevents*"))


def test_the_test_images_are_scored_once_by_the_retrained_winner(found):
    search_, _ = found
    test = search_.result["test"]
    assert test["n"] == 359
    (run,) = [r for r in find_runs(search_.folder / "runs") if r.name == test["run"]]
    assert run.metrics["test"]["accuracy"] == test["accuracy"]
    assert run.data["sizes"]["train"] == 100 + 179


def test_a_promoted_trial_continues_the_run_of_its_parent(found):
    search_, events = found
    promoted = next(row for row in search_.trial_rows if row["parent"] is not None)
    assert (promoted["epochs"], promoted["cost_epochs"]) == (2, 1)
    epochs = [
        row["epoch"]
        for event, row in events
        if event == "epoch" and row["trial"] == promoted["trial"]
    ]
    assert epochs == [2]
    values = {path: promoted[path] for path in SPACE} | {"epochs": 2}
    fingerprint = RECIPE.replace(values).fingerprint
    assert runs_of(search_.folder / "runs", "trial", fingerprint)


def test_events_and_tables_tell_the_same(found):
    search_, events = found
    begun = [row for event, row in events if event == "trial_begin"]
    assert [row["trial"] for row in begun] == [row["trial"] for row in search_.trial_rows]
    assert begun[0]["values"].keys() == SPACE.keys()
    scores = {row["trial"]: row["score"] for event, row in events if event == "epoch"}
    for row in search_.trial_rows:
        assert row["score"] == pytest.approx(scores[row["trial"]])
        assert row["seconds"] > 0
    first = [row for row in search_.regions if row["rung"] == 1]
    assert [(row["path"], row["low"]) for row in first] == [
        ("optimizer.learning_rate", pytest.approx(1e-3)),
        ("optimizer.momentum", 0.0),
    ]
    widths = {
        row["rung"]: math.log(row["high"] / row["low"])
        for row in search_.regions
        if row["path"] == "optimizer.learning_rate"
    }
    assert widths[2] <= widths[1]


def test_a_finished_search_trains_nothing_again(found, monkeypatch):
    search_, _ = found
    monkeypatch.setattr("kerasrecipes.tuning.keras_tuner.recipe_tuner.train", None)
    monkeypatch.setattr(
        "kerasrecipes.tuning.concluding.train", lambda *a, **k: pytest.fail("trained")
    )
    result = search_.result
    for options in ({"finalists": 1, "final_seeds": 1}, {"finalists": 0}):
        again = search(RECIPE, SPACE, RUNGS, directory=search_.folder.parent, **options)
        assert again.folder == search_.folder
        # Neither the finalist's score nor the test score gives way to less.
        assert again.result == result
    assert (result["finalists"], result["final_seeds"], result["test"]["n"]) == (1, 1, 359)


def test_a_search_goes_on_with_more_trials_in_its_folder(tmp_path, found, monkeypatch):
    search_, _ = found
    folder = tmp_path / search_.folder.name
    shutil.copytree(search_.folder, folder)
    options = {"directory": tmp_path, "finalists": 1, "final_seeds": 1}
    events = []
    more = search(RECIPE, SPACE, "5x1,4x2", on_event=lambda *event: events.append(event), **options)
    assert more.folder == folder
    assert (more.settings["rungs"], more.finished) == (["5x1", "4x2"], True)
    names = {row["trial"] for row in search_.trial_rows}
    begun = [row["trial"] for event, row in events if event == "trial_begin"]
    assert begun
    assert not names & set(begun)
    kept = [row for row in more.trial_rows if row["trial"] in names]
    assert kept == search_.trial_rows
    assert [row["rung"] for row in more.trial_rows].count(1) == 5
    # The finalist is the best of all, and the former one's training counts too where it is that.
    assert more.result["trial"] in {row["trial"] for row in more.trial_rows}
    # With the rungs that it had, it is the search that it became, and trains nothing.
    monkeypatch.setattr(
        "kerasrecipes.tuning.keras_tuner.recipe_tuner.train", lambda *_, **__: 1 / 0
    )
    again = search(RECIPE, SPACE, RUNGS, **options)
    assert (again.folder, again.trial_rows) == (folder, more.trial_rows)
    keys = ("kerasrecipes", "recipe", "space", "objective", "seed", "folds")
    settings = {key: more.settings[key] for key in keys}
    for rungs, goes_on in (
        ("4x1", True),
        ("6x1,4x2,1x3", True),
        ("1x3", False),
        ("4x1,2x3", False),
    ):
        asked = settings | {"rungs": rungs.split(",")}
        begun = begun_search(tmp_path, "search", asked, more.settings["data_hash"])
        assert (begun is not None) is goes_on
    for other in ({"seed": 1}, {"objective": "val_loss"}, {"folds": 2}):
        asked = settings | {"rungs": ["6x1"]} | other
        assert begun_search(tmp_path, "search", asked, more.settings["data_hash"]) is None
    assert begun_search(tmp_path, "other", settings | {"rungs": ["6x1"]}, "0" * 64) is None


def test_a_search_that_goes_on_is_not_finished(tmp_path, found):
    search_, _ = found
    folder = tmp_path / search_.folder.name
    folder.mkdir()
    shutil.copy(search_.folder / "result.json", folder)
    for rungs, finished in ((["4x1", "2x2"], True), (["5x1", "2x2"], False)):
        (folder / "search.json").write_text(json.dumps(search_.settings | {"rungs": rungs}))
        assert Search(folder).finished is finished


def test_a_changed_space_keeps_the_trials_that_lie_in_it_and_says_how_many(tmp_path, found):
    search_, _ = found
    rows = search_.trial_rows
    bound = sorted(row["optimizer.momentum"] for row in rows if row["rung"] == 1)[1]
    space = {**SPACE, "optimizer.momentum": uniform(0.0, bound)}
    events, first = [], {"optimizer.learning_rate": 0.01, "optimizer.momentum": bound / 2}
    options = {"directory": tmp_path, "finalists": 0, "enqueue": [first]}
    source = search_.folder
    more = search(
        RECIPE,
        space,
        "1x1",
        from_search=source,
        on_event=lambda *event: events.append(event),
        **options,
    )
    kept = [row for row in rows if row["rung"] == 1 and row["optimizer.momentum"] <= bound]
    (told,) = [row for event, row in events if event == "adopted"]
    assert (told["kept"], told["of"]) == (len(kept), len(rows))
    assert f"{len(kept)} of {len(rows)} trials of {source.name} count here" in told["text"]
    *adopted, own = more.trial_rows
    assert [row["score"] for row in adopted] == [row["score"] for row in kept]
    assert {(row["search"], row["cost_epochs"]) for row in adopted} == {(source.name, 0)}
    assert {path: own[path] for path in SPACE} == first, "to the last digit"
    assert (own["search"], own["cost_epochs"]) == (None, 1)
    assert more.result["epochs_trained"] == 1
    assert more.settings["from"] == source.name
    # It goes on without the folder that it started from.
    gone = tmp_path / "gone" / source.name
    again = search(RECIPE, space, "1x1", from_search=gone, **options)
    assert (again.folder, again.trial_rows) == (more.folder, more.trial_rows)
    other = RECIPE.replace({"data.examples_per_class": 9})
    for recipe, message in (
        (other, "other scores, which do not count here: data_hash"),
        (RECIPE.replace({"batch_size": 32}), "There is nothing to start from: 0 of 7 trials"),
    ):
        with pytest.raises(ValueError, match=message):
            search(recipe, space, "1x1", name="refused", from_search=source, **options)
    assert not list(tmp_path.glob("refused*/search.json")), "and no search is begun"
    with pytest.raises(ValueError, match=r"outside of the space: optimizer.momentum=0.95 is not"):
        search(RECIPE, SPACE, "1x1", directory=tmp_path, enqueue=[{"optimizer.momentum": 0.95}])


def test_a_search_of_no_time_has_the_result_of_its_only_trial(tmp_path):
    found = search(RECIPE, SPACE, "9x3", directory=tmp_path, minutes=1e-6, constraints="loss < 9")
    (row,) = found.trial_rows
    assert (row["epochs"], row["status"]) == (1, "stopped")
    result = found.result
    assert (result["stopped_by"], result["finalists"], result["trial"]) == ("minutes", 0, "0000")
    assert (found.finished, result["score"]["n"]) == (True, 1)
    assert row["loss"] < 9
    assert found.recipe_of("0000") == found.best_recipe.replace({"epochs": 1})


def test_no_trial_keeps_a_checkpoint_when_the_search_has_ended(found):
    search_, _ = found
    assert any(not run.finished for run in find_runs(search_.folder / "runs"))
    assert not list(search_.folder.glob("**/*checkpoint*"))


def killed(*args, **kwargs):
    raise KeyboardInterrupt


def test_a_trial_that_is_killed_while_it_writes_its_outcome_is_repaired(tmp_path, monkeypatch):
    options = {"directory": tmp_path, "finalists": 0}
    with monkeypatch.context() as patched:
        patched.setattr("kerasrecipes.training.training.finish_run", killed)
        with pytest.raises(KeyboardInterrupt):
            search(RECIPE, SPACE, "2x1", **options)
    (trial,) = find_runs(next(tmp_path.glob("*/runs")))
    assert (len(trial.history), trial.finished) == (1, False)
    found = search(RECIPE, SPACE, "2x1", **options)
    runs = find_runs(found.folder / "runs")
    assert [run.finished for run in runs] == [True, True]
    scores = {run.history[0]["val_accuracy"] for run in runs}
    assert {row["score"] for row in found.trial_rows} == scores


def test_searches_of_other_numbers_data_or_backends_are_not_continued(tmp_path, found, capsys):
    search_, _ = found
    settings = search_.settings
    digits = RECIPE.data.build("data").load().hash
    assert (settings["numerics_version"], settings["data_hash"]) == (NUMERICS_VERSION, digits)
    assert search_.folder.name.endswith(f"-{digits[:8]}-v{NUMERICS_VERSION}")
    # As it was before searches recorded a version.
    old = tmp_path / search_.folder.name.rsplit("-", 2)[0]
    old.mkdir()
    unversioned = {k: v for k, v in settings.items() if k not in ("numerics_version", "data_hash")}
    (old / "search.json").write_text(json.dumps(unversioned))
    folder = tmp_path / search_.folder.name
    assert [each.folder for each in other_searches(folder)] == [old]
    assert Search(old).numerics_version == 1
    SearchProgress(rungs_of(RUNGS), 0, "val_accuracy").on_event(
        "search", {"folder": folder, "direction": "max"}
    )
    expected = f"note: {old} is not reused: its numerics version is 1, now {NUMERICS_VERSION}\n"
    assert capsys.readouterr().err == expected
    folder.mkdir()
    for other, message in (
        ({"numerics_version": 1}, "another search: numerics_version differ"),
        ({"data_hash": "0" * 64}, "another search: data_hash differ"),
        ({"backend": "numpy"}, "begun with the backend numpy, .*Set KERAS_BACKEND=numpy"),
    ):
        (folder / "search.json").write_text(json.dumps(settings | other))
        with pytest.raises(ValueError, match=message):
            search(RECIPE, SPACE, RUNGS, directory=tmp_path)


@pytest.mark.slow
def test_folds_score_a_trial_by_their_mean(tmp_path):
    found = search(RECIPE, SPACE, "2x1", directory=tmp_path, folds=3, finalists=0)
    runs = find_runs(found.folder / "runs")
    assert len(runs) == 6
    for row in found.trial_rows:
        rate = row["optimizer.learning_rate"]
        scores = [
            run.history[0]["val_accuracy"]
            for run in runs
            if run.recipe.optimizer.options["learning_rate"] == rate
        ]
        assert row["score"] == pytest.approx(sum(scores) / 3)


def test_a_run_with_a_schedule_over_its_whole_length_is_not_continuable():
    rungs = rungs_of("2x1,1x3")
    assert is_continuable(RECIPE, rungs)
    cosine = use("CosineDecay", initial_learning_rate=0.1)
    assert not is_continuable(RECIPE.replace({"optimizer.learning_rate": cosine}), rungs)
    fixed = use("CosineDecay", initial_learning_rate=0.1, decay_steps=100)
    assert is_continuable(RECIPE.replace({"optimizer.learning_rate": fixed}), rungs)
    warmed = use("CosineDecay", initial_learning_rate=0.0, warmup_target=0.1, warmup_epochs=2)
    assert not is_continuable(RECIPE.replace({"optimizer.learning_rate": warmed}), rungs)


@pytest.mark.backend_neutral
def test_rungs_that_are_too_short_for_every_trial_are_refused(tmp_path):
    rate = "optimizer.learning_rate"
    warmed = use("CosineDecay", initial_learning_rate=0.0, warmup_target=0.1, warmup_epochs=2)
    recipe = RECIPE.replace({rate: warmed})
    with pytest.raises(ValueError, match="warmup of CosineDecay must be shorter") as refused:
        search(recipe, {"optimizer.momentum": uniform(0, 0.9)}, "4x2,1x3", directory=tmp_path)
    assert (
        refused.value.__notes__[-1]
        == "No trial of rung 4x2 can be trained: give the rung more epochs."
    )
    phases = recipe.replace({"start": {rate: 0.1}})
    with pytest.raises(ValueError, match="warmup of CosineDecay must be shorter"):
        search(phases, {"optimizer.momentum": uniform(0, 0.9)}, "4x2", directory=tmp_path)
    assert not list(tmp_path.iterdir())
    # Trials with the other rate can be trained; those with this one are recorded as failed.
    space = {rate: choice(warmed, 0.1), "optimizer.momentum": uniform(0, 0.9)}
    found = search(recipe, space, "4x2", directory=tmp_path, finalists=0)
    assert {row["status"] for row in found.trial_rows} == {"failed", "completed"}


@pytest.mark.backend_neutral
def test_a_schedule_that_only_the_space_holds_spans_each_trial_too(tmp_path):
    rates = choice(0.1, use("CosineDecay", initial_learning_rate=0.1))
    found = search(
        RECIPE,
        {"optimizer.learning_rate": rates, "optimizer.momentum": uniform(0.0, 0.9)},
        "4x1,2x2",
        directory=tmp_path,
        finalists=0,
    )
    assert {run.recipe.epochs for run in find_runs(found.folder / "runs")} == {1, 2}
    assert all(row["cost_epochs"] == row["epochs"] for row in found.trial_rows)


@pytest.mark.backend_neutral
def test_a_schedule_that_no_trial_has_restarts_none(tmp_path):
    cosine = use("CosineDecay", initial_learning_rate=0.1)
    recipe = RECIPE.replace({"optimizer.learning_rate": cosine})
    found = search(recipe, SPACE, RUNGS, directory=tmp_path, finalists=0)
    assert {run.recipe.epochs for run in find_runs(found.folder / "runs")} == {2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rungs": "0x3"}, "trials"),
        ({"rungs": "x"}, "trials x epochs"),
        ({"folds": 1}, "folds"),
        ({"finalists": -1}, "finalists"),
        ({"final_seeds": 0}, "final_seeds"),
        ({"seed": -1}, "seed"),
        ({"objective": "loss"}, "of validation images, .* Did you mean 'val_loss'?"),
        ({"space": {"optimizer.momentun": uniform(0, 1)}}, "Did you mean 'momentum'"),
        ({"space": {"optimizer": choice("SGD", "Admm")}}, "Did you mean 'Adam'"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(tmp_path, options, message):
    given = {"space": SPACE, "rungs": RUNGS, **options}
    with pytest.raises(ValueError, match=message):
        search(RECIPE, given.pop("space"), given.pop("rungs"), directory=tmp_path, **given)
    assert not list(tmp_path.iterdir())


def test_what_validation_chooses_in_a_recipe_cannot_be_retrained_on_it(tmp_path):
    stopping = RECIPE.replace({"callbacks": ["EarlyStopping"]})
    with pytest.raises(ValueError, match="`callbacks.0.monitor` would choose by") as refused:
        search(stopping, SPACE, RUNGS, directory=tmp_path, retrain=True)
    assert "search without it" in refused.value.__notes__[0]
    assert not list(tmp_path.iterdir())


def test_several_objectives_are_refused(tmp_path):
    with pytest.raises(TypeError, match="`objective` must be a single objective"):
        search(RECIPE, SPACE, "2x1", directory=tmp_path, objective=["val_accuracy", "val_loss"])


def test_an_objective_that_the_recipe_does_not_report(tmp_path):
    with pytest.raises(ValueError, match="Did you mean 'val_accuracy'"):
        search(RECIPE, SPACE, "2x1", directory=tmp_path, objective="val_acuracy")


@pytest.mark.backend_neutral
def test_the_metric_tells_the_direction_and_finalists_keep_the_best_epoch_by_it(tmp_path):
    recipe = RECIPE.replace({"metrics": ["accuracy", use("F1Score", average="macro")]})
    options = {"directory": tmp_path, "objective": "val_f1_score", "final_seeds": 1}
    found = search(recipe, SPACE, "2x2", finalists=1, **options)
    assert found.direction == "max"
    assert found.result["score"]["mean"] == found.finalists[0]["validation_f1_score"]
    assert found.result["changes"]["monitor"] == found.best_recipe.monitor == "val_f1_score"
    assert found.best_recipe == recipe.replace(found.result["changes"])
    (finalist,) = [run for run in find_runs(found.folder / "runs") if "finalist" in run.name]
    scores = [row["val_f1_score"] for row in finalist.history]
    assert finalist.metrics["epoch"] == 1 + scores.index(max(scores))
    # A search that minimized the score is not continued as one that maximizes it.
    settings = json.loads((found.folder / "search.json").read_text())
    (found.folder / "search.json").write_text(json.dumps(settings | {"direction": "min"}))
    with pytest.raises(ValueError, match="holds another search: direction differ"):
        search(recipe, SPACE, "2x2", **options)


def of_objective(recipe, monitor, mode):
    return resolved(recipe, [str(digit) for digit in range(10)], monitor, mode)


def test_the_direction_of_an_objective():
    recipe = RECIPE.replace({"metrics": ["accuracy", use("F1Score"), use("Recall"), "Poisson"]})
    found = {
        name: of_objective(recipe, *monitor_and_mode(recipe, f"val_{name}"))
        for name in ("accuracy", "loss", "f1_score_3", "recall", "poisson")
    }
    assert found == {
        "accuracy": ("max", {}),
        "loss": ("min", {"monitor": "val_loss"}),
        "f1_score_3": ("max", {"monitor": "val_f1_score_3"}),
        "recall": ("max", {"monitor": "val_recall"}),
        "poisson": ("min", {"monitor": "val_poisson"}),
    }
    said = keras_tuner.Objective("val_gap", "min")
    expected = ("min", {"monitor": "val_gap", "mode": "min"})
    assert of_objective(recipe, *monitor_and_mode(recipe, said)) == expected
    with pytest.raises(ValueError, match="'val_gap' is better when larger") as caught:
        of_objective(recipe, *monitor_and_mode(recipe, "val_gap"))
    assert "`--objective max:NAME`" in caught.value.__notes__[0]
    # The recipe itself may say it, and may keep the last epoch.
    known = recipe.replace({"monitor": "val_gap", "mode": "max"})
    assert of_objective(known, *monitor_and_mode(known, "val_gap")) == ("max", {})
    assert of_objective(known, *monitor_and_mode(known, "val_loss")) == (
        "min",
        {"monitor": "val_loss", "mode": "auto"},
    )
    gap = keras_tuner.Objective("val_other", "max")
    direction, changes = of_objective(known, *monitor_and_mode(known, gap))
    other = known.replace(changes)
    assert (direction, other.monitor, other.mode) == ("max", "val_other", "max")
    last = recipe.replace({"monitor": None})
    assert of_objective(last, *monitor_and_mode(last, "val_loss")) == ("min", {})


def test_a_folder_that_holds_another_search_is_refused(tmp_path, found):
    search_, _ = found
    folder = tmp_path / search_.folder.name
    folder.mkdir()
    settings = search_.settings | {"rungs": ["9x9"]}
    (folder / "search.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match="holds another search: rungs differ"):
        search(RECIPE, SPACE, RUNGS, directory=tmp_path)
    with pytest.raises(ValueError, match=f"Searches in it: {folder.name}"):
        Search(tmp_path)
