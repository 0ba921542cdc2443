"""The programs of the page on trackers, where the trackers are installed."""

import json
import runpy
from pathlib import Path

import pytest

from kerasrecipes import Recipe, train, use
from tests.docs.pages import ROOT, blocks

PAGE = ROOT / "docs" / "guides" / "trackers.md"
FILES = {"recipe.json", "metrics.json", "model.keras", "predictions.npz", "report.html"}


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Runs a program of the page in an empty folder; returns its names."""
    monkeypatch.chdir(tmp_path)

    def run(title):
        code = next(block.code for block in blocks(PAGE) if block.title == title)
        Path(title).write_text(code)
        return runpy.run_path(title)

    return run


def logged(run):
    """Returns what is logged of a run by epoch, as its history has it."""
    return {name: [row[name] for row in run.history] for name in ("loss", "val_accuracy")}


def records(tracked):
    """Returns what an offline run of Weights & Biases has written, by kind.

    The file is a log of LevelDB's form, whose records are messages of their own.
    """
    from wandb.proto.wandb_internal_pb2 import Record

    (path,) = Path(tracked.dir).parent.glob("*.wandb")
    data, at, message, found = path.read_bytes(), 7, b"", {}
    while at + 7 <= len(data):
        if (left := 2**15 - at % 2**15) < 7:  # No record begins so close to the end of a block.
            at += left
            continue
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        message += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # A whole one, or the last part of one.
            record, message = Record.FromString(message), b""
            found.setdefault(record.WhichOneof("record_type"), []).append(record)
    return found


def values_of(found, kind, items, name):
    """Returns the values under a name in records of a kind, in order."""
    entries = [entry for record in found for entry in getattr(getattr(record, kind), items)]
    named = [e for e in entries if (e.key or ".".join(e.nested_key)) == name]
    return [json.loads(entry.value_json) for entry in named]


def test_mlflow_has_the_curves_the_recipe_the_score_and_the_files(program):
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    run = program("with_mlflow.py")["run"]
    client = mlflow.MlflowClient("sqlite:///mlflow.db")
    (found,) = client.search_runs([client.get_experiment_by_name("digits").experiment_id])
    assert found.info.status == "FINISHED"
    for name, values in logged(run).items():
        history = client.get_metric_history(found.info.run_id, name)
        assert [entry.step for entry in history] == [1, 2]
        assert [entry.value for entry in history] == pytest.approx(values, abs=1e-5)
    assert found.data.metrics["test_accuracy"] == run.metrics["test"]["accuracy"]
    assert found.data.params["model.units"] == "[32]"
    assert found.data.params["optimizer"] == "Adam"
    assert {file.path for file in client.list_artifacts(found.info.run_id)} >= FILES


def test_weights_and_biases_has_the_curves_the_recipe_the_score_and_the_files(program, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_SILENT", "true")
    names = program("with_wandb.py")
    run, tracked = names["run"], names["tracked"]
    assert tracked.offline
    found = records(tracked)
    assert [record.history.step.num for record in found["history"]] == [1, 2]
    for name, values in logged(run).items():
        assert values_of(found["history"], "history", "item", name) == pytest.approx(
            values, abs=1e-5
        )
    (score,) = values_of(found["summary"], "summary", "update", "test_accuracy")
    assert score == run.metrics["test"]["accuracy"]
    (start,) = found["run"]
    config = {entry.key: json.loads(entry.value_json) for entry in start.run.config.update}
    assert config["model.units"] == [32]
    assert config["optimizer"] == "Adam"
    kept = Path(tracked.dir) / run.name
    assert {file.name for file in kept.iterdir()} >= FILES
    assert (kept / "recipe.json").read_text() == (run.folder / "recipe.json").read_text()


def test_a_run_with_a_tracker_is_the_run_without_one(program, tmp_path):
    pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    run = program("with_mlflow.py")["run"]
    plain = train(run.recipe, directory=tmp_path / "other", verbose=0)
    assert plain.name == run.name
    assert plain.metrics == run.metrics


def test_mlflow_s_own_callback_in_a_recipe(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    recipe = Recipe(
        data="Digits",
        model=use("MLP", units=[8]),
        callbacks=[use("mlflow.keras:MlflowCallback")],
        epochs=2,
    )
    with mlflow.start_run() as tracked:
        run = train(recipe, verbose=0)
    mlflow.flush_async_logging()
    history = mlflow.MlflowClient().get_metric_history(tracked.info.run_id, "loss")
    assert [entry.value for entry in history] == pytest.approx(logged(run)["loss"], abs=1e-5)


@pytest.mark.tensorflow_only
def test_weights_and_biases_own_callback(tmp_path, monkeypatch):
    wandb = pytest.importorskip("wandb")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_SILENT", "true")
    recipe = Recipe(data="Digits", model=use("MLP", units=[8]), epochs=2)
    with wandb.init(project="digits", mode="offline") as tracked:
        from wandb.integration.keras import WandbMetricsLogger

        run = train(recipe, callbacks=[WandbMetricsLogger()], verbose=0)
    found = values_of(records(tracked)["history"], "history", "item", "epoch/val_accuracy")
    assert found == pytest.approx(logged(run)["val_accuracy"], abs=1e-5)
