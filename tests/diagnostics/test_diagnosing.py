"""Diagnoses of trainings that are over: from whatever they left, with whatever else is known."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasrecipes.diagnostics import Diagnosis, diagnose
from tests.diagnostics.rules.curves.curves_of import EPOCHS, decay
from tests.digits_run import digits_run

OVERFIT = {
    "loss": decay(1.5, 0.001).tolist(),
    "val_loss": (decay(1.5, 0.5, constant=2) + 0.05 * np.maximum(0, EPOCHS - 6)).tolist(),
}


def test_a_dictionary_a_file_and_a_text_have_the_same_diagnosis(tmp_path):
    diagnosis = diagnose(OVERFIT)
    assert isinstance(diagnosis, Diagnosis)
    assert diagnosis.ids[0] == "overfitting"
    table = tmp_path / "log.csv"
    rows = zip(EPOCHS, *OVERFIT.values(), strict=True)
    table.write_text("epoch,loss,val_loss\n" + "".join(f"{e},{a},{b}\n" for e, a, b in rows))
    assert diagnose(table) == diagnosis
    rows = zip(*OVERFIT.values(), strict=True)
    text = "".join(
        f"Epoch {i}/30\n9/9 - 0s - loss: {a} - val_loss: {b}\n" for i, (a, b) in enumerate(rows, 1)
    )
    assert diagnose(text) == diagnosis
    assert diagnose(text + "Epoch 1/2\n9/9 - 0s - loss: nan\n").ids == ("loss_not_finite",)
    assert diagnose(text + "Epoch 1/2\n9/9 - 0s - loss: nan\n", fit=0) == diagnosis


def test_kinds_can_be_left_out():
    diagnosis = diagnose(OVERFIT, ignore=["overfitting"])
    assert "overfitting" not in diagnosis.ids
    assert diagnosis.ignored == ("overfitting",)
    with pytest.raises(ValueError, match="kinds of findings"):
        diagnose(OVERFIT, ignore=["overfit"])


def test_facts_that_are_known():
    healthy = {"loss": decay(1.5, 0.2, constant=4), "val_loss": decay(1.6, 0.3, constant=4)}
    assert not diagnose(healthy)
    assert diagnose(healthy, validation_samples=12).ids == ("validation_too_small",)
    unfinished = {"loss": decay(2, 0.2, range(4), 4)}
    assert "too_few_epochs" in diagnose(unfinished).ids
    assert "too_few_epochs" not in diagnose(unfinished, stopped_by="EarlyStopping").ids
    share = np.full(30, 0.9)
    constant = {"loss": decay(1, 0.98), "accuracy": share}
    assert "majority_collapse" in diagnose(constant, class_counts=[90, 10]).ids
    assert "majority_collapse" not in diagnose(constant, class_counts=[50, 50]).ids


@pytest.mark.parametrize(
    ("facts", "error", "message"),
    [
        ({"samples": 0}, ValueError, "`samples`"),
        ({"batch_size": 3.5}, TypeError, "`batch_size`"),
        ({"epochs": -1}, ValueError, "`epochs`"),
        ({"validation_samples": -1}, ValueError, "`validation_samples`"),
        ({"learning_rate": 0}, ValueError, "`learning_rate`"),
        ({"class_counts": []}, ValueError, "`class_counts`"),
        ({"class_counts": [0, 0]}, ValueError, "`class_counts`"),
    ],
)
def test_facts_that_cannot_be(facts, error, message):
    with pytest.raises(error, match=message):
        diagnose(OVERFIT, **facts)


def test_a_run_and_a_history_of_keras():
    assert diagnose(digits_run()) == diagnose(digits_run().folder)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    x = np.full((4, 1), np.nan)
    assert diagnose(model.fit(x, x, epochs=2, verbose=0)).ids[0] == "loss_not_finite"


def test_a_table_needs_no_keras(tmp_path):
    table = tmp_path / "log.csv"
    table.write_text("epoch,loss\n0,0.5\n1,nan\n")
    code = (
        "import sys; from kerasrecipes.diagnostics import diagnose;"
        f"print(diagnose({str(table)!r}).ids, {{'keras', 'tensorflow'}} & {{*sys.modules}})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )
    assert done.stdout == "('loss_not_finite',) set()\n", done.stderr
