import time

import numpy as np
import pytest

from kerasrecipes import Recipe, use
from kerasrecipes.proposals import cross_validate
from kerasrecipes.runs import sweep
from kerasrecipes.runs.trainings import one_training
from kerasrecipes.runs.trainings.many_trainings import _Waiting, train_all
from kerasrecipes.runs.trainings.one_training import Training
from kerasrecipes.runs.trainings.progress import TrainingsProgress
from tests.fake_train import FakeTrain
from tests.runs.trainings.threads import ThreadEngine

pytestmark = pytest.mark.backend_neutral
RECIPE = Recipe(data="Digits", model="MLP", optimizer=use("SGD"), epochs=3)
CHANGES = {"none": {}, "some": {"optimizer.momentum": 0.5}, "again": {"epochs": 3}}


@pytest.fixture
def train(monkeypatch):
    fake = FakeTrain()
    monkeypatch.setattr("kerasrecipes.runs.trainings.one_training.train", fake)
    return fake


def _swept(tmp_path, name, engine=None, seeds=range(4), **options):
    options = {"directory": tmp_path / name, "table": tmp_path / f"{name}.csv", **options}
    return sweep(RECIPE, CHANGES, seeds, engine=engine, verbose=0, **options)


def test_the_table_is_that_of_one_process_row_by_row(tmp_path, train):
    alone = _swept(tmp_path, "alone")
    engine = ThreadEngine(3)
    assert _swept(tmp_path, "many", engine) == alone
    assert engine.most_at_work == 3
    assert not engine.is_open
    assert (tmp_path / "many.csv").read_text() == (tmp_path / "alone.csv").read_text()
    # Two labels of the same recipe share their runs.
    assert len(train.trained) == 2 * 8


def test_an_error_ends_the_others_and_the_same_call_goes_on(tmp_path, train):
    train.fail_at = 3
    with ThreadEngine(2) as engine:
        with pytest.raises(RuntimeError, match="killed"):
            _swept(tmp_path, "many", engine)
        assert not engine.is_open
    there = len(train.trained)
    assert there < 8
    train.fail_at = None
    assert _swept(tmp_path, "many", ThreadEngine(2)) == _swept(tmp_path, "alone")
    assert len(train.trained) == 8 + 8


def test_what_is_about_to_be_trained_is_told_with_its_folder(tmp_path, train):
    told = []
    _swept(tmp_path, "many", ThreadEngine(2), on_start=lambda *each: told.append(each))
    assert [recipe.seed for recipe, _ in told] == [0, 1, 2, 3] * 2
    assert {folder for _, folder in told} == {*train.trained}


def test_trainings_are_taken_when_there_is_room(tmp_path, train):
    taken = []

    def trainings():
        for seed in range(5):
            taken.append(seed)
            yield Training(RECIPE.replace({"seed": seed}), tmp_path, "run")

    left = []
    for _ in train_all(trainings(), ThreadEngine(2), verbose=0):
        left.append(len(taken))
    assert left[0] == 2
    assert len(left) == 5


def test_of_those_with_the_same_start_the_first_begins_alone(tmp_path):
    first = RECIPE.replace({"epochs": 1})
    started = RECIPE.replace({"start": first})
    trainings = [
        Training(recipe.replace({"seed": seed}), tmp_path, "run")
        for seed, recipe in enumerate([started, RECIPE, started, started, RECIPE])
    ]
    waiting = _Waiting(trainings)
    assert [waiting.next() for _ in range(4)] == [trainings[0], trainings[1], trainings[4], None]
    waiting.end(trainings[1])
    assert waiting.next() is None
    waiting.end(trainings[0])
    assert [waiting.next() for _ in range(3)] == [trainings[2], trainings[3], None]


def test_a_folder_in_use_is_waited_for_and_then_named(tmp_path, train, monkeypatch):
    monkeypatch.setattr(one_training, "PATIENCE_SECONDS", 0.1)
    train.fail_at, train.error = 0, BlockingIOError("Another process is at work in it")
    began = time.monotonic()
    with pytest.raises(BlockingIOError, match="Another process is at work"):
        _swept(tmp_path, "many", ThreadEngine(2))
    assert time.monotonic() - began > 0.1


class OfFolds(FakeTrain):
    """Writes the fold of a run as its predictions."""

    def __call__(self, recipe, **options):
        run = super().__call__(recipe, **options)
        fold = recipe.data.options["fold"]
        predictions = {"labels": np.full(2, fold), "probabilities": np.full((2, 3), fold / 10)}
        arrays = {f"validation_{name}": each for name, each in predictions.items()}
        np.savez(run.folder / "predictions.npz", **arrays)
        return run


def test_folds_are_put_together_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr("kerasrecipes.runs.trainings.one_training.train", OfFolds())
    data = use("CrossValidation", data=use("Digits", examples_per_class=6), folds=4, fold=None)
    recipe, lines = RECIPE.replace({"data": data}), []
    found = cross_validate(
        recipe, directory=tmp_path, engine=ThreadEngine(3), say=lines.append, verbose=0
    )
    assert (found.trained, found.labels.tolist()) == (4, [0, 0, 1, 1, 2, 2, 3, 3])
    assert found.probabilities[:, 0].tolist() == [0, 0, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3]
    assert {line.split(":")[0] for line in lines} == {f"fold {k} of 4" for k in (1, 2, 3, 4)}
    # Those that are under way when the time is over are trained to their end.
    late = cross_validate(recipe, directory=tmp_path, engine=ThreadEngine(2), until=0, verbose=0)
    assert late.labels.tolist() == [0, 0]


def test_what_runs_is_shown(tmp_path, train, capsys):
    from rich.console import Console

    progress, training = TrainingsProgress(2), Training(RECIPE, tmp_path, "mine")
    data_hash = RECIPE.data.build("data").load().hash
    progress.begin(training, training.folder(data_hash))
    progress.live = True
    progress.look()
    console = Console(width=100, record=True)
    console.print(progress.table())
    assert "1 trainings run, 0 have ended" in capsys.readouterr().out
    run = training.run()
    progress.look()
    console.print(progress.table())
    assert "epoch 3/3  val_accuracy 0.9  loss 0.5" in console.export_text()
    capsys.readouterr()
    progress.end(training, run)
    assert "epoch 3/3  val_accuracy 0.9  loss 0.5  in " in capsys.readouterr().out
