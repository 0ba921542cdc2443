"""The output of trainings, as terminals, notebooks and other tools leave it."""

import io
from contextlib import redirect_stdout

import keras
import numpy as np
import pytest

from kerasrecipes.diagnostics.reading.pasted_text import read_text

BAR = "\x1b[32m━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m"


def keras_3(step, steps, values):
    return f"\x1b[1m{step}/{steps}\x1b[0m {BAR} \x1b[1m5s\x1b[0m 3ms/step - {values}"


def test_of_redrawn_lines_the_last_counts():
    text = (
        "Epoch 1/3\n"
        + keras_3(1, 45, "accuracy: 0.09 - loss: 2.4")
        + "\x08" * 60
        + keras_3(20, 45, "accuracy: 0.15 - loss: 2.2")
        + "\r"
        + keras_3(45, 45, "accuracy: 0.2000 - loss: 2.1000 - val_accuracy: 0.4 - val_loss: 1.9")
        + "\nEpoch 2/3\n"
        + keras_3(45, 45, "accuracy: 0.6000 - loss: 1.2 - val_accuracy: 0.7 - val_loss: 1.0e+00")
    )
    series = read_text(text)
    assert series.epochs == {
        "accuracy": [0.2, 0.6],
        "loss": [2.1, 1.2],
        "val_accuracy": [0.4, 0.7],
        "val_loss": [1.9, 1.0],
    }
    assert series.planned_epochs == 3


def test_bars_follow_one_another_where_what_moved_the_cursor_is_lost():
    text = "Epoch 1/1\n" + "".join(f" {k}/3 [=>.] - ETA: 1s - loss: {3 - k}.5" for k in (1, 2, 3))
    assert read_text(text).epochs == {"loss": [0.5]}


def test_keras_2_with_decimal_commas_remarks_and_an_evaluation():
    text = """Train on 1437 samples, validate on 360 samples
Epoch 1/2
1437/1437 [==============================] - 1s 500us/sample - loss: 2,0000 - acc: 0,3000 - \
val_loss: 1,5000 - val_acc: 0,5000

Epoch 00001: val_loss improved from inf to 1.50000, saving model to best.h5
Epoch 2/2
1437/1437 [==============================] - 1s 500us/sample - loss: 1,0000 - acc: 0,7000 - \
val_loss: 0,9000 - val_acc: 0,8000
Epoch 00002: early stopping
360/360 [==============================] - 0s 30us/sample - loss: 5.0000 - acc: 0.1000
"""
    series = read_text(text)
    assert series.epochs == {
        "loss": [2.0, 1.0],
        "accuracy": [0.3, 0.7],
        "val_loss": [1.5, 0.9],
        "val_accuracy": [0.5, 0.8],
    }
    assert series.stopped_by == "EarlyStopping"


@pytest.mark.parametrize(
    ("broken_off", "loss"),
    [("13/45 ━━━ 0s 2ms/step - loss: 0.5", [0.9]), ("13/45 ━━━ 0s - loss: nan", [0.9, None])],
)
def test_an_epoch_that_is_broken_off_counts_only_if_its_loss_is_not_finite(broken_off, loss):
    text = f"Epoch 1/9\n45/45 ━━━ 1s 2ms/step - loss: 0.9\nEpoch 2/9\n{broken_off}"
    assert read_text(text).epochs["loss"] == loss


def test_the_only_epoch_counts_though_it_is_broken_off():
    assert read_text("Epoch 1/9\n 13/45 ━━━ 0s 2ms/step - loss: 0.5").epochs == {"loss": [0.5]}


def test_of_several_trainings_the_last_is_read_or_the_one_asked_for():
    first = "Epoch 1/2\n9/9 - 1s - loss: 0.9\nEpoch 2/2\n9/9 - 1s - loss: 0.8\n"
    second = "Epoch 1/2\n9/9 - 1s - loss: 0.5\nEpoch 2/2\n9/9 - 1s - loss: 0.4\n"
    assert read_text(first + second).epochs == {"loss": [0.5, 0.4]}
    assert read_text(first + second, fit=0).epochs == {"loss": [0.9, 0.8]}
    with pytest.raises(ValueError, match="one of 2 trainings"):
        read_text(first + second, fit=2)


def test_trainings_of_one_epoch_in_a_loop_are_one():
    assert read_text("Epoch 1/1\n9/9 - 1s - loss: 0.9\n" * 3).epochs == {"loss": [0.9] * 3}


def test_bars_without_their_headers():
    lines = [f"{k}/9 ━━━ 0s 1ms/step - loss: {loss}" for loss in (0.9, 0.8) for k in (3, 9)]
    assert read_text("\n".join(lines)).epochs == {"loss": [0.9, 0.8]}


@pytest.mark.parametrize(
    "line",
    [
        "Epoch {e}: 100%|██| 938/938 [00:10<00:00, 90.1it/s, v_num=0, train_loss={l}, val_loss=1.]",
        "[Epoch {e}/3] Train Loss: {l} | Val Loss: 1.0 | time: 3.2s",
        "INFO:root:epoch={e} step=938 train/loss={l} val/loss=1.0",
        "epoch {e} | training_loss = {l}, validation loss: 1,0",
    ],
)
def test_lines_of_other_tools(line):
    text = "\n".join(line.format(e=e, l=loss) for e, loss in ((1, 0.5), (2, 0.25)))
    epochs = read_text(text).epochs
    assert epochs["loss"] == [0.5, 0.25]
    assert epochs["val_loss"] == [1.0, 1.0]


def test_an_interrupt():
    text = "Epoch 1/9\n9/9 - 1s - loss: 0.9\nEpoch 2/9\nTraceback ...\nKeyboardInterrupt:"
    assert read_text(text).stopped_by == "interruption"


@pytest.mark.parametrize("text", ["", "hello\nworld", "Epoch 1/3\nno values", "\x00\xff\n" * 9])
def test_what_is_no_log_is_refused(text):
    with pytest.raises(ValueError, match="Epoch 3/10.* Received: "):
        read_text(text)


@pytest.mark.parametrize("verbose", [1, 2])
def test_it_reads_what_this_keras_prints(verbose):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"], run_eagerly=True)
    x, y = np.ones((8, 2)), np.array([0, 1] * 4)
    printed = io.StringIO()
    with redirect_stdout(printed):
        history = model.fit(x, y, 4, epochs=2, validation_data=(x, y), verbose=verbose).history
    epochs = read_text(printed.getvalue()).epochs
    assert epochs.keys() == history.keys()
    for name, values in epochs.items():
        np.testing.assert_allclose(values, history[name], atol=5e-5)
