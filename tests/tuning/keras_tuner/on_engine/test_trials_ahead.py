"""Searches whose trials run several at a time, with trainings that are a formula."""

import json
import math

import keras_tuner
import pytest

from kerasrecipes import Recipe, use
from kerasrecipes.base.csv_table import read_rows
from kerasrecipes.training.files.run_folders import run_folder
from kerasrecipes.tuning import log_uniform, uniform
from kerasrecipes.tuning.constraints import constraint_of
from kerasrecipes.tuning.keras_tuner import recipe_tuner
from kerasrecipes.tuning.keras_tuner.on_engine import trials_ahead
from kerasrecipes.tuning.keras_tuner.recipe_tuner import RecipeTuner
from kerasrecipes.tuning.rungs import rungs_of
from kerasrecipes.tuning.space import Space
from kerasrecipes.tuning.tables import write_tables
from tests.runs.trainings.threads import ThreadEngine

pytestmark = pytest.mark.backend_neutral
RECIPE = Recipe(
    data="Digits", model="MLP", optimizer=use("SGD", learning_rate=0.1, momentum=0.9), epochs=2
)
SPACE = {
    "optimizer.learning_rate": log_uniform(1e-4, 1.0),
    "optimizer.momentum": uniform(0.0, 0.9),
}
RUNGS = "16x3,6x9,2x18"


def train(recipe, *, directory, name, verbose, callbacks):
    """Writes the epochs of a run that depend on its recipe alone, from where it was left."""
    folder = run_folder(directory, name, recipe.fingerprint, recipe.data.build("data").load().hash)
    folder.mkdir(parents=True, exist_ok=True)
    rate = recipe.optimizer.options["learning_rate"]
    if rate > 0.7:
        raise RuntimeError("It takes too much memory.")
    (folder / "recipe.json").write_text(json.dumps(recipe.to_dict()))
    path = folder / "history.csv"
    lines = path.read_text().splitlines() if path.exists() else ["epoch,val_accuracy,val_loss"]
    for callback in callbacks:
        callback.set_params({"epochs": recipe.epochs})
    for epoch in range(len(lines) - 1, recipe.epochs):
        quality = (
            1 - abs(math.log10(rate) + 2) / 4 - (recipe.optimizer.options["momentum"] - 0.6) ** 2
        )
        score = quality * (1 - math.exp(-(epoch + 1) / 4)) + 0.02 * math.sin(1e4 * rate + epoch)
        lines.append(f"{epoch + 1},{score!r},{1 - score!r}")
        path.write_text("\n".join(lines) + "\n")
        for callback in callbacks:
            callback.on_epoch_end(epoch, {"val_accuracy": score, "val_loss": 1 - score})
    (folder / "metrics.json").write_text("{}")


@pytest.fixture(autouse=True)
def _no_training(monkeypatch):
    monkeypatch.setattr(recipe_tuner, "train", train)


def _searched(folder, engine=None, on_event=None, rungs=RUNGS, model=False, **options):
    space = Space(RECIPE, SPACE)
    tuner = RecipeTuner(
        space,
        keras_tuner.Objective("val_accuracy", "max"),
        rungs_of(rungs),
        engine=engine,
        on_event=on_event,
        model=model,
        **options,
        directory=str(folder),
        project_name="search",
    )
    tuner.search(verbose=0)
    write_tables(folder / "search", tuner.chief_oracle, space)
    return [{**row, "seconds": None} for row in read_rows(folder / "search" / "trials.csv")]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe_tuner, "train", train)
        return _searched(tmp_path_factory.mktemp("alone"))


def test_one_worker_makes_the_table_of_one_process(tmp_path, alone):
    assert {row["status"] for row in alone} == {"completed", "stopped", "failed"}
    assert _searched(tmp_path, ThreadEngine(1)) == alone


def test_so_does_a_model_that_chooses_trials(tmp_path):
    options = {"rungs": "11x3,3x9", "model": True}
    one, other = (_searched(tmp_path / str(n), ThreadEngine(2, n), **options) for n in (0, 1))
    assert one == other


def test_so_many_workers_make_the_same_table_however_long_each_trial_takes(tmp_path, alone):
    engines = [ThreadEngine(4, seed) for seed in (0, 1)]
    first, second = (_searched(tmp_path / str(n), e) for n, e in enumerate(engines))
    assert first == second
    assert all(1 < engine.most_at_work <= 4 for engine in engines)
    # Points that are spread over the space do not depend on scores.
    spread = [[[row[path] for path in SPACE] for row in rows[:16]] for rows in (first, alone)]
    assert spread[0] == spread[1]
    for number, rung in enumerate(rungs_of(RUNGS), start=1):
        spent = sum(row["cost_epochs"] for row in first if row["rung"] == number)
        assert 0 < spent <= rung.budget_epochs


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe_tuner, "train", train)
        return _searched(tmp_path_factory.mktemp("whole"), ThreadEngine(2))


@pytest.mark.parametrize("moment", [1, 13, 20])
def test_a_search_that_is_stopped_goes_on_to_the_same_table(tmp_path, whole, moment):
    ended = []

    def stop(event, row):
        ended.extend([row] if event == "trial_end" else [])
        if len(ended) == moment:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _searched(tmp_path / "stopped", ThreadEngine(2, seed=3), stop)
    assert _searched(tmp_path / "stopped", ThreadEngine(2, seed=4)) == whole


def test_a_trial_whose_recipe_cannot_be_made_fails_alone(tmp_path, monkeypatch):
    recipe_of = RecipeTuner.recipe_of

    def failing(self, values):
        if values["optimizer.momentum"] > 0.5:
            raise ValueError("It does not fit.")
        return recipe_of(self, values)

    monkeypatch.setattr(RecipeTuner, "recipe_of", failing)
    alone, many = (_searched(tmp_path / str(e), e) for e in (None, ThreadEngine(1)))
    assert many == alone
    assert "ValueError: It does not fit." in {row["cause"] for row in many}


def test_a_trial_beyond_a_constraint_is_infeasible_there_too(tmp_path):
    options = {"constraints": [constraint_of("val_loss < 0.8")]}
    alone, many = (_searched(tmp_path / str(e), e, **options) for e in (None, ThreadEngine(1)))
    assert many == alone
    assert {row["status"] for row in many} > {"completed", "infeasible"}


def test_epochs_of_trials_that_run_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(trials_ahead, "POLL_SECONDS", 0.002)
    events = []
    _searched(
        tmp_path,
        ThreadEngine(2, delay_seconds=0.05),
        lambda event, row: events.append((event, row.get("trial"))),
        rungs="4x3",
    )
    assert [trial for event, trial in events if event == "trial_begin"] == [
        trial for event, trial in events if event == "trial_end"
    ]
    assert any(event == "epoch" for event, _ in events)
