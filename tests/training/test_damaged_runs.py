"""Runs whose files are cut or damaged, and runs that a full disk ended."""

import errno
import json
import os
import shutil

import numpy as np
import pytest

from kerasrecipes.base.damaged_files import DamagedFileError
from kerasrecipes.base.event_files import EventFile
from kerasrecipes.report import write_report
from kerasrecipes.training.diagnosing import record_of, write_diagnosis
from kerasrecipes.training.run import Run
from kerasrecipes.training.training import train
from tests.digits_run import RECIPE, digits_run

ATTRIBUTES = {
    "metrics.json": "metrics",
    "data.json": "data",
    "environment.json": "environment",
    "predictions.npz": "predictions",
    "examples.npz": "examples",
    "history.csv": "history",
    "findings.json": "diagnosis",
    "record.json": "record",
}


@pytest.fixture
def folder(tmp_path):
    """A copy of a finished run, which a test may damage."""
    folder = shutil.copytree(digits_run().folder, tmp_path / digits_run().name)
    write_diagnosis(folder, record_of(digits_run()))
    return folder


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def assert_same(run, other):
    assert run.metrics == other.metrics
    np.testing.assert_equal(dict(run.predictions), dict(other.predictions))


@pytest.mark.parametrize("damage", [cut, lambda path: os.truncate(path, 0)])
@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_damaged_file_is_named_with_the_way_out(folder, name, damage):
    damage(folder / name)
    with pytest.raises(DamagedFileError) as raised:
        getattr(Run(folder), ATTRIBUTES[name])
    assert str(raised.value).startswith(f"{folder / name} cannot be read: ")
    assert "Put back a copy of it, or " in str(raised.value)


@pytest.mark.parametrize(
    ("name", "arrays"),
    [
        ("predictions.npz", {"test_labels": np.zeros(3)}),
        ("predictions.npz", {"a_labels": np.zeros(3), "a_probabilities": np.zeros((2, 10))}),
        ("examples.npz", {"mistakes": np.zeros((2, 8, 8, 1))}),
    ],
)
def test_arrays_that_do_not_belong_together_are_damage(folder, name, arrays):
    np.savez(folder / name, **arrays)
    with pytest.raises(DamagedFileError, match=f"{name} cannot be read: "):
        getattr(Run(folder), ATTRIBUTES[name])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metrics.json", {}),
        ("metrics.json", {"epoch": 1, "validation": {}, "parameters": {"total": 1}}),
        ("data.json", {"hash": 5}),
        ("data.json", []),
        ("findings.json", {"findings": []}),
        ("findings.json", {"findings": [{}], "passed": [], "not_run": [], "ignored": []}),
        ("findings.json", {"findings": [], "passed": [], "not_run": ["x"], "ignored": []}),
        ("record.json", {"series": 5}),
        ("record.json", {"format": 99}),
    ],
)
def test_a_file_that_lacks_what_it_must_have_is_damaged(folder, name, value):
    (folder / name).write_text(json.dumps(value))
    with pytest.raises(DamagedFileError, match=f"{name} cannot be read: "):
        getattr(Run(folder), ATTRIBUTES[name])


def test_a_damaged_model_is_told_from_classes_that_are_missing(folder):
    content = bytearray((folder / "model.keras").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (folder / "model.keras").write_bytes(content)
    with pytest.raises(DamagedFileError, match="model.keras cannot be read: .*--overwrite"):
        Run(folder).load_model()


@pytest.mark.parametrize(
    ("change", "readable", "why"),
    [
        (lambda text: text[:-3], 1, "its last line is cut"),
        (lambda text: text[: text.rindex(",")], 1, "epoch 2: "),
        (lambda text: text.replace("\n1,", "\nx,"), 0, "epoch 1: "),
        (lambda text: text.replace("\n2,", "\n3,"), 1, "the epoch after 1 is 3.0"),
        (lambda text: text[: text.index("\n2,") + 1], 1, None),
    ],
)
def test_the_report_of_half_a_history_says_so(folder, change, readable, why):
    text = (folder / "history.csv").read_text()
    (folder / "history.csv").write_text(change(text))
    run = Run(folder)
    assert run.readable_history == digits_run().history[:readable]
    page = write_report(run).read_text()
    assert "Epochs are missing in the log." in page
    if why is None:
        assert run.history == digits_run().history[:1]
        assert "history.csv is not whole: its 1 epochs took " in run.history_remark
    else:
        assert f"history.csv cannot be read: {why}" in run.history_remark
        with pytest.raises(DamagedFileError, match=why):
            _ = run.history


def test_a_whole_history_has_no_remark(folder):
    assert Run(folder).history_remark == ""
    assert "Epochs are missing" not in write_report(Run(folder)).read_text()


def test_a_run_is_trained_again_without_its_damaged_scores(folder):
    cut(folder / "metrics.json")
    with pytest.raises(DamagedFileError, match=f"`kerasrecipes train {folder}` trains the run"):
        train(RECIPE, directory=folder.parent, verbose=0)
    (folder / "metrics.json").unlink()
    assert_same(train(RECIPE, directory=folder.parent, verbose=0), digits_run())


def test_an_unfinished_run_goes_on_without_its_damaged_description(tmp_path, monkeypatch):
    append = EventFile.append

    def full(file, summaries, step=0):
        if step == 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file.path))
        append(file, summaries, step)

    monkeypatch.setattr(EventFile, "append", full)
    with pytest.raises(OSError, match="No space left on device: .*tfevents"):
        train(RECIPE, directory=tmp_path, verbose=0)
    monkeypatch.undo()
    (folder,) = tmp_path.iterdir()
    assert len(Run(folder).history) == 1
    cut(folder / "data.json")
    with pytest.raises(DamagedFileError, match="goes on from the last checkpoint"):
        train(RECIPE, directory=tmp_path, verbose=0)
    (folder / "data.json").unlink()
    begun = []
    run = train(RECIPE, directory=tmp_path, verbose=0, callbacks=[_epochs_into(begun)])
    assert_same(run, digits_run())
    # The first epoch was saved although it could not be logged.
    assert begun == [1]


def _epochs_into(begun):
    import keras

    return keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))
