"""Histories from dictionaries, files and folders, and what is none."""

import json

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import TensorBoardScalars
from kerasrecipes.diagnostics.reading.sources import read
from tests.digits_run import digits_run

X, Y = np.linspace(0, 1, 8).reshape(8, 1), np.arange(8.0)


def fitted(*callbacks, epochs=2, **arguments):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"], run_eagerly=True)
    arguments = {"validation_data": (X, Y)} | arguments
    return model.fit(X, Y, epochs=epochs, callbacks=[*callbacks], verbose=0, **arguments)


def test_a_history_of_keras():
    history = fitted(keras.callbacks.EarlyStopping(patience=1, min_delta=1e9), epochs=9)
    record = read(history)
    assert record.series.epochs == history.history
    assert record.series.planned_epochs == 9
    assert record.series.stopped_by == "a callback"
    assert record.data.steps_per_epoch == 1


def test_a_validation_in_some_epochs_only():
    epochs = read(fitted(epochs=4, validation_freq=2)).series.epochs
    assert [value is None for value in epochs["val_loss"]] == [True, False, True, False]
    assert None not in epochs["loss"]


def test_columns_with_texts_nan_and_other_lengths():
    columns = {"loss": ["0,5", "nan", np.float32(2)], "acc": (0.5, 0.6), "lr": np.ones(3), "n": 3}
    assert read(columns).series.epochs == {
        "loss": [0.5, None, 2.0],
        "accuracy": [0.5, 0.6, None],
        "learning_rate": [1.0, 1.0, 1.0],
    }


def test_csv_of_keras(tmp_path):
    path = tmp_path / "log.csv"
    history = fitted(keras.callbacks.CSVLogger(path, separator=";"))
    epochs = read(path).series.epochs
    assert epochs.keys() == history.history.keys()
    np.testing.assert_allclose(epochs["val_loss"], history.history["val_loss"])


def test_csv_of_lightning(tmp_path):
    (tmp_path / "metrics.csv").write_text(
        "epoch,step,train_loss_epoch,train_loss_step,val_acc,val_loss\n"
        "0,49,,2.0,,\n0,99,,1.0,,\n0,99,,,0.5,1.2\n0,99,1.5,,,\n"
        "1,149,,0.5,,\n1,199,,,0.75,1.0\n1,199,0.75,,,\n"
    )
    assert read(tmp_path).series.epochs == {
        "loss": [1.5, 0.75],
        "val_accuracy": [0.5, 0.75],
        "val_loss": [1.2, 1.0],
    }


def test_csv_of_steps_is_averaged_by_epoch(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,step,train_loss,val_loss\n0,1,4,\n0,2,2,\n0,2,,5\n1,3,1,\n1,4,nan,\n")
    assert read(path).series.epochs == {"loss": [3.0, None], "val_loss": [5.0, None]}


def test_csv_with_decimal_commas_and_a_last_row_that_is_cut(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("﻿epoch;loss;val_loss\n0;0,5;0,75\n1;0,25;nan\n2;0,1", "utf-8")
    assert read(str(path)).series.epochs == {"loss": [0.5, 0.25], "val_loss": [0.75, None]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        ("epoch,loss\n", "no row below 'epoch', 'loss'"),
        ("a,b\n1,2\n", "the columns 'a', 'b'"),
        ("epoch,loss\n0,high\n", "a number for each epoch. Received: .*'high'"),
    ],
)
def test_tables_that_hold_no_history_are_refused(tmp_path, text, message):
    path = tmp_path / "log.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read(path)


@pytest.mark.tensorflow_only
def test_tensorboard_of_keras(tmp_path):
    history = fitted(keras.callbacks.TensorBoard(tmp_path, update_freq=1)).history
    epochs = read(tmp_path).series.epochs
    assert epochs.keys() == {*history, "learning_rate"}
    for name, values in history.items():
        np.testing.assert_allclose(epochs[name], values, rtol=1e-6)


def test_our_tensorboard(tmp_path):
    history = fitted(TensorBoardScalars(tmp_path)).history
    epochs = read(str(tmp_path)).series.epochs
    assert epochs.keys() == history.keys()
    np.testing.assert_allclose(epochs["val_mae"], history["val_mae"], rtol=1e-6)
    file = next((tmp_path / "train").iterdir())
    file.write_bytes(file.read_bytes()[:-3])  # It is being written.
    cut = read(tmp_path).series.epochs
    assert sum(None in values for values in cut.values()) == 1
    file.write_bytes(b"\3" + bytes(11) + b"abc" + bytes(4))
    with pytest.raises(ValueError, match="no event file"):
        read(tmp_path)


def test_a_run_and_its_folder():
    run = digits_run()
    record = read(run.folder)
    assert record == read(run)
    assert record.series.epochs["val_loss"] == [row["val_loss"] for row in run.history]
    assert record.series.planned_epochs == 2
    assert record.recipe == run.recipe.to_dict()
    assert (record.data.samples, record.data.batch_size) == (run.data["sizes"]["train"], 32)


def test_a_run_that_diverged_or_was_stopped(tmp_path):
    recipe = {"epochs": 9, "batch_size": 10, "callbacks": [{"use": "EarlyStopping"}]}
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    with pytest.raises(ValueError, match="after its first epoch"):
        read(tmp_path)
    (tmp_path / "history.csv").write_text("epoch,loss,seconds\n1,0.5,2.0\n2,0.4,2.0\n")
    (tmp_path / "data.json").write_text('{"sizes": {"train": 95}}')
    assert read(tmp_path).series.stopped_by == "interruption"
    (tmp_path / "metrics.json").write_text('{"epoch": 1}')
    assert read(tmp_path).series.stopped_by == "EarlyStopping"
    (tmp_path / "metrics.json").write_text('{"diverged": {"epoch": 3, "step": 4}}')
    series = read(tmp_path).series
    assert (series.stopped_by, series.bad_step) == ("divergence", 24)
    assert series.epochs == {"loss": [0.5, 0.4]}


def test_a_text_file_and_json(tmp_path):
    path = tmp_path / "train.log"
    path.write_text("Epoch 1/1\n9/9 - 1s - loss: 0.5\n")
    assert read(path).series.epochs == {"loss": [0.5]}
    path.write_text("nothing")
    with pytest.raises(ValueError, match="train.log: Expected the output"):
        read(path)
    path = tmp_path / "history.json"
    path.write_text('{"loss": [0.5, NaN]}')
    assert read(path).series.epochs == {"loss": [0.5, None]}


@pytest.mark.parametrize(
    ("history", "error", "message"),
    [
        (3, TypeError, "Received: 3"),
        (None, TypeError, "Received: None"),
        ({}, ValueError, "the names none"),
        ({"accuracy": [1.0]}, ValueError, "the names 'accuracy'"),
        ({"loss": []}, ValueError, "empty lists"),
        ({"loss": [0.5, "low"]}, ValueError, "'low'"),
        ("no/such/path", ValueError, "where there is nothing"),
    ],
)
def test_what_is_no_history_is_refused(history, error, message):
    with pytest.raises(error, match=message):
        read(history)


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "recipe.json").touch()
    with pytest.raises(ValueError, match="Runs in it: one. Received: "):
        read(tmp_path)
